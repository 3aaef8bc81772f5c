"""What every action sends: contract B's path and body, equal bytes for equal arguments, nothing unsound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.vocabulary.errors import InputError
from tests.tools.actions.examples import ADDRESS, AT, CNY, EXAMPLES, MESSAGE, ORDER, ZERO
from tools.actions import ACTIONS
from tools.connectors.ports import SYSTEMS


def test_every_action_has_an_example() -> None:
    assert set(EXAMPLES) == set(ACTIONS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_call_is_the_contracts(name: str) -> None:
    arguments, path, body, if_match = EXAMPLES[name]
    draft = ACTIONS[name].request(arguments)
    assert (draft.method, draft.path, draft.if_match) == ("POST", path, if_match)
    assert json.loads(draft.body) == body
    assert ACTIONS[name].name == name
    assert ACTIONS[name].system in SYSTEMS


def turned(value: Any) -> Any:
    """The same JSON with every object's members in reverse order."""
    if isinstance(value, dict):
        return {key: turned(one) for key, one in reversed(value.items())}
    return [turned(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", EXAMPLES)
def test_equal_arguments_give_equal_bytes(name: str) -> None:
    arguments = EXAMPLES[name][0]
    action = ACTIONS[name]
    assert action.request(turned(arguments)) == action.request(arguments)
    assert action.request(json.loads(json.dumps(arguments))) == action.request(arguments)


def test_the_bytes_are_the_same_in_every_release() -> None:
    """A stored request is sent again by whichever release runs then; its key is bound to these bytes."""
    assert (
        ACTIONS["refund_payment"].request(REFUND).body
        == (
            '{"amount":{"amount":1999,"currency":"CNY"},'
            '"expected_refunded":{"amount":0,"currency":"CNY"},"reason":"缺货"}'
        ).encode()
    )


def test_one_moment_in_two_spellings_gives_equal_bytes() -> None:
    line = {"order_id": "o", "line_id": "L1"}
    one, other = (
        ACTIONS["backorder_line"].request({**line, "expected_at": at}) for at in (AT, AT.replace("Z", "+00:00"))
    )
    assert one.body == other.body


def test_a_lone_surrogate_is_refused_with_the_actions_name() -> None:
    for arguments in ({"order_id": "o", "text": "\ud800"}, {"order_id": "\ud800", "text": "hi"}):
        with pytest.raises(InputError, match="add_note"):
            ACTIONS["add_note"].request(arguments)


@given(
    st.text(min_size=1, max_size=20),
    st.integers(min_value=1, max_value=10**12),
    st.text(alphabet="ABCXYZ", min_size=3, max_size=3),
)
def test_any_refund_survives_the_way_to_bytes(payment_id: str, amount: int, currency: str) -> None:
    money = {"amount": amount, "currency": currency}
    arguments = {
        "payment_id": f"p{payment_id}",
        "amount": money,
        "reason": payment_id,
        "expected_refunded": {"amount": 0, "currency": currency},
    }
    draft = ACTIONS["refund_payment"].request(arguments)
    assert json.loads(draft.body)["amount"] == money
    assert draft.path.startswith("/payments/p")
    assert draft.path.count("/") == 3
    assert draft.path.isascii()


def test_text_goes_out_as_it_is() -> None:
    draft = ACTIONS["add_note"].request({"order_id": "o", "text": "客户：好的 👍"})
    assert "客户：好的 👍".encode() in draft.body


def test_what_is_not_given_is_not_sent() -> None:
    contact = {"contact": {"email": "a@example.com"}}
    draft = ACTIONS["send_message"].request(
        {**contact, "channel": "email", "language": "en", "text": "hi", "dedupe_key": "k"}
    )
    body = json.loads(draft.body)
    assert body == {**contact, "channel": "email", "language": "en", "text": "hi", "dedupe_key": "k"}


def without(arguments: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key != name}


REFUND = EXAMPLES["refund_payment"][0]
CANCEL_LINES = EXAMPLES["cancel_lines"][0]
REPRICE = EXAMPLES["reprice_order"][0]
COUPON = EXAMPLES["issue_coupon"][0]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("refund_payment", without(REFUND, "amount")),
        ("refund_payment", without(REFUND, "expected_refunded")),
        ("refund_payment", {**REFUND, "amount": ZERO}),
        ("refund_payment", {**REFUND, "amount": {"amount": -1, "currency": "CNY"}}),
        ("refund_payment", {**REFUND, "amount": {"amount": 19.99, "currency": "CNY"}}),
        ("refund_payment", {**REFUND, "amount": 1999}),
        ("refund_payment", {**REFUND, "expected_refunded": {"amount": 0, "currency": "USD"}}),
        ("refund_payment", {**REFUND, "amont": CNY}),
        ("refund_payment", {**REFUND, "reason": ""}),
        ("capture_payment", {"payment_id": "p", "amount": ZERO}),
        ("create_payment_link", {"checkout_id": "c", "amount": ZERO}),
        ("cancel_lines", without(CANCEL_LINES, "expect")),
        ("cancel_lines", {**CANCEL_LINES, "expect": {"L2": 0}}),
        ("cancel_lines", {**CANCEL_LINES, "lines": []}),
        ("cancel_lines", {**CANCEL_LINES, "lines": [{"line_id": "L1", "quantity": 0}]}),
        ("cancel_lines", {**CANCEL_LINES, "lines": CANCEL_LINES["lines"] * 2}),
        ("reprice_order", {**REPRICE, "lines": [], "discount": None}),
        ("reprice_order", {**REPRICE, "lines": REPRICE["lines"] * 2}),
        ("reprice_order", {**REPRICE, "discount": {"amount": -1, "currency": "CNY"}}),
        ("set_order_address", {**ORDER, "address": {}}),
        ("set_order_address", {**ORDER, "address": {"ref": "vault:1"}}),
        ("backorder_line", {**ORDER, "line_id": "L1", "expected_at": "2026-03-09T08:00:00"}),
        ("issue_coupon", without(COUPON, "percent")),
        ("issue_coupon", {**COUPON, "amount": CNY}),
        ("issue_coupon", {**COUPON, "percent": 101}),
        ("send_message", without(MESSAGE, "customer_id")),
        ("send_message", without(MESSAGE, "dedupe_key")),
        ("send_message", {**MESSAGE, "channel": "pigeon"}),
        ("send_message", {**MESSAGE, "choices": [MESSAGE["choices"][0]] * 2}),
        ("reserve_stock", {"checkout_id": "c", "lines": [{"sku": "A", "quantity": 1}] * 2}),
    ],
)  # fmt: skip
def test_unsound_arguments_never_become_a_request(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        ACTIONS[name].request(arguments)
    assert caught.value.code == "invalid_arguments"
    assert caught.value.field == name


@pytest.mark.parametrize("bad", ["", ".", "..", " "])
def test_an_id_that_is_none_never_becomes_a_path(bad: str) -> None:
    with pytest.raises(InputError):
        ACTIONS["cancel_payment"].request({"payment_id": bad})


def test_what_is_kept_of_an_answer_holds_nothing_personal() -> None:
    answer = {"id": "o-1", "status": "created", "version": 4, "total": CNY, "shipping_address": ADDRESS}
    assert ACTIONS["create_order"].result(answer) == {
        "id": "o-1", "status": "created", "version": 4, "total": CNY,
    }  # fmt: skip


def test_of_reserved_stock_every_reservation_is_kept() -> None:
    answer = [{"id": "r-1", "sku": "A", "quantity": 2, "status": "held", "shelf": 7}, {"id": "r-2"}]
    assert ACTIONS["reserve_stock"].result(answer) == {
        "items": [{"id": "r-1", "sku": "A", "quantity": 2, "status": "held"}, {"id": "r-2"}]
    }


@pytest.mark.parametrize("answer", [None, 7, "ok", [1]])
def test_an_answer_of_another_shape_keeps_nothing(answer: Any) -> None:
    assert ACTIONS["create_order"].result(answer) in ({}, {"items": []})
