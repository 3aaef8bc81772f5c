"""What staff want beyond facts is told apart by cues over the talk room's real model, in both languages."""

from __future__ import annotations

import pytest

from assistant.agent.intents import Intent, IntentClassifier
from assistant.agent.wishes import Wish, asked_in
from knowledge.library.embedders import UniversalSentenceEmbedder

WISHED: dict[Wish, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Wish.ADVISE: (
        ("下一步怎么办", "你建议怎么处理", "有哪些处理方案", "哪个方案最稳妥", "该不该给他退款", "这单要谁审批"),
        ("what should I do", "what do you suggest", "which option is best", "should I refund them",
         "how do I handle this", "who has to approve this plan?"),
    ),
    Wish.CHOOSE: (
        ("帮我退款", "能帮我退款吗", "就按第一个办", "按第二个方案来", "选2", "补发一张优惠券", "提交审批"),
        ("refund it", "can you refund them right away", "go ahead with that", "do the first one", "option 2 please",
         "create the order", "please cancel it"),
    ),
    Wish.LEAVE: (("别退款", "先不要取消订单"), ("don't refund it", "do not cancel the order")),
    Wish.DECIDE: (("批准方案", "帮我驳回这个方案"), ("approve it", "reject plan 2")),
    Wish.HAND_OFF: (
        ("转给主管", "把这单升级给主管处理", "让财务同事来看一下"),
        ("hand it to a supervisor", "escalate this", "please hand this over to a senior colleague"),
    ),
    Wish.POLICY: (
        ("退款多久到账", "高金额要谁审批", "晚上能给顾客发短信吗", "优惠券能不能补发", "退款额度上限是多少"),
        ("how long do refunds take", "who approves high amounts", "what is our policy on back orders",
         "can we promise a delivery date", "who has to approve large refunds"),
    ),
    Wish.DRAFT: (
        ("帮我写个回复", "怎么跟顾客解释", "给客户发条消息", "草拟一份英文回复"),
        ("draft a reply", "what should I tell the customer", "write a message to the customer in Chinese"),
    ),
}  # fmt: skip
TABLE = [(text, wish) for wish, both in WISHED.items() for texts in both for text in texts]

# Questions about the case, however much they sound like something to be done.
FACTS = [
    ("接下来会发生什么", Intent.NEXT), ("what happens next", Intent.NEXT), ("转人工了吗", Intent.OWNER),
    ("who was it handed to?", Intent.OWNER), ("退款到账了吗", Intent.MONEY),
    ("was the customer refunded?", Intent.MONEY),
    ("我们怎么跟顾客说的", Intent.TOLD), ("what did we tell the customer", Intent.TOLD),
    ("你能做什么", Intent.GREETING), ("what can you do?", Intent.GREETING),
    ("今天天气怎么样", Intent.OUT_OF_SCOPE), ("write me a poem", Intent.OUT_OF_SCOPE),
]  # fmt: skip


@pytest.fixture(scope="module")
def classifier(embedder: UniversalSentenceEmbedder) -> IntentClassifier:
    return IntentClassifier(embedder)


def test_the_table_is_even() -> None:
    chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in text) for text, _ in TABLE)
    assert len(TABLE) >= 40 and abs(chinese * 2 - len(TABLE)) <= 2


@pytest.mark.parametrize(("text", "wish"), TABLE)
def test_a_wish_is_understood(classifier: IntentClassifier, text: str, wish: Wish) -> None:
    asked = asked_in(text, classifier.intents)
    assert (asked.wishes, asked.intents) == ([wish], [])


@pytest.mark.parametrize(("text", "intent"), FACTS)
def test_a_question_stays_a_question(classifier: IntentClassifier, text: str, intent: Intent) -> None:
    asked = asked_in(text, classifier.intents)
    assert (asked.wishes, asked.intents) == ([], [intent])


@pytest.mark.parametrize(
    ("text", "intents", "wishes"),
    [
        ("这单怎么了，下一步怎么办", [Intent.WRONG], [Wish.ADVISE]),
        ("what is wrong and what should I do", [Intent.WRONG], [Wish.ADVISE]),
        ("帮我退款，再写个回复", [], [Wish.CHOOSE, Wish.DRAFT]),
        ("顾客的退款一般多久到账", [Intent.MONEY], [Wish.POLICY]),
    ],
)
def test_several_things_at_once(
    classifier: IntentClassifier, text: str, intents: list[Intent], wishes: list[Wish]
) -> None:
    asked = asked_in(text, classifier.intents)
    assert (asked.intents, asked.wishes) == (intents, wishes)
