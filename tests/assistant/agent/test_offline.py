"""The offline model through the real agent loop: every fault, both languages, facts from tools alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from assistant.agent.staff import CaseAgent
from knowledge.faults.catalogue import CATALOGUE
from knowledge.vocabulary.errors import NotFoundError
from tests.assistant.agent.cases import FAULTS, FREED
from tests.assistant.agent.conftest import ANNA, FakeReader, answer, as_shown, ask

LANGUAGES = ("zh-CN", "en")
NUMBERS = re.compile(r"\d[\d,.:-]*\d|\d")

# Each pair must give the same facts and sources in both languages.
PAIRS = {
    "wrong": ("这单怎么了", "what is wrong with this order"),
    "why": ("为什么会这样", "why did this happen"),
    "evidence": ("有什么证据", "what is the evidence"),
    "tried": ("已经做了什么", "what was tried already"),
    "next": ("接下来怎么办", "what happens next"),
    "owner": ("谁在负责这个案件", "who owns this case"),
    "money": ("顾客付了多少钱", "how much did the customer pay"),
    "told": ("通知过顾客了吗", "has the customer been informed"),
    "similar": ("有没有类似的案例", "are there similar cases"),
    "order": ("订单现在什么状态", "what is the order status"),
    "do": ("马上给他退款", "refund the customer now"),
}


def _asked(agent: CaseAgent, case: str, question: str) -> dict[str, Any]:
    events = ask(agent, case, question)
    assert events[-1].event == "done"
    assert not [event for event in events if event.event == "error"]
    message = answer(events)
    assert as_shown(events) == message["text"]
    return message


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", FAULTS)
def test_it_names_fault_and_cause_of_every_case(agent: CaseAgent, code: str, language: str) -> None:
    question = {"zh-CN": "这单怎么了？", "en": "what is wrong with this order?"}[language]
    message = _asked(agent, f"case_{code}", question)
    title = next(f.texts["title"][language] for f in CATALOGUE.values() if f.code == code)
    assert message["language"] == language
    assert title in message["text"]
    assert "_" not in message["text"]  # words, not codes
    assert message["sources"]


@pytest.mark.parametrize("topic", PAIRS)
def test_both_languages_say_the_same(agent: CaseAgent, reader: FakeReader, topic: str) -> None:
    told: list[dict[str, Any]] = []
    used: list[list[str]] = []
    for language, question in zip(LANGUAGES, PAIRS[topic], strict=True):
        reader.read.clear()
        told.append(_asked(agent, "case_paid_order_missing", question))
        used.append(list(reader.read))
        assert told[-1]["language"] == language
    chinese, english = told
    assert used[0] == used[1]
    if topic == "similar":  # ranked by an embedding: the nearest must agree, the order of the rest may not
        told = [
            message | {"sources": message["sources"][:1], "text": message["text"].splitlines()[1]} for message in told
        ]
        chinese, english = ({**m, "text": re.sub(r"0\.\d+", "", m["text"])} for m in told)
    assert [s["ref"] for s in chinese["sources"]] == [s["ref"] for s in english["sources"]]
    assert NUMBERS.findall(chinese["text"]) == NUMBERS.findall(english["text"])
    assert len(chinese["text"].splitlines()) == len(english["text"].splitlines())


@pytest.mark.parametrize("question", ["顾客付了多少钱？", "How much did the customer pay?"])
def test_money_comes_from_the_order(agent: CaseAgent, question: str) -> None:
    message = _asked(agent, "case_partial_payment", question)
    for amount in ("¥98.00", "¥50.00", "¥48.00"):
        assert amount in message["text"]
    assert "payment.captured" in {source["value"] for source in message["sources"]}


def test_every_number_said_stands_in_what_the_tools_read(agent: CaseAgent, reader: FakeReader) -> None:
    """The amounts, times and ids of an answer, taken apart, all occur in the case or the order."""
    reader.cases["case_partial_payment"]["plan_version"] = 7
    known = str(reader.cases["case_partial_payment"]) + str(reader.orders["example-partial-payment"])
    for question in ("下一步是什么？付了多少钱？", "What happens next? How much was captured?"):
        text = re.sub(r"\[[\d, ]+\]", "", _asked(agent, "case_partial_payment", question)["text"])
        for number in re.findall(r"(?<=¥)[\d,.]+\d", text):
            minor = int(number.replace(",", "").replace(".", ""))
            assert str(minor) in known or minor in (0, 9800 - 5000)
        for moment in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", text):
            assert moment.replace(" ", "T") in known


@pytest.mark.parametrize(
    "question",
    ["这单怎么了，钱退了吗？", "What is wrong and was the customer refunded?"],
)
def test_two_questions_at_once_are_both_answered(agent: CaseAgent, reader: FakeReader, question: str) -> None:
    message = _asked(agent, "case_paid_order_missing", question)
    assert {line.split()[0] for line in reader.read} == {"case", "order"}
    assert "¥98.00" in message["text"]
    assert re.search("订单缺失|no order", message["text"])


@pytest.mark.parametrize("question", ["今天天气怎么样", "write me a poem", "你好", "hello"])
def test_small_talk_reads_nothing(agent: CaseAgent, reader: FakeReader, question: str) -> None:
    events = ask(agent, "case_price_mismatch", question)
    assert not [event for event in events if event.event == "tool"]
    assert re.search("我可以回答|I can tell you", answer(events)["text"])
    assert reader.read == ["case case_price_mismatch"]  # the agent's own look at whether it exists


def test_the_language_asked_for_wins(agent: CaseAgent) -> None:
    message = answer(ask(agent, "case_price_mismatch", "what is wrong here?", "zh-CN"))
    assert message["language"] == "zh-CN"
    assert "本个案的问题是" in message["text"]


def test_a_case_without_findings_and_without_owner_invents_none(agent: CaseAgent, reader: FakeReader) -> None:
    bare: dict[str, Any] = {
        "faults": [],
        "root_cause": None,
        "plan": [],
        "timeline": [],
        "owner": None,
        "status": "open",
    }
    reader.cases["case_price_mismatch"] |= bare
    text = _asked(agent, "case_price_mismatch", "what is wrong? why did it happen? who owns it?")["text"]
    assert "No fault is recorded" in text
    assert "has not named a root cause" in text
    assert "No person owns it" in text
    tried = _asked(agent, "case_price_mismatch", "what was tried already")["text"]
    assert "No repair step has been performed" in tried
    assert "records no evidence" in _asked(agent, "case_price_mismatch", "show me the evidence")["text"]


def test_owner_messages_and_outcome_are_told_as_they_are(agent: CaseAgent, reader: FakeReader) -> None:
    reader.cases["case_price_mismatch"] |= {
        "owner": {"kind": "person", "id": "li", "name": "李敏"}, "status": "resolved", "resolution": "by_human",
        "resolved_at": "2026-03-02T09:30:00Z",
        "messages": [{"occasion": "price", "channel": "sms", "state": "accepted", "at": "2026-03-02T08:06:00Z",
                      "replied_at": None, "choice": None}],
        "promises": [{"text": "the refund arrives", "state": "open", "due_at": "2026-03-09T08:06:00Z"}],
    }  # fmt: skip
    assert "李敏" in _asked(agent, "case_price_mismatch", "谁在负责")["text"]
    told = _asked(agent, "case_price_mismatch", "what was the customer told")["text"]
    assert "by text message: sent" in told
    assert "promised, open, due 2026-03-09 08:06 UTC: the refund arrives" in told
    following = _asked(agent, "case_price_mismatch", "what happens next")["text"]
    assert "solved by a person" in following
    assert "2026-03-02 09:30 UTC" in following


def test_a_payment_case_without_order_says_what_cannot_be_read(agent: CaseAgent, reader: FakeReader) -> None:
    reader.cases["case_price_mismatch"]["checkout_id"] = None
    text = _asked(agent, "case_price_mismatch", "how much did the customer pay?")["text"]
    assert "can't be read now (no_checkout)" in text


def test_similar_cases_are_found_in_the_questions_language_and_cited(agent: CaseAgent) -> None:
    message = _asked(agent, "case_payment_failed_stock_held", "有没有类似的案例？")
    lines = message["text"].splitlines()
    assert "solved_payment_failed_stock_held" in lines[1]
    assert "付款失败" in lines[1]
    assert message["sources"][0]["ref"] == "case/solved_payment_failed_stock_held"


def test_an_unknown_case_is_refused_before_the_stream(agent: CaseAgent) -> None:
    with pytest.raises(NotFoundError):
        ask(agent, "case_nobody", "hello")


def test_a_broken_reader_ends_the_stream_with_a_problem(
    agent: CaseAgent, reader: FakeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(checkout_id: str) -> dict[str, Any]:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(reader, "order", broken)
    events = ask(agent, "case_partial_payment", "how much did the customer pay?")
    assert [event.event for event in events][-2:] == ["error", "done"]
    assert events[-2].data["code"] == "conversation_failed"
    assert "secret detail" not in str(events)


def test_a_conversation_goes_on_and_each_principal_has_their_own(agent: CaseAgent) -> None:
    for question in ("这单怎么了", "为什么", "what was tried already", "有什么证据") * 3:
        message = _asked(agent, "case_paid_order_missing", question)
        numbers = {int(n) for group in re.findall(r"\[([\d, ]+)\]", message["text"]) for n in group.split(",")}
        assert numbers == set(range(1, len(message["sources"]) + 1))
    assert FREED["en"] in _asked(agent, "case_paid_order_missing", "what was tried already")["text"]
    assert ANNA.ref == "staff:anna"
