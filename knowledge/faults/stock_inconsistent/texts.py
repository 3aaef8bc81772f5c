"""Wording about a sku that two systems count differently, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "库存数据不一致",
        "en": "Stock figures disagree",
    },
    "what": {
        "zh-CN": "商品 {sku}：商城显示可售 {shop_listed} 件，库存系统可用 {available} 件，相差 {difference} 件。",
        "en": "{sku}: the shop shows {shop_listed} for sale, the inventory system has {available} available, "
        "a difference of {difference}.",
    },
    "cause.shop_shows_more": {
        "zh-CN": "商城显示的库存多于实际可用，可能超卖。",
        "en": "The shop shows more than there is: it may sell what cannot be delivered.",
    },
    "cause.shop_shows_less": {
        "zh-CN": "商城显示的库存少于实际可用，可能错失销售。",
        "en": "The shop shows less than there is: sales may be lost.",
    },
    "suggested": {
        "zh-CN": "以库存系统为准重新同步商城显示的库存。",
        "en": "Set the shop's figure to the inventory system's again.",
    },
}
