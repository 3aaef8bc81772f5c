"""What the customer is told when a paid order had not been made."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "order_made_good": {
        "zh-CN": "您好，您的付款（{reference}）我们已收到。由于系统故障，订单没有及时生成，现已补建，"
        "将正常为您处理。您无需再次付款或重新下单，给您带来不便，敬请谅解。",
        "en": "We have received your payment ({reference}). Because of a technical fault your "
        "order was not created at once; it has been created now and is being processed. Please do "
        "not pay or order again. We are sorry for the trouble.",
    },
}
