"""Nothing personal stands anywhere but in the vault's ciphertext: not in a table, not in the database's files."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import msgspec
import sqlalchemy as sa
from structlog.typing import EventDict

from assistant.store.tables import events, rejected_events
from assistant.store.tables import vault as vault_table
from knowledge.vocabulary.events import Address, Contact
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, Facts, OrderFact, ServiceabilityFact
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import ADDRESS, CONTACT, PLANTED, House, event, life, submitted

LATER = NOW + timedelta(hours=1)


def facts() -> Facts:
    address = Address(**ADDRESS)
    return Facts(
        checkout_id="ck-1", at=LATER,
        checkout=CheckoutFact(id="ck-1", customer_id="cu-1", contact=Contact(**CONTACT), shipping_address=address),
        orders=[OrderFact(id="or-ck-1", shipping_address=address)],
        customer=CustomerFact(
            id="cu-1", name="欧阳小明", email=CONTACT["email"], phone=CONTACT["phone"], addresses=[address],
            orders=[{"id": "or-0", "status": "delivered", "recipient": "欧阳小明"}],
        ),
        serviceability=ServiceabilityFact(deliverable=True, normalised=address),
    )  # fmt: skip


def test_planted_strings_are_found_in_no_row_file_or_log(house: House, logs: list[EventDict]) -> None:
    house.receive(
        *life(),
        event("customer.replied", {"text": "我是欧阳小明, 13912345678", "choice": "翠苑路"}),
        event("order.held", {"order_id": "or-ck-1", "reason": "欧阳小明 asked"}),
        event("loyalty.earned", {"member": "xiaoming.ouyang@example.com"}),
        submitted() | {"specversion": "欧阳小明 13912345678"},
        submitted(total={"amount": "13912345678", "currency": "欧阳小明"}),
        submitted("ck-2", total={"amount": 1, "currency": "13912345678"}),
        at=LATER,
    )
    house.apply(facts(), LATER, confirms=True)
    assert house.count(rejected_events) == 3
    everything = house.everything()
    for planted in PLANTED:
        assert planted not in everything
        assert planted not in str(logs)
    files = house.store.engine.url.database if house.store.is_sqlite else None
    if files is not None:
        raw = b"".join(path.read_bytes() for path in Path(files).parent.glob(f"{Path(files).name}*"))
        assert b"checkout.submitted" in raw
        for planted in PLANTED:
            assert planted.encode() not in raw


def test_it_is_all_still_there_for_us(house: House) -> None:
    sent = life()
    house.receive(*sent, at=LATER)
    assert [e.data for e in house.events(unmask=True)] == [raw["data"] for raw in sent]


def test_the_fingerprint_of_a_body_can_not_be_guessed(house: House) -> None:
    """A plain hash of an event with a phone number gives the number away to whoever tries them all."""
    house.receive(submitted())
    other = House(house.store, house.vault)
    assert other.receive(submitted()).duplicates == 1, "the same for every process of the deployment"
    with house.store.read() as tx:
        stored = tx.execute(sa.select(events.c.body_hash)).scalar_one()
    body = msgspec.json.encode(submitted(), order="sorted")
    assert stored not in (hashlib.sha256(body).hexdigest(), hashlib.blake2b(body, digest_size=32).hexdigest())


def test_a_card_number_is_kept_nowhere(house: House) -> None:
    card = "4111 1111 1111 1111"
    raw = event("payment.failed", {"payment_id": "p", "failure_code": f"declined {card}"})
    with house.store.read() as tx:
        before = tx.execute(sa.select(sa.func.count()).select_from(vault_table)).scalar_one()
    for number in (card, card.replace(" ", ""), 4111111111111111, "４１１１１１１１１１１１１１１１"):
        receipt = house.receive(raw | {"data": raw["data"] | {"failure_code": number}})
        assert [r.code for r in receipt.rejected] == ["card_number"]
    assert house.count(events) == 0
    with house.store.read() as tx:
        rows = tx.execute(sa.select(rejected_events)).mappings().all()
        after = tx.execute(sa.select(sa.func.count()).select_from(vault_table)).scalar_one()
    assert [row["code"] for row in rows] == ["card_number"] * 4, "listed"
    assert [row["vault_ref"] for row in rows] == [None] * 4, "not kept"
    assert after == before
    assert "1111" not in house.everything()


def test_erasing_a_customer_leaves_their_orders_readable_and_them_not(house: House) -> None:
    house.receive(*life(), at=LATER)
    house.apply(facts(), LATER)
    before = house.snapshot()
    with house.store.begin() as tx:
        for ref in house.vault.refs_of_customer(tx, "cu-1"):
            house.vault.destroy(tx, ref)
    assert house.snapshot() == before
    with house.store.read() as tx:
        told = str(house.intake.facts_of(tx, "ck-1", unmask=True)) + str(house.events(unmask=True))
    for planted in PLANTED:
        assert planted not in told
