"""Scripted staff for the harvest: they approve, reject, take over, mend things in the shop by hand, and open again."""

from __future__ import annotations

import contextlib
import random
import uuid
from datetime import datetime
from typing import Any

import httpx

from assistant.evaluate.processes import House

REJECTED, GIVEN_BACK, REOPENED = 0.12, 0.25, 0.08  # shares of what could be
MEANT_SO = ("unusual_amount", "timeline_contradiction", "unknown_anomaly")  # a look shows that nothing is wrong
STAYS_THEIRS = ("payment_disputed",)  # the bank decides: the shop's state stays
_REASONS = {
    "reject": ("顾客刚来电，先由人工核实", "the customer has just called: a person looks into it first"),
    "reopen": ("顾客再次来电，说问题没有解决", "the customer called again: it is not solved"),
    "resolve": ("已人工核实处理", "looked into and settled by hand"),
}
_WITHOUT = (httpx.HTTPStatusError, httpx.TransportError)


class Staff:
    """Looks at the queue now and then. What it does about a case is drawn by the case's place in the story."""

    def __init__(self, house: House, seed: int) -> None:
        self._house, self._rng = house, random.Random(f"staff:{seed}")
        token = house.settings.shop_token.get_secret_value()
        headers = {"authorization": f"Bearer {token}"}
        self._shop = httpx.Client(base_url=house.shop_url, headers=headers, timeout=20, trust_env=False)
        self._seen: set[tuple[str, str, int]] = set()
        self._given_back: set[str] = set()

    def close(self) -> None:
        """Closes its connection to the shop."""
        self._shop.close()

    def look(self, *, reopen: bool = True) -> None:
        """One round: whatever waits for people now. `reopen`: whether ended cases may be opened again."""
        statuses = ["awaiting_approval", "handed_off", *(["resolved"] if reopen else [])]
        for case in self._cases(",".join(statuses)):
            mark = (case["id"], case["status"], case["episode"] * 1000 + case["plan_version"])
            if mark not in self._seen:
                with contextlib.suppress(*_WITHOUT):  # it changed meanwhile: the next round sees it
                    if self._handle(case):
                        self._seen.add(mark)

    def _handle(self, case: dict[str, Any]) -> bool:
        """Does what a person would; False when the case may come back as it is (it was given back)."""
        chance = self._rng.random()
        if case["status"] == "awaiting_approval":
            deed = "reject" if chance < REJECTED else "approve"
            body = {"plan_version": case["plan_version"]}
            self._say(case, deed, {**body, "reason": _words(case, "reject")} if deed == "reject" else body)
        elif case["status"] == "resolved":
            if chance < REOPENED and case["episode"] == 1:
                self._say(case, "reopen", {"reason": _words(case, "reopen")})
        elif chance < GIVEN_BACK and self._may_be_given_back(case):
            self._given_back.add(case["id"])
            self._say(case, "claim", {})
            self._say(case, "release", {})
            return False
        else:
            self._say(case, "claim", {})
            resolution = self._mend(case)
            self._say(case, "resolve", {"resolution": resolution, "note": _words(case, "resolve")})
        return True

    def _may_be_given_back(self, case: dict[str, Any]) -> bool:
        return (
            case["episode"] == 1 and case["id"] not in self._given_back
            and _fault(case) not in (*MEANT_SO, *STAYS_THEIRS)
        )  # fmt: skip

    def _mend(self, case: dict[str, Any]) -> str:
        """Puts right by hand what is wrong in the shop, as far as a person can; what the case then ends as."""
        fault = _fault(case)
        if fault in MEANT_SO:
            return "by_human"
        if case["checkout_id"] is None or fault in STAYS_THEIRS:
            return "by_human"
        if fault == "account_blocked" and case["customer_id"] and self._rng.random() < 0.5:
            self._house.ask_shop("PATCH", f"customers/{case['customer_id']}", json={"status": "active"})
            return "by_human"
        if fault in ("incomplete_information", "address_undeliverable") and self._rng.random() < 0.6:
            deed = {"deed": "correct_address", "checkout_id": case["checkout_id"]}
            self._house.ask_shop("POST", "customer", json=deed)
            return "by_human"
        return "cancelled_refunded" if self._unwind(case["checkout_id"]) else "by_human"

    def _unwind(self, checkout_id: str) -> bool:
        """Cancels, gives the money back, frees the stock; whether there was money to give back."""
        refunded = False
        for order in self._read("/orders", checkout_id):
            if order["status"] in ("created", "confirmed", "on_hold"):
                self._write(f"/orders/{order['id']}/cancel", {"reason": "customer_request"})
        for payment in self._read("/payments", checkout_id):
            taken, kept = payment["captured"] or {}, {"refunded": 0, "refund_pending": 0, "disputed": 0}
            kept = {name: (payment[name] or {}).get("amount", 0) for name in kept}
            if (left := taken.get("amount", 0) - sum(kept.values())) > 0:
                back = kept["refunded"] + kept["refund_pending"]
                money = {"amount": left, "currency": taken["currency"]}
                body = {"amount": money, "reason": "by hand", "expected_refunded": {**money, "amount": back}}
                self._write(f"/payments/{payment['id']}/refund", body)
                refunded = True
        for held in self._read("/reservations", checkout_id):
            if held["status"] == "held":
                self._write(f"/reservations/{held['id']}/release", {})
        return refunded

    def _cases(self, statuses: str) -> list[dict[str, Any]]:
        page = self._house.api.get("/v1/cases", params={"status": statuses, "limit": 200, "order": "newest"})
        items: list[dict[str, Any]] = page.raise_for_status().json()["items"]
        return sorted(items, key=lambda case: (datetime.fromisoformat(case["detected_at"]), case["id"]))

    def _say(self, case: dict[str, Any], deed: str, body: dict[str, Any]) -> None:
        self._house.api.post(f"/v1/cases/{case['id']}/{deed}", json=body).raise_for_status()

    def _read(self, path: str, checkout_id: str) -> list[dict[str, Any]]:
        answer = self._shop.get(path, params={"checkout_id": checkout_id}).raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def _write(self, path: str, body: dict[str, Any]) -> None:
        self._shop.post(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})


def _fault(case: dict[str, Any]) -> str:
    return str(case["faults"][0]["code"])


def _words(case: dict[str, Any], about: str) -> str:
    return _REASONS[about][0 if str(case["language"]).startswith("zh") else 1]
