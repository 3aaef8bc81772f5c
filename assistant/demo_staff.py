"""Who works in the demo: four people who between them speak both languages and are there around the clock."""

from __future__ import annotations

from typing import Any

import httpx

AROUND_THE_CLOCK = [{"days": [*range(7)], "start": "00:00", "end": "00:00"}]  # to midnight of the next day

MONEY = [
    "paid_order_missing", "duplicate_charge", "amount_mismatch", "partial_payment", "refund_missing",
    "unpaid_order_live", "payment_failed", "payment_failed_stock_held", "payment_unconfirmed", "coupon_misapplied",
    "price_mismatch", "payment_disputed", "account_blocked",
]  # fmt: skip
GOODS = [
    "paid_out_of_stock", "reservation_timeout", "stock_inconsistent", "incomplete_information",
    "address_undeliverable", "address_inaccurate", "minor_information_error", "fulfilment_stalled", "duplicate_order",
    "repeated_submission", "abandoned_checkout",
]  # fmt: skip
STAFF: tuple[dict[str, Any], ...] = (
    {"name": "林晓 Lin Xiao", "role": "agent", "languages": ["zh-CN"], "skills": MONEY + GOODS, "reads": "zh-CN",
     "time_zone": "Asia/Shanghai", "capacity": 12},
    {"name": "Emma Clarke", "role": "agent", "languages": ["en"], "skills": MONEY + GOODS, "reads": "en",
     "time_zone": "Europe/London", "capacity": 12},
    {"name": "陈敏 Chen Min", "role": "senior_agent", "languages": ["zh-CN", "en"], "skills": ["*"], "reads": "zh-CN",
     "time_zone": "Asia/Shanghai", "capacity": 20},
    {"name": "David Okafor", "role": "supervisor", "languages": ["en", "zh-CN"], "skills": ["*"], "reads": "en",
     "time_zone": "Europe/London", "capacity": 30},
)  # fmt: skip


def hire(assistant: httpx.Client) -> list[str]:
    """Registers them where nobody is registered yet (a kept `--home` knows them already); returns their names.

    They have no addresses: what they are told is in the page's inbox only. An assistant that does not answer has
    nobody, and the service team's queue takes the cases.
    """
    try:
        known = [one["name"] for one in assistant.get("/v1/staff").raise_for_status().json()]
        if known:
            return known
        for one in STAFF:
            assistant.post("/v1/staff", json={**one, "shifts": AROUND_THE_CLOCK}).raise_for_status()
    except httpx.HTTPError:
        return []
    return [str(one["name"]) for one in STAFF]
