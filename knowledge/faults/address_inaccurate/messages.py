"""What the customer is told when the carrier's form of the address was adopted."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "address_clarified": {
        "zh-CN": "我们按承运商的标准写法整理了您的订单 {reference} 的收货信息（{fields}），地点没有改变。"
        "如有不符，请在订单页面更正。",
        "en": "The address of your order {reference} is now written as the carrier has it ({fields}); it is the same "
        "place. If "
        "anything is not right, please correct it on your order page.",
    },
}
