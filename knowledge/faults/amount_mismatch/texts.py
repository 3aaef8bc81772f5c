"""Wording about amounts that disagree, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "金额不一致",
        "en": "Amounts disagree",
    },
    "what": {
        "zh-CN": "约定金额为 {agreed}，实际为 {found}，相差 {difference}。",
        "en": "{agreed} was agreed, {found} was found: a difference of {difference}.",
    },
    "cause.captured_too_much": {
        "zh-CN": "实收金额高于应付金额。",
        "en": "More was captured than was due.",
    },
    "cause.order_total_differs": {
        "zh-CN": "订单总额与提交时约定的总额不同。",
        "en": "The order's total differs from what was agreed at submit.",
    },
    "cause.other_currency": {
        "zh-CN": "收款币种与订单币种不同。",
        "en": "Money was captured in another currency than the order's.",
    },
    "suggested": {
        "zh-CN": "把订单总额改回约定金额，退还多收的差额；无法解释的由人工核对。",
        "en": "Bring the order back to the agreed total and refund what was taken too much; a person "
        "looks at what nothing explains.",
    },
}
