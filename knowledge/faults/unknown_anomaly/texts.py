"""Wording about what was never seen before, in Chinese and English."""

from __future__ import annotations

# What the novelty model's features are called.
_FEATURES: dict[str, tuple[str, str]] = {
    "kept_beyond": ("超出应付的留存款", "money kept beyond what is due"),
    "secured": ("授权与收款之和与应付之比", "money authorised and taken against what is due"),
    "moved": ("累计收款与应付之比", "money ever taken against what is due"),
    "asked": ("请款总额与应付之比", "payments asked for against what is due"),
    "refunded_live": ("订单仍有效却已退款", "refunded although an order goes ahead"),
    "refunded_beyond": ("退款超过收款", "refunded beyond what was taken"),
    "surcharge": ("附加费占比", "surcharges against what is due"),
    "capture_off": ("扣款与请款不符", "captured against what the payment asked"),
    "payments_taken": ("成功付款笔数", "payments that succeeded"),
    "payments_lost": ("失败付款笔数", "payments that failed"),
    "payments_open": ("未决付款笔数", "payments without an answer"),
    "payment_kinds": ("付款种类数", "different kinds and methods of payment"),
    "orders_live": ("有效订单数", "live orders"),
    "orders_cancelled": ("已取消订单数", "cancelled orders"),
    "order_total_off": ("订单总额与约定不符", "the orders' total against what was agreed"),
    "held_beyond": ("占用库存超出所需", "stock set aside beyond what is needed"),
    "held_elsewhere": ("占用了无关商品", "stock set aside of other goods"),
    "times_reserved": ("反复占用库存", "how often stock was set aside"),
    "sent_of_nothing": ("未占用库存却已发货", "sent although no stock is set aside"),
    "sent_though_over": ("已发货又被取消", "sent and cancelled"),
    "alive_after_end": ("结算已终止但订单仍有效", "an order lives although the checkout ended"),
    "parts_off": ("明细之和与总额不符", "the sum of the parts against the total"),
    "discount": ("折扣占比", "discount against the lines"),
    "extras": ("税费占比", "tax and fees against the lines"),
    "free_units": ("零价商品占比", "units that cost nothing"),
    "currencies": ("涉及币种数", "different currencies"),
    "submits": ("提交次数", "times submitted"),
    "corrections": ("修改次数", "changes to the checkout and its orders"),
    "exceptions": ("暂停、争议与配送异常", "holds, disputes and shipment exceptions"),
    "unknown_types": ("未知事件占比", "events of unknown types"),
    "contradictions": ("时间先后矛盾", "steps in an impossible order"),
    "noise": ("重复通知", "far more events than things to tell of"),
}

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "未知异常",
        "en": "Unknown anomaly",
    },
    "what": {
        "zh-CN": "该情况与以往见过的都不同，也不符合任何已知故障。",
        "en": "This looks like nothing seen before, and no known fault explains it.",
    },
    "cause.never_seen": {
        "zh-CN": "这些情况的组合与所有已知的组合都相去甚远。",
        "en": "What happened here, taken together, is far from every combination known.",
    },
    "because.never_seen": {
        "zh-CN": "异常程度 {score}（阈值 {threshold}），最突出的特征：{strongest}。",
        "en": "It scores {score} where {threshold} is the limit, most of all for: {strongest}.",
    },
    "cause.payment_without_checkout": {
        "zh-CN": "收到一笔付款，但找不到它所属的结算。",
        "en": "A payment came in that belongs to no checkout we know.",
    },
    "suggested": {
        "zh-CN": "转人工查看；系统不会自行处理。",
        "en": "A person looks at it; nothing is done automatically.",
    },
    **{f"feature.{name}": {"zh-CN": zh, "en": en} for name, (zh, en) in _FEATURES.items()},
}
