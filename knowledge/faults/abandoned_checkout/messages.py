"""The one reminder a customer may get who left a checkout."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "reminder": {
        "zh-CN": "您在我们这里还有一个未完成的结账（{reference}）。如果您还需要这些商品，欢迎回来继续"
        "完成；如果不需要，无需任何操作，我们不会再次提醒。",
        "en": "You left a checkout with us unfinished ({reference}). If you still want the goods, "
        "you are welcome to come back and continue. If you have changed your mind, there is "
        "nothing to do, and we will not remind you again.",
    },
}
