"""Asks the assistant (contract C) which checkouts, skus and stray payments have an owner; read by the judge
command, never by the shop."""

from dataclasses import dataclass, field

import httpx

ENDED = ("resolved", "closed")
WAITING = ("awaiting_customer", "awaiting_approval")


@dataclass
class Cases:
    """`owned`: a named owner has it, or it waits under a timer; `adrift`: neither, nor ended (invariant
    7)."""

    owned: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    adrift: dict[str, str] = field(default_factory=dict)


def ask_assistant(url: str, key: str | None) -> Cases:
    """Reads every case; raises httpx.HTTPError when the assistant doesn't answer."""
    found = Cases()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        cursor: str | None = None
        while True:
            response = client.get("/v1/cases", params={"limit": "100"} | ({"cursor": cursor} if cursor else {}))
            response.raise_for_status()
            page = response.json()
            for case in page["items"]:
                about = case["checkout_id"] or (case.get("subject") or {}).get("id")
                _sort(found, about, case["id"], case["status"], bool(case["owner"]))
            cursor = page["next"]
            if cursor is None:
                return found


def _sort(found: Cases, about: str | None, case_id: str, status: str, has_owner: bool) -> None:
    if status in ENDED:
        found.ended.add(about or case_id)
    elif has_owner or status in WAITING:
        found.owned.add(about or case_id)
    else:
        found.adrift[case_id] = status
