"""A case that is opened again remembers what was wrong before."""

from __future__ import annotations

import pytest

from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.desk import Desk, finding


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault)


def test_reopening_keeps_the_earlier_faults_as_cleared(desk: Desk) -> None:
    case_id = desk.open(finding(FaultCode.PRICE_MISMATCH, "ev-1"))
    case = desk.case(case_id)
    with desk.store.begin() as tx:
        locked = desk.cases.lock(tx, case_id)
        desk.cases.resolve(tx, locked, Resolution.REPAIRED, utcnow(), [f["fingerprint"] for f in case["faults"]])
    with desk.store.begin() as tx:
        again = OrderSnapshot(checkout_id=str(case["checkout_id"]))
        desk.opening.on_findings(tx, again, [finding(FaultCode.DUPLICATE_CHARGE, "ev-2")], utcnow())
    case = desk.case(case_id)
    assert case["status"] == CaseStatus.OPEN
    assert case["fault_codes"] == ",duplicate_charge,price_mismatch,"
    assert [(f["code"], f["cleared_at"] is None) for f in case["faults"]] == [
        ("duplicate_charge", True), ("price_mismatch", False),
    ]  # fmt: skip
