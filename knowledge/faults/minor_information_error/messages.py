"""What the customer is told about a corrected address, and asked where it can't be corrected."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "address_corrected": {
        "zh-CN": "我们更正了您的订单 {reference} 收货信息的书写（{fields}），内容没有改变。如有不符，"
        "请在订单页面更正。",
        "en": "We corrected how the address of your order {reference} is written ({fields}); it is the same address. "
        "If "
        "anything is not right, please correct it on your order page.",
    },
    "ask": {
        "zh-CN": "承运商提示，您的订单 {reference} 的收货信息可能有误，请核对：{fields}。您可以在订单页面更正。",
        "en": "The carrier says that something in the address of your order {reference} may be wrong. Please check: "
        "{fields}. "
        "You can correct it on your order page.",
    },
}
