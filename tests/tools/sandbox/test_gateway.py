"""Refund maths and payment links: never more out than in, whatever the order of calls."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tools.sandbox.config import Config
from tools.sandbox.crew import Crew
from tools.sandbox.harness import Running
from tools.sandbox.problem import Refusal
from tools.sandbox.traffic import Options

Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(["refund", "stale", "settle", "reject", "dispute"]), st.integers(1, 60_000)),
    max_size=25,
)


def refund(demo: Running, payment_id: str, amount: int, expected: int) -> tuple[int, str | None]:
    currency = demo.shop.get(f"/payments/{payment_id}").json()["amount"]["currency"]
    money = {"amount": amount, "currency": currency}
    expected_money = {"amount": expected, "currency": currency}
    body = {"amount": money, "reason": "test", "expected_refunded": expected_money}
    response = demo.write(f"/payments/{payment_id}/refund", body)
    return response.status_code, response.json().get("code") or response.json()["status"]


def test_a_refund_in_parts_and_not_a_cent_more(demo: Running) -> None:
    payment_id = demo.scenario("refund_missing", variant="order_cancelled")["payment_ids"][0]
    captured = demo.shop.get(f"/payments/{payment_id}").json()["captured"]["amount"]
    assert refund(demo, payment_id, 100, 0) == (201, "succeeded")
    assert refund(demo, payment_id, 100, 0) == (409, "refunded_changed")
    assert refund(demo, payment_id, captured - 99, 100) == (409, "exceeds_captured")
    assert refund(demo, payment_id, captured - 100, 100) == (201, "succeeded")
    refunds = demo.shop.get(f"/payments/{payment_id}/refunds").json()
    assert sum(one["amount"]["amount"] for one in refunds) == captured


def test_a_pending_refund_counts_and_settles_later(demo: Running) -> None:
    demo.chaos({"path": "/payments/*/refund", "effect": "refund_pending"}, refund_settles_after=0.2)
    payment_id = demo.scenario("refund_missing")["payment_ids"][0]
    assert refund(demo, payment_id, 100, 0) == (201, "pending")
    assert demo.shop.get(f"/payments/{payment_id}").json()["refund_pending"]["amount"] == 100
    demo.wait_until(lambda: demo.shop.get(f"/payments/{payment_id}").json()["refunded"]["amount"] == 100)


def test_a_failed_refund_gives_the_amount_back(demo: Running) -> None:
    demo.chaos({"path": "/payments/*/refund", "effect": "refund_fails"})
    payment_id = demo.scenario("refund_missing")["payment_ids"][0]
    assert refund(demo, payment_id, 100, 0) == (201, "failed")
    assert refund(demo, payment_id, 100, 0) == (201, "succeeded")


def test_an_uncaptured_payment_has_nothing_to_refund(demo: Running) -> None:
    payment_id = demo.scenario("payment_failed_stock_held")["payment_ids"][0]
    assert refund(demo, payment_id, 1, 0) == (409, "exceeds_captured")


def test_a_link_is_good_for_one_payment(demo: Running) -> None:
    ids = demo.scenario("partial_payment", variant="never_asked", customer="silent")
    total = demo.shop.get(f"/checkouts/{ids['checkout_id']}").json()["total"]
    link = demo.write("/payment-links", {"checkout_id": ids["checkout_id"], "amount": total}).json()
    demo.customer("pay_link", link_id=link["id"])
    again = demo.admin.post("/_sandbox/customer", json={"deed": "pay_link", "link_id": link["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "already_paid")
    paid = demo.shop.get(f"/payment-links/{link['id']}").json()
    assert paid["status"] == "paid"
    assert demo.shop.get(f"/payments/{paid['payment_id']}").json()["status"] == "captured"
    assert demo.write(f"/payment-links/{link['id']}/cancel").json()["code"] == "already_paid"


def test_capture_needs_an_authorisation_and_stays_within_it(demo: Running) -> None:
    payment_id = demo.scenario("paid_order_missing", variant="authorized")["payment_ids"][0]
    amount = demo.shop.get(f"/payments/{payment_id}").json()["amount"]
    more = {**amount, "amount": amount["amount"] + 1}
    assert demo.write(f"/payments/{payment_id}/capture", {"amount": more}).json()["code"] == "exceeds_authorized"
    assert demo.write(f"/payments/{payment_id}/capture", {"amount": amount}).json()["status"] == "captured"
    assert demo.write(f"/payments/{payment_id}/cancel").json()["code"] == "already_captured"


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_no_more_goes_out_than_came_in(steps: list[Step]) -> None:
    crew = Crew(Config(seed=1))
    story = crew.traffic.scenario("refund_missing", None, Options(variant="order_cancelled"))
    payment = crew.books.payments.of(story.checkout_id)[0]
    for deed, amount in steps:
        pending = [one.id for one in crew.books.refunds.of(payment.id) if one.status == "pending"]
        expected = payment.refunded + payment.refund_pending + (1 if deed == "stale" else 0)
        try:
            if deed in ("refund", "stale"):
                crew.shop.gateway.refund(payment.id, amount, payment.currency, "x", expected)
                assert deed == "refund"
            elif deed == "dispute":
                crew.shop.gateway.dispute(payment.id, amount)
            elif pending:
                crew.shop.gateway.settle(pending[0], deed == "settle")
        except Refusal as refusal:
            assert refusal.code in ("refunded_changed", "exceeds_captured")
        assert 0 <= payment.refunded + payment.refund_pending + payment.disputed <= payment.captured
        succeeded = sum(one.amount for one in crew.books.refunds.of(payment.id) if one.status == "succeeded")
        assert payment.refunded == succeeded
