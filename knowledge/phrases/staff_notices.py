"""What staff are told, beyond the sentence of each notice: high-severity cases, incidents, e-mail and chat messages."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "high": {
        "en": "High severity: {fault}. {subject}{value}. {why}",
        "zh-CN": "高优先级：{fault}。{subject}{value}。{why}",
    },
    "worth": {"en": ", {amount}", "zh-CN": "，金额 {amount}"},
    "why_fault": {
        "en": "This kind of fault is always high: the assistant has begun, and handling has to start within a minute.",
        "zh-CN": "此类故障一律为高优先级：助手已开始处理，须在 1 分钟内着手。",
    },
    "why_value": {
        "en": "The order is worth {limit} or more, so any fault on it is high: handling has to start within a minute.",
        "zh-CN": "订单金额达到 {limit}，任何故障均为高优先级：须在 1 分钟内着手处理。",
    },
    "incident": {
        "en": "Incident: {fault} on product {sku}, again and again. The orders concerned wait until its cause is gone.",
        "zh-CN": "事件：商品 {sku} 反复出现“{fault}”。相关订单暂缓处理，等待有人消除原因。",
    },
    "order": {"en": "Order {id}", "zh-CN": "订单 {id}"},
    "checkout": {"en": "Checkout {id}", "zh-CN": "结算 {id}"},
    "payment": {"en": "Payment {id}", "zh-CN": "付款 {id}"},
    "conversation": {"en": "Conversation {id}", "zh-CN": "会话 {id}"},
    "sku": {"en": "Product {id}", "zh-CN": "商品 {id}"},
    "push_title": {"en": "Helloword: {kind}", "zh-CN": "Helloword 助手：{kind}"},
    "push_many": {"en": "Helloword: {count} new notices", "zh-CN": "Helloword 助手：{count} 条新通知"},
    "push_many_of_a_kind": {"en": "Helloword: {count} × {kind}", "zh-CN": "Helloword 助手：{kind} {count} 条"},
    "push_kinds": {"en": "{kind}: {count}", "zh-CN": "{kind}：{count} 条"},
    "push_more": {"en": "… and {count} more in the inbox", "zh-CN": "……另有 {count} 条，见收件箱"},
}
