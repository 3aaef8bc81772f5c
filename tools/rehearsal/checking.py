"""Whether what a person made of a plan still stands: checked like a new plan, field by field, on a read-back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from knowledge.faults.figures import available, kept, minor
from knowledge.faults.planning import versioned
from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep
from tools.actions import ACTIONS
from tools.rehearsal.preview import Results, in_words, perform, preview, resolved
from tools.rehearsal.world import World, lines_of, world_of

EDITABLE: dict[str, frozenset[str]] = {
    "refund_payment": frozenset({"amount"}),
    "create_payment_link": frozenset({"amount"}),
    "issue_coupon": frozenset({"amount", "percent", "expires_at"}),
    "reserve_stock": frozenset({"lines"}),
    "cancel_lines": frozenset({"lines"}),
    "reprice_order": frozenset({"lines", "discount"}),
    "reprice_checkout": frozenset({"lines", "discount"}),
    "substitute_line": frozenset({"unit_price"}),
    "backorder_line": frozenset({"expected_at"}),
}
"""What a person may change in a step. Everything else says what it is about, what was read, or what was agreed."""

# A step rests on earlier ones: without them it would do something else than was planned.
RESTS_ON: dict[str, frozenset[str]] = {
    "confirm_order": frozenset({"create_order", "reserve_stock"}),
    "create_order": frozenset({"reserve_stock"}),
    "substitute_line": frozenset({"reserve_stock"}),
    "refund_payment": frozenset(
        {"cancel_order", "cancel_lines", "expire_checkout", "reprice_order", "reprice_checkout", "substitute_line"}
    ),
    "release_reservation": frozenset({"cancel_order", "expire_checkout", "cancel_lines"}),
    "create_payment_link": frozenset({"reprice_order", "reprice_checkout"}),
}
_CUTS = ("reprice_order", "reprice_checkout")


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants of one step: that it goes, or other arguments (those named replace the planned ones)."""

    id: str
    remove: bool = False
    arguments: dict[str, Any] | None = None


def too_deep(steps: Sequence[PlanStep], facts: Facts, share: float) -> bool:
    """Whether a price cut of these steps takes more than `share` off a whole total or off any one line's price."""
    world = world_of(facts)
    for step in steps:
        after = perform(world, step, facts, {})
        if step.action in _CUTS:
            old, new = world.get(step.target, {}), after.get(step.target, {})
            pairs = [(old.get("total"), new.get("total"))]
            pairs += [(price, lines_of(new)[line][2]) for line, (_, _, price) in lines_of(old).items()]
            if any(was and now and was.amount - now.amount > share * was.amount for was, now in pairs):
                return True
        world = after
    return False


def edited(
    planned: Sequence[tuple[str, PlanStep]], edits: Sequence[Edit], facts: Facts, *, results: Results | None = None
) -> list[PlanStep]:
    """The steps as a person wants them. `planned` are `(id, step)` in order, `facts` what is true now.

    Raises:
        InputError: `invalid_edit` names the field (`edits.steps.0.arguments.amount`).
    """
    by_id = _by_id(planned, edits)
    steps: list[PlanStep] = []
    touched: set[str] = set()
    world = world_of(facts)
    for step_id, step in planned:
        place, edit = by_id.get(step_id, (-1, None))
        if edit is not None and edit.remove:
            touched.add(step.action)
            continue
        _still_rests(step, touched, place)
        wanted = _as_it_stands(step, world)
        if edit is not None:
            field = f"edits.steps.{place}.arguments"
            wanted = _changed(wanted, edit.arguments or {}, world, facts, field, results or {})
            touched.add("changed")
        world = perform(world, wanted, facts, results or {})
        steps.append(wanted)
    if not steps:
        raise _wrong("edits.steps", "nothing would be left of the plan; reject it instead")
    return versioned(steps, facts)


# -- parts ----------------------------------------------------------------------------------------------------------


def _as_it_stands(step: PlanStep, world: World) -> PlanStep:
    """The step without its guards of an earlier read-back; what earlier refunds give back is what it expects."""
    arguments = {name: value for name, value in step.arguments.items() if name != "version"}
    given_back = world.get(step.target, {}).get("refunded")
    if step.action == "refund_payment" and given_back is not None:
        arguments["expected_refunded"] = given_back.json()
    return msgspec.structs.replace(step, arguments=arguments)


def _by_id(planned: Sequence[tuple[str, PlanStep]], edits: Sequence[Edit]) -> dict[str, tuple[int, Edit]]:
    known, found = {step_id for step_id, _ in planned}, dict[str, tuple[int, Edit]]()
    for place, edit in enumerate(edits):
        field = f"edits.steps.{place}"
        if edit.id not in known:
            raise _wrong(f"{field}.id", f"{edit.id} is no step of this plan")
        if edit.id in found:
            raise _wrong(f"{field}.id", f"{edit.id} is named twice")
        if edit.remove == (edit.arguments is not None):
            raise _wrong(field, "say either remove or arguments")
        found[edit.id] = (place, edit)
    return found


def _still_rests(step: PlanStep, touched: set[str], place: int) -> None:
    """Raises when a step that stays rests on one that goes, or tells the customer of what is not done as planned."""
    field = f"edits.steps.{place}" if place >= 0 else "edits.steps"
    missing = RESTS_ON.get(step.action, frozenset()) & touched
    missing |= {
        value["from"] for value in step.arguments.values()
        if isinstance(value, dict) and set(value) == {"from", "field"} and value["from"] in touched
    }  # fmt: skip
    if missing:
        raise _wrong(field, f"{step.action} rests on {', '.join(sorted(missing))}: take it out as well")
    if step.action == "send_message" and touched:
        raise _wrong(field, "the message tells of what the edit changes: take it out and tell the customer yourself")


def _changed(
    step: PlanStep, wanted: Mapping[str, Any], world: World, facts: Facts, field: str, results: Results
) -> PlanStep:
    """The step with other arguments: of the action's shape, within what was planned, and in words of its own."""
    for name in wanted:
        if name not in EDITABLE.get(step.action, frozenset()):
            raise _wrong(f"{field}.{name}", f"can't be changed in {step.action}")
    arguments = {**step.arguments, **wanted}
    if step.action == "cancel_lines":
        arguments["expect"] = _remaining(arguments, world, step, field)
    try:
        ACTIONS[step.action].check(resolved(arguments, results))
    except InputError as error:
        raise _wrong(f"{field}.{next(iter(wanted), '')}".rstrip("."), error.detail) from error
    new = msgspec.structs.replace(step, arguments=arguments)
    _within(step, new, world, facts, field, results)
    changes = preview([new], facts, results=results)
    return msgspec.structs.replace(new, effect=in_words(changes), goodwill=_goodwill(step, new, world, facts, results))


def _within(step: PlanStep, new: PlanStep, world: World, facts: Facts, field: str, results: Results) -> None:
    """Money only within what is kept, prices only down, quantities only within what was planned and is there."""
    was, now = step.arguments, new.arguments
    if step.action == "refund_payment":
        payment = next((p for p in facts.payments or [] if p.id == now["payment_id"]), None)
        given = _amount(now["amount"], _currency(was["amount"]), f"{field}.amount")
        left = (kept(payment) if payment else 0) - _gone_before(world, facts, now["payment_id"])
        if given > left:
            raise _wrong(f"{field}.amount", f"only {max(0, left)} minor units of {now['payment_id']} are kept")
    elif step.action == "create_payment_link":
        if _amount(now["amount"], _currency(was["amount"]), f"{field}.amount") > was["amount"]["amount"]:
            raise _wrong(f"{field}.amount", "the customer would be asked for more than is missing")
    elif step.action == "issue_coupon":
        _coupon_within(was, now, field)
    elif step.action == "reserve_stock":
        _quantities_within(was, now, "sku", field)
        for row in now["lines"]:
            if row["quantity"] > available(facts, row["sku"]):
                raise _wrong(f"{field}.lines", f"only {available(facts, row['sku'])} of {row['sku']} are available")
    elif step.action == "cancel_lines":
        _quantities_within(was, now, "line_id", field)
    elif step.action in (*_CUTS, "substitute_line"):
        _price_within(step, new, world, facts, field, results)


def _coupon_within(was: Mapping[str, Any], now: Mapping[str, Any], field: str) -> None:
    if (now.get("percent") or 0) > (was.get("percent") or 0):
        raise _wrong(f"{field}.percent", "the coupon may not be worth more than planned")
    if now.get("amount"):
        planned = was.get("amount") or {"amount": 0, "currency": now["amount"]["currency"]}
        if _amount(now["amount"], planned["currency"], f"{field}.amount") > planned["amount"]:
            raise _wrong(f"{field}.amount", "the coupon may not be worth more than planned")


def _quantities_within(was: Mapping[str, Any], now: Mapping[str, Any], key: str, field: str) -> None:
    planned = {row[key]: row["quantity"] for row in was["lines"]}
    for row in now["lines"]:
        if row["quantity"] > planned.get(row[key], 0):
            raise _wrong(f"{field}.lines", f"{row[key]}: at most {planned.get(row[key], 0)}, as planned")


def _price_within(step: PlanStep, new: PlanStep, world: World, facts: Facts, field: str, results: Results) -> None:
    """No price above the agreed one, and no total above the present one."""
    name = "unit_price" if step.action == "substitute_line" else "lines"
    before = world.get(step.target, {})
    after = perform(world, new, facts, results).get(step.target, {})
    lines = lines_of(before)
    rows = [new.arguments] if step.action == "substitute_line" else new.arguments["lines"]
    for row in rows:
        if row["line_id"] not in lines:
            raise _wrong(f"{field}.{name}", f"{row['line_id']} is no line of {step.target}")
        agreed = lines[row["line_id"]][2]
        if _amount(row["unit_price"], agreed.currency, f"{field}.{name}") > agreed.amount:
            raise _wrong(f"{field}.{name}", f"{row['line_id']} would cost more than agreed")
    total, was = after.get("total"), before.get("total")
    if total is not None and was is not None and total.amount > was.amount:
        raise _wrong(f"{field}.{name}", "the customer would pay more in total")


def _remaining(arguments: Mapping[str, Any], world: World, step: PlanStep, field: str) -> dict[str, int]:
    """What is left of each line that is cut."""
    lines = lines_of(world.get(step.target, {}))
    try:
        return {row["line_id"]: lines[row["line_id"]][1] - row["quantity"] for row in arguments["lines"]}
    except (KeyError, TypeError) as error:
        raise _wrong(f"{field}.lines", "must be [{line_id, quantity}] of the order's lines") from error


def _goodwill(step: PlanStep, new: PlanStep, world: World, facts: Facts, results: Results) -> Money | None:
    """What the changed step gives away: as planned, more or less by what the change is worth."""
    if step.action in ("refund_payment", "issue_coupon") and new.arguments.get("amount"):
        return msgspec.convert(new.arguments["amount"], Money)
    if step.action not in (*_CUTS, "substitute_line"):
        return step.goodwill
    as_planned = perform(world, step, facts, results).get(step.target, {}).get("total")
    as_wanted = perform(world, new, facts, results).get(step.target, {}).get("total")
    if as_planned is None or as_wanted is None:
        return step.goodwill
    given = minor(step.goodwill) + as_planned.amount - as_wanted.amount
    return Money(given, as_planned.currency) if given > 0 else None


def _gone_before(world: World, facts: Facts, payment_id: str) -> int:
    """What earlier steps of the plan refund of this payment, in minor units."""
    read = world_of(facts).get(f"payment:{payment_id}", {}).get("refunded")
    return minor(world.get(f"payment:{payment_id}", {}).get("refunded")) - minor(read)


def _currency(value: Mapping[str, Any]) -> str:
    return str(value["currency"])


def _amount(value: Any, currency: str, field: str) -> int:
    money = msgspec.convert(value, Money)
    if money.currency != currency:
        raise _wrong(field, f"must be in {currency}")
    return money.amount


def _wrong(field: str, detail: str) -> InputError:
    return InputError("invalid_edit", field, detail)
