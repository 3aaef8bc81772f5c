"""The work behind the customers' tools: reads the desk, asks the customer, and acts on nothing but their own yes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from assistant.agent.citations import as_data, parse_data
from assistant.agent.voices import TurnContext
from assistant.chatbot import cards, consent
from assistant.chatbot.addresses import given, read_back
from assistant.chatbot.ports import CustomerDesk, OpenQuestion, OrderCard, Outcome, RequestKind
from assistant.chatbot.texts import say
from knowledge.phrases import field_names
from knowledge.vocabulary.errors import HellowordError, NotFoundError

Runtime = ToolRuntime[TurnContext]

MAX_ORDERS = 5
_HELP = 3
_WORDS = 500  # characters of a customer's wish that are passed on
_REQUESTS = ("cancel", "refund", "change_address", "change_item", "other")


# -- reads ----------------------------------------------------------------------------------------------------------


def my_orders(runtime: Runtime, offer: bool) -> dict[str, Any]:
    """The latest orders; with `offer` as buttons too."""
    desk = _desk(runtime)
    orders = desk.orders(MAX_ORDERS)
    if offer and len(orders) > 1:
        options = cards.order_options(orders, desk.language)
        runtime.context.emit(cards.choices_event(cards.PICK_ORDER, options))
    titles = [[{"sku": line.sku, "title": line.title} for line in order.lines] for order in orders]
    return {
        "orders": [cards.brief_view(one, desk) | {"lines": lines} for one, lines in zip(orders, titles, strict=True)],
        "about": getattr(desk, "checkout_id", None), "offered": offer and len(orders) > 1,
    }  # fmt: skip


def order_status(runtime: Runtime, ref: str) -> dict[str, Any]:
    """One order, and its card for the page."""
    desk = _desk(runtime)
    order = desk.order(_plain(runtime, ref).strip() or None)
    runtime.context.emit(cards.order_event(order, desk))
    return {"order": cards.order_view(order, desk)}


def open_questions(runtime: Runtime) -> dict[str, Any]:
    """What was asked and not answered, and whether a person has the conversation."""
    desk = _desk(runtime)
    handed = getattr(desk, "with_person", None)
    return {
        "questions": [cards.question_view(question) for question in desk.questions()],
        "with_person": cards.handed_view(handed, desk) if handed is not None else None,
        "wants_address": [
            {"checkout_id": one.checkout_id, "fields": one.fields, "names": field_names(one.fields, desk.language)}
            for one in desk.address_wanted()
        ],
    }  # fmt: skip


def search_help(runtime: Runtime, query: str) -> dict[str, Any]:
    """The best articles and policies."""
    return {"items": _desk(runtime).search_help(_plain(runtime, query))[:_HELP]}


# -- proposals ------------------------------------------------------------------------------------------------------


def answer_question(runtime: Runtime, dedupe_key: str, choice: str) -> dict[str, Any]:
    """Takes the choice that the customer made, or shows the options."""
    desk, key, choice = _desk(runtime), _plain(runtime, dedupe_key), _plain(runtime, choice).strip()
    question = next((one for one in desk.questions() if one.dedupe_key == key), None)
    if question is None:
        raise NotFoundError("question_not_found", "this question is not open")
    options = [{"id": option.id, "label": option.label} for option in question.options]
    if choice and choice not in {option["id"] for option in options}:
        raise HellowordError("invalid_choice", "choice must be the id of one of the question's options")
    if choice and (choice == _pressed(runtime, question) or choice == _decided(runtime, key)):
        return _once(runtime, key, lambda: _outcome(runtime, desk.answer(key, choice), "answered"))
    return _ask(runtime, key, options, choice, {"text": question.text, "checkout_id": question.checkout_id})


def _pressed(runtime: Runtime, question: OpenQuestion) -> str | None:
    """The option of this open question whose button the customer's last message is, wherever it was shown."""
    last, _, _ = consent.turns(_messages(runtime))
    pressed = consent.choice_of(_plain(runtime, last.text)) if last is not None else None
    return pressed.id if pressed and pressed.dedupe_key == question.dedupe_key else None


def give_address(runtime: Runtime, checkout_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Takes the address that the customer said yes to, or says what it lacks, or reads it back."""
    desk = _desk(runtime)
    order = desk.order(_ref(runtime, checkout_id))
    needed = next((one.fields for one in desk.address_wanted() if one.checkout_id == order.checkout_id), [])
    wanted = _asked_for(_messages(runtime)) or (needed[0] if len(needed) == 1 else "")
    found = given(runtime.context.masker.unmask(dict(fields)), order.address, wanted, needed)
    named = {"missing": found.missing, "missing_text": field_names(found.missing, desk.language)}
    if found.missing or not found.fields:
        return {"state": "incomplete", "checkout_id": order.checkout_id, **named, "ambiguous": found.ambiguous,
                "has": sorted(found.fields)}  # fmt: skip
    key = consent.key_for("give_address", order.checkout_id, found.fields, order.status)
    if _decided(runtime, key) == consent.YES:
        taken = lambda: _outcome(runtime, desk.correct_address(order.checkout_id, found.fields), "address_given")  # noqa: E731
        return _once(runtime, key, taken)
    address = _personal(runtime.context, found.fields)
    about = {"checkout_id": order.checkout_id, "address": address, "kind": "give_address"}
    return _ask(runtime, key, _yes_no(desk, "address"), consent.YES, about)


def request_change(runtime: Runtime, checkout_id: str, kind: str, words: str) -> dict[str, Any]:
    """Passes on the wish that the customer said yes to, or asks."""
    desk = _desk(runtime)
    if kind not in _REQUESTS:
        raise HellowordError("invalid_kind", f"kind must be one of {', '.join(_REQUESTS)}")
    wish: RequestKind = kind  # type: ignore[assignment]
    order = desk.order(_ref(runtime, checkout_id))
    key = consent.key_for("request_change", kind, *_fingerprint(order))
    if _decided(runtime, key, kind) == consent.YES:
        first = next((one for one in consent.asked(_messages(runtime)) if one.dedupe_key == key), None)
        wanted = str((first.arguments if first else {}).get("words") or words)  # what they were asked about
        return _once(runtime, key, lambda: _passed_on(runtime, order, wish, _plain(runtime, wanted)[:_WORDS]))
    about = {"checkout_id": order.checkout_id, "ref": order.order_id or order.checkout_id, "kind": kind}
    return _ask(runtime, key, _yes_no(desk, kind, ref=about["ref"]), consent.YES, about)


def _passed_on(runtime: Runtime, order: OrderCard, kind: RequestKind, words: str) -> dict[str, Any]:
    handed = _desk(runtime).request(order.checkout_id, kind, words)
    runtime.context.deeds.extend(["requested", "handed_over"])
    runtime.context.emit(cards.handoff_event(handed))
    return cards.handed_view(handed, _desk(runtime)) | {"kind": kind, "ref": order.order_id or order.checkout_id}


def hand_over(runtime: Runtime, why: str, checkout_id: str) -> dict[str, Any]:
    """Hands over at once."""
    ref = _plain(runtime, checkout_id).strip()
    handed = _desk(runtime).hand_over(ref or None, _plain(runtime, why)[:_WORDS])
    runtime.context.deeds.append("handed_over")
    runtime.context.emit(cards.handoff_event(handed))
    return cards.handed_view(handed, _desk(runtime))


def _outcome(runtime: Runtime, outcome: Outcome, deed: str) -> dict[str, Any]:
    if outcome.state != "refused":
        runtime.context.deeds.append(deed)
    return {"state": outcome.state, "code": outcome.code, "text": outcome.text}


# -- consent --------------------------------------------------------------------------------------------------------


def _ask(
    runtime: Runtime, key: str, options: list[dict[str, str]], proposed: str, about: dict[str, Any]
) -> dict[str, Any]:
    """Nothing is done; the customer is shown the buttons."""
    if options:
        runtime.context.emit(cards.choices_event(key, options))
    return {"state": consent.ASKED, "dedupe_key": key, "options": options, "proposed": proposed, "about": about}


def _decided(runtime: Runtime, key: str, kind: str = "") -> str | None:
    return consent.decided(_messages(runtime), key, runtime.context.masker.unmask, kind=kind)


def _once(runtime: Runtime, key: str, perform: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """One consent is one deed: a second call of this turn for the same question does nothing."""
    _, _, since = consent.turns(_messages(runtime))
    done = [m for m in since if isinstance(m, ToolMessage) and (parse_data(m.text) or {}).get("consented") == key]
    calls = [call for m in since if isinstance(m, AIMessage) for call in m.tool_calls]
    mine = next((call for call in calls if call["id"] == runtime.tool_call_id), None)
    twins = [call["id"] for call in calls if mine and (call["name"], call["args"]) == (mine["name"], mine["args"])]
    if done or (twins and twins[0] != runtime.tool_call_id):
        return {"state": "already", "code": "done_in_this_turn", "text": ""}
    return perform() | {"consented": key}


def _yes_no(desk: CustomerDesk, kind: str, **params: Any) -> list[dict[str, str]]:
    """Buttons that say themselves what a yes does, whatever a model writes above them."""
    return [
        {"id": consent.YES, "label": say(f"yes.{kind}", desk.language, **params)},
        {"id": consent.NO, "label": say(f"no.{kind}" if kind == "address" else "no.change", desk.language)},
    ]


def _fingerprint(order: OrderCard) -> tuple[Any, ...]:
    """What a yes was about: when any of it has changed, it is asked again."""
    total = (order.total.amount, order.total.currency) if order.total else None
    return order.checkout_id, order.order_id, order.status, total, [(one.sku, one.quantity) for one in order.lines]


def _asked_for(messages: Sequence[BaseMessage]) -> str:
    """The one address field that the turn before asked for; empty for none or several."""
    _, before, _ = consent.turns(messages)
    results = [parse_data(m.text) for m in before if isinstance(m, ToolMessage) and m.name == "give_address"]
    missing = [one["missing"] for one in results if isinstance(one, dict) and one.get("state") == "incomplete"]
    return str(missing[-1][0]) if missing and len(missing[-1]) == 1 else ""


# -- the edge to the model ------------------------------------------------------------------------------------------


def _desk(runtime: Runtime) -> CustomerDesk:
    desk: CustomerDesk = runtime.context.desk
    return desk


def _messages(runtime: Runtime) -> Sequence[BaseMessage]:
    messages: Sequence[BaseMessage] = runtime.state["messages"]
    return messages


def _plain(runtime: Runtime, text: str) -> str:
    return str(runtime.context.masker.unmask(text))


def _ref(runtime: Runtime, checkout_id: str) -> str:
    """The order that is named; a change is never made to one that nobody named."""
    ref = _plain(runtime, checkout_id).strip()
    if not ref:
        raise HellowordError("invalid_checkout_id", "checkout_id must name the order")
    return ref


def _personal(context: TurnContext, fields: Mapping[str, str]) -> str:
    """The address read back. The masker is told that all of it is personal: a model sees a placeholder, which becomes
    the address again where the customer reads it."""
    address = read_back(fields)
    kinds = {"recipient": "name", "phone": "phone", "street": "address", "text": "address"}
    parts = [(kind, fields[name]) for name, kind in kinds.items() if name in fields]
    context.masker.learn([("address", address), *parts])
    return address


def answer(runtime: Runtime, work: Callable[[], dict[str, Any]]) -> str:
    """The result of this work as the model reads it: masked data, or an error with its code."""
    masker = runtime.context.masker
    try:
        return as_data(masker.mask(work()))
    except HellowordError as error:  # said in our own words: the model may tell the customer
        return as_data({"error": {"code": error.code, "detail": masker.mask(error.detail)}})
