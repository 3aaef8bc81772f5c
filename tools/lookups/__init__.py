"""What we can look up outside: READ verbs, one file each; none of them changes anything."""

from __future__ import annotations

from tools.lookups.coupon import coupon
from tools.lookups.customer_history import customer_history
from tools.lookups.order_status import read_facts
from tools.lookups.payment_link import payment_link
from tools.lookups.pickup_points import pickup_points
from tools.lookups.similar_products import similar_products
from tools.lookups.stock_level import stock_level

__all__ = [
    "coupon",
    "customer_history",
    "payment_link",
    "pickup_points",
    "read_facts",
    "similar_products",
    "stock_level",
]
