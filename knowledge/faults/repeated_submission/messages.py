"""What a customer is offered whose payments don't get through."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "payment_help": {
        "zh-CN": "我们注意到您多次提交 {reference} 但付款没有完成，没有向您扣款。您可以通过以下链接直接付款：{link} "
        "，无需再次提交；如不需要，请忽略或选择“不用了”。",
        "en": "We noticed that you submitted {reference} several times and no payment got through. You "
        "were not charged. You can pay here directly, without submitting again: {link} . If you do not "
        "need it, choose “No, thanks” or ignore this message.",
    },
}
