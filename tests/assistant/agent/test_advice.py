"""The offline model suggests, proposes, hands over, looks up and drafts through the real loop, and no more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from assistant.agent.staff import CaseAgent
from assistant.security.principals import Principal, Scope
from knowledge.vocabulary.errors import ConflictError, NotFoundError
from tests.assistant.agent.conftest import ANNA, FakeReader, answer, ask, ask_all

CASE = "case_paid_order_missing"
BEN = Principal("staff", "ben", "Ben", frozenset(), frozenset({Scope.CHAT, Scope.CASES_READ, Scope.CASES_WRITE}))
SEEN = [{"kind": "read_back", "ref": "checkout/ck-1", "at": "2026-03-02T08:00:00Z", "value": "completed"}]


def item(sid: str, action: str, kind: str = "plan", **more: Any) -> dict[str, Any]:
    reply = {"zh-CN": f"您好，回复{sid}", "en": f"Hello, reply {sid}"}
    paid = {"amount": 9800, "currency": "CNY"}
    steps = [{"action": a, "arguments": {"amount": paid}} for a in action.split("+")] if kind == "plan" else []
    return {"id": sid, "action": action, "kind": kind, "effect": f"effect {sid}.", "reason": f"reason {sid}.",
            "confidence": 0.87, "needs_role": None, "evidence": SEEN, "reply": reply, "steps": steps,
            "plan_version": 2, **more}  # fmt: skip


class Desk:
    """What it is told to suggest; remembers what was proposed."""

    def __init__(self) -> None:
        self.items = [
            item("sg_a1", "create_order+confirm_order", needs_role="supervisor"),
            item("sg_b2", "cancel_order+refund_payment"),
            item("sg_c3", "hand_off:supervisors", "hand_off"),
            item("sg_d4", "wait", "wait"),
        ]
        self.proposed: list[str] = []
        self.refusal: Exception | None = None

    def list(self, case_id: str, language: str, principal: Principal, /) -> list[dict[str, Any]]:
        return self.items

    def propose(self, case_id: str, suggestion_id: str, principal: Principal, /) -> int:
        if self.refusal is not None:
            raise self.refusal
        if suggestion_id not in {one["id"] for one in self.items}:
            raise NotFoundError("suggestion_not_found", "there is no such suggestion")
        self.proposed.append(suggestion_id)
        return 7


@pytest.fixture
def desk(agent: CaseAgent) -> Desk:
    desk = Desk()
    agent.actions = desk
    article = {"id": "refund-times", "title": "How long a refund takes", "text": "One.\n\nTwo.", "score": 0.8}
    agent.help_search = lambda query, language: [] if "券" in query else [article]
    return desk


def said(agent: CaseAgent, text: str, principal: Principal = BEN) -> dict[str, Any]:
    events = ask(agent, CASE, text, principal=principal)
    assert not [event for event in events if event.event == "error"]
    return answer(events)


@pytest.mark.parametrize("text", ["下一步怎么办", "what should I do?"])
def test_suggestions_are_told_best_first_with_all_that_a_person_decides_by(
    agent: CaseAgent, desk: Desk, text: str
) -> None:
    message = said(agent, text)
    lines = [line for line in message["text"].splitlines() if re.match(r"\d\.", line)]
    assert [re.findall(r"effect (sg_\w+)", line) for line in lines] == [["sg_a1"], ["sg_b2"], ["sg_c3"], ["sg_d4"]]
    assert "reason sg_a1" in lines[0] and "87%" in lines[0]
    assert re.search("需主管批准|approval of a supervisor", lines[0]) and not re.search("主管批准|supervisor", lines[1])
    assert {s["ref"] for s in message["sources"]} == {f"case/{CASE}", "checkout/ck-1"}
    assert desk.proposed == []


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("帮我退款", ["sg_b2"]), ("refund it", ["sg_b2"]), ("就按第一个办", ["sg_a1"]),
        ("do the second one", ["sg_b2"]),
        ("补建订单", ["sg_a1"]), ("create the order", ["sg_a1"]), ("帮我退款98元", ["sg_b2"]),
        ("go ahead with that", []), ("提交审批", []), ("选4", []), ("选9", []), ("补发一张优惠券", []),
        ("帮我退款50元", []), ("refund order 20260302123456", []), ("别退款", []), ("don't refund it", []),
        ("能退款吗", []), ("should I refund them?", []), ("批准方案", []), ("approve it", []),
    ],
)  # fmt: skip
def test_only_what_was_asked_for_and_is_one_thing_is_proposed(
    agent: CaseAgent, desk: Desk, text: str, proposed: list[str]
) -> None:
    words = said(agent, text)["text"]
    assert desk.proposed == proposed
    if proposed:
        assert re.search("方案 7 .*等待审批.*尚未执行|Plan 7 .*waits for approval on the case; nothing was done", words)
    assert not re.search("已退款|已取消|was refunded|was cancelled|was created", words)


def test_where_several_fit_it_asks_which_and_proposes_none(agent: CaseAgent, desk: Desk) -> None:
    desk.items[0] = item("sg_a1", "refund_payment")
    assert "Which one?" in (words := said(agent, "refund it")["text"])
    assert "1. effect sg_a1" in words and "2. effect sg_b2" in words and "sg_c3" not in words
    assert desk.proposed == []


def test_a_number_means_the_list_that_was_shown(agent: CaseAgent, desk: Desk) -> None:
    def turned(case_id: str, language: str, principal: Principal, /) -> list[dict[str, Any]]:
        shown = list(desk.items)
        desk.items.reverse()
        return shown

    desk.list = turned  # type: ignore[method-assign]
    *_, last = ask_all(agent, CASE, ["what should I do?", "do the first one"], principal=BEN)
    assert desk.proposed == ["sg_a1"] and "Plan 7" in answer(last)["text"]


def test_what_was_listed_and_is_gone_is_not_replaced_by_another(agent: CaseAgent, desk: Desk) -> None:
    lists = [list(desk.items), desk.items[1:]]
    desk.list = lambda *_: lists.pop(0)  # type: ignore[method-assign]
    *_, last = ask_all(agent, CASE, ["下一步怎么办", "按第一个办"], principal=BEN)
    assert desk.proposed == [] and "情况有变" in answer(last)["text"]


def test_a_plan_that_waits_already_is_not_proposed_again(agent: CaseAgent, desk: Desk) -> None:
    desk.items = [item("sg_e5", "cancel_order+refund_payment", "approve", steps=[], plan_version=3)]
    assert "plan 3, which waits for approval already" in said(agent, "refund it")["text"]
    assert desk.proposed == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (ConflictError("evidence_changed", "x"), "have just changed"),
        (ConflictError("case_claimed", "x"), "claimed"),
        (ConflictError("case_busy", "x"), "at work on this case"),
        (ConflictError("brand_new", "x"), "refused (brand_new)"),
    ],
)
def test_a_refusal_is_told_and_nothing_else_is_tried(
    agent: CaseAgent, desk: Desk, refusal: Exception, words: str
) -> None:
    desk.refusal = refusal
    text = said(agent, "refund it")["text"]
    assert words in text and "Nothing was changed" in text and desk.proposed == []


def test_who_may_not_propose_is_told_so(agent: CaseAgent, desk: Desk) -> None:
    assert "没有提交方案的权限" in said(agent, "帮我退款", ANNA)["text"]
    assert desk.proposed == []


@pytest.mark.parametrize(
    ("text", "why"), [("转给主管，因为顾客很生气", "顾客很生气"), ("escalate this", "escalate this")]
)
def test_a_hand_off_is_prepared_and_said_not_to_have_happened(
    agent: CaseAgent, desk: Desk, text: str, why: str
) -> None:
    events = ask(agent, CASE, text, principal=BEN)
    [card] = [event.data for event in events if event.event == "card"]
    assert (card["kind"], card["why"]) == ("hand_off_proposal", why)
    assert re.search("尚未转交|Nothing was handed over yet", answer(events)["text"])


def test_choosing_the_suggested_hand_off_prepares_it(agent: CaseAgent, desk: Desk) -> None:
    events = ask(agent, CASE, "do the third one", principal=BEN)
    assert [event.data["why"] for event in events if event.event == "card"] == ["reason sg_c3."]


def test_a_rule_is_told_with_its_article_as_the_source(agent: CaseAgent, desk: Desk, reader: FakeReader) -> None:
    message = said(agent, "how long do refunds take?")
    assert message["text"] == "From “How long a refund takes” [1]:\nOne.\nTwo."
    assert [s["ref"] for s in message["sources"]] == ["refund-times"]
    assert "没有找到" in said(agent, "优惠券能不能补发")["text"]


@pytest.mark.parametrize(
    ("text", "reply"),
    [("draft a reply", "您好，回复sg_a1"), ("draft a reply in English", "Hello, reply sg_a1"),
     ("帮我按第二个方案写个回复", "您好，回复sg_b2")],
)  # fmt: skip
def test_a_draft_is_in_the_customers_language_and_said_not_to_be_sent(
    agent: CaseAgent, desk: Desk, text: str, reply: str
) -> None:
    words = said(agent, text)["text"]
    assert words.splitlines()[1:] == [reply] and re.search("not sent|尚未发送", words.splitlines()[0])


@pytest.mark.parametrize("text", ["what should I do?", "refund it", "hand it to a supervisor"])
def test_of_a_case_that_is_over_the_outcome_is_the_answer(
    agent: CaseAgent, desk: Desk, reader: FakeReader, text: str
) -> None:
    reader.cases[CASE] |= {"status": "resolved", "resolution": "repaired", "resolved_at": "2026-03-02T09:30:00Z"}
    desk.items = []
    events = ask(agent, CASE, text, principal=BEN)
    assert "Nothing is left to do" in answer(events)["text"]
    assert not [event for event in events if event.event == "card"]


def test_without_suggestions_it_is_still_a_question_about_the_case(agent: CaseAgent) -> None:
    assert "waits for approval" in said(agent, "what should I do?")["text"]


def test_suggestions_that_cannot_be_read_are_not_made_up(agent: CaseAgent, desk: Desk) -> None:
    def failing(*_: Any) -> list[dict[str, Any]]:
        raise ConflictError("shop_silent", "no answer")

    desk.list = failing  # type: ignore[method-assign]
    assert "can't be read now (shop_silent)" in said(agent, "what should I do?")["text"]
    assert "can't be read now (shop_silent)" in said(agent, "refund it")["text"]
    assert desk.proposed == []
