"""Questions nobody wrote into the examples are understood, in both languages alike."""

from __future__ import annotations

import pytest

from assistant.agent.intents import Intent, IntentClassifier
from knowledge.library.embedders import UniversalSentenceEmbedder

HELD_OUT: dict[str, tuple[list[str], list[str]]] = {
    "wrong": (
        ["这一单到底出啥毛病了", "麻烦简单说下这个案子的情况"],
        ["what's up with this order?", "can you sum up the case"],
    ),
    "why": (
        ["这个问题的起因是什么呀", "为何付款一直没确认"],
        ["what's the root cause of the fault?", "how come the price is higher"],
    ),
    "evidence": (["你的判断依据哪些事件？", "拿什么证明"], ["which events make you think so?", "show sources"]),
    "tried": (
        ["到目前为止系统做了哪些处理？", "之前试过哪些办法"],
        ["were any repair steps executed", "has it been attempted"],
    ),
    "next": (
        ["下一步打算怎么做？", "预计什么时候能搞定"],
        ["what comes next?", "is there anything waiting for approval"],
    ),
    "owner": (["有没有人负责", "案子分给谁了"], ["who's handling this one?", "is it assigned to anybody"]),
    "money": (
        ["客户一共付了多少？", "还欠多少没付"],
        ["how much has the buyer paid so far?", "has the refund been issued?"],
    ),
    "told": (
        ["我们有没有通知过买家？", "顾客那边有回音吗"],
        ["was the buyer notified", "what have we said to the customer?"],
    ),
    "similar": (
        ["之前有没有碰到过一样的问题？", "有可以参考的历史案例吗"],
        ["look up similar solved cases", "seen this before?"],
    ),
    "order": (
        ["这个订单发出去没有？", "里面有哪些商品"],
        ["which products are in it", "do shop and inventory disagree"],
    ),
    "do": (["请立刻退款给客户", "帮我把订单取消掉"], ["please refund them right away", "go ahead and cancel it"]),
    "greeting": (["你好呀", "多谢"], ["hello there", "many thanks"]),
    "out_of_scope": (["明天会下雨吗", "最近有什么好看的电影"], ["sing me a song", "what's the capital of France?"]),
}
LEAST = 0.9  # of each language's questions


@pytest.fixture(scope="module")
def classifier(embedder: UniversalSentenceEmbedder) -> IntentClassifier:
    return IntentClassifier(embedder)


@pytest.mark.parametrize("which", [0, 1], ids=["zh-CN", "en"])
def test_held_out_questions_are_understood(classifier: IntentClassifier, which: int) -> None:
    asked = [(intent, text) for intent, texts in HELD_OUT.items() for text in texts[which]]
    wrong = [(intent, text, classifier.intents(text)) for intent, text in asked if classifier.intents(text) != [intent]]
    assert len(wrong) <= (1 - LEAST) * len(asked), wrong


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("这单为什么坏了，钱退了吗？", [Intent.WHY, Intent.MONEY]),
        ("why did it break and was the customer refunded?", [Intent.WHY, Intent.MONEY]),
        ("你好，请问订单发货了吗", [Intent.ORDER]),
        ("Hello! Who owns this case?", [Intent.OWNER]),
    ],
)
def test_several_questions_are_told_apart_and_courtesy_is_left_out(
    classifier: IntentClassifier, text: str, intents: list[Intent]
) -> None:
    assert classifier.intents(text) == intents


@pytest.mark.parametrize("text", ["", "???", "asdf qwer zxcv", "啊啊啊啊"])
def test_what_nobody_understands_is_out_of_scope(classifier: IntentClassifier, text: str) -> None:
    assert classifier.intents(text) in ([Intent.OUT_OF_SCOPE], [Intent.GREETING])
