"""What the customer is asked and told when the address lacks something."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "ask": {
        "zh-CN": "为了把您的订单 {reference} 顺利送达，我们还需要您补充：{fields}。请在订单页面更正收货信息，"
        "更正后我们会立即继续处理。",
        "en": "To deliver your order {reference} we still need: {fields}. Please add it to the address on "
        "your order page; we will carry on at once.",
    },
    "ask_or_use": {
        "zh-CN": "为了把您的订单 {reference} 顺利送达，我们还需要：{fields}。您可以选择使用账户中保存的"
        "{place}的地址，或在订单页面更正收货信息。",
        "en": "To deliver your order {reference} we still need: {fields}. You can choose the address "
        "in {place} saved in your account, or correct the address on your order page.",
    },
    "address_completed": {
        "zh-CN": "您的订单 {reference} 的收货信息已补全，将按补全后的地址送达。如有不符，请尽快在订单页面更正。",
        "en": "The address of your order {reference} is complete now and will be used for delivery. If it is "
        "not right, please correct it on your order page as soon as you can.",
    },
}
