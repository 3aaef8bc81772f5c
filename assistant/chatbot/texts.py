"""What the offline model says to customers, in Chinese and English; `say` renders it. Facts come in as parameters."""

from __future__ import annotations

from typing import Any

from assistant.chatbot.texts_changes import CHANGES
from assistant.chatbot.texts_orders import ORDERS
from knowledge.phrases import render

TALK: dict[str, dict[str, str]] = {
    "greeting": {
        "zh-CN": "您好！我是 Helloword 智能助手，可以帮您查订单、退款和发货进度，补全收货地址，或者提交取消、退款、"
        "修改的申请。请问有什么可以帮您？",
        "en": "Hello! I'm Helloword's automated assistant. I can look up your orders, refunds and shipping, complete a "
        "delivery "
        "address, or pass on a cancellation, refund or change. What can I do for you?",
    },
    "thanks": {
        "zh-CN": "不客气！还有需要的话随时找我。",
        "en": "You're welcome! If there is anything else, just write.",
    },
    "goodbye": {"zh-CN": "好的，祝您生活愉快，再见！", "en": "Take care, and goodbye!"},
    "out_of_scope": {
        "zh-CN": "这个我帮不上忙，不想随便答您。我能做的是：查您的订单、付款、退款和发货情况，补全收货地址，"
        "提交取消、退款或修改的申请，也可以为您转接人工客服。",
        "en": "I can't help with that, and I'd rather not guess. What I can do: look up your orders, payments, refunds "
        "and shipping, complete a delivery address, pass on a cancellation, refund or change, or bring in a "
        "colleague.",
    },
    "not_understood": {
        "zh-CN": "抱歉，我没太明白您的意思。您可以告诉我订单号，或者换个说法，比如“我的订单到哪了”“退款到账了吗”。",
        "en": "Sorry, I didn't quite get that. Could you give me the order number, or put it another way, for example "
        "“where is my order” or “what about my refund”?",
    },
    "offer_person": {
        "zh-CN": "需要的话，回复“人工”，我马上为您转接同事。",
        "en": "If you'd rather talk to a person, just write “agent”.",
    },
    "sorry": {
        "zh-CN": "让您遇到这样的事，真的很抱歉。",
        "en": "I'm really sorry about this.",
    },
    "listening": {
        "zh-CN": "请告诉我是哪笔订单、遇到了什么问题。",
        "en": "Tell me which order it is and what went wrong, and I can look into it.",
    },
    "anything_else": {"zh-CN": "还有什么可以帮您的吗？", "en": "Is there anything else I can help with?"},
    "nothing_asked": {
        "zh-CN": "好的，目前没有需要您确认的事情。还有问题随时告诉我。",
        "en": "All right. There is nothing you need to confirm at the moment. If there is anything else, just write.",
    },
    "stale_choice": {
        "zh-CN": "这个选项已经失效了，什么都没有改动。请告诉我您现在想怎么办。",
        "en": "That choice is no longer open, and nothing was changed. Please tell me what you'd like to do now.",
    },
    "choose_one_yes": {
        "zh-CN": "刚才有几件事都在等您确认，为了不弄错，请点选对应的按钮。",
        "en": "Several things were waiting for your answer. To be sure, please use the button of the one you mean.",
    },
    "unreadable": {
        "zh-CN": "抱歉，系统暂时没有响应，这个我现在查不到，不想给您不准确的答复。请稍后再问我一次。",
        "en": "Sorry, the system isn't answering just now, and I don't want to tell you anything that may be wrong. "
        "Please ask me again in a moment.",
    },
    "help": {"zh-CN": "{title}\n{text}", "en": "{title}\n{text}"},
    "no_help": {
        "zh-CN": "这个问题我没有查到明确的规定，不敢乱说。",
        "en": "I found no clear rule about that, and I don't want to make one up.",
    },
    # -- a person ---------------------------------------------------------------------------------------------------
    "handed_over": {
        "zh-CN": "好的，已为您转接{owner}，前面的对话都一并转过去了，您不用再重复。最迟 {expected_by}给您答复。",
        "en": "I've handed this to {owner}, with everything we've said so far, so you needn't repeat anything. "
        "You will "
        "have an answer by {expected_by} at the latest.",
    },
    "handed_over_already": {
        "zh-CN": "这件事已经在{owner}手里了，您刚说的也一并转过去了。最迟 {expected_by}给您答复。",
        "en": "{owner} already has this, and what you just wrote has been passed on too. You will have an answer by "
        "{expected_by} at the latest.",
    },
    "cannot_follow": {
        "zh-CN": "抱歉，我还是没弄明白，怕耽误您的事。",
        "en": "Sorry, I still don't follow, and I don't want to waste your time.",
    },
    "hand_over_failed": {
        "zh-CN": "抱歉，刚才没能转接成功。请过一会儿再发一次“人工”，不便之处请您谅解。",
        "en": "I'm sorry, the hand-over didn't go through just now. Please write “agent” again in a moment.",
    },
    "with_person": {
        "zh-CN": "您的留言，负责的同事{owner}看得到，您直接在这里说就行。",
        "en": "{owner}, who is looking after this, can read what you write here.",
    },
    # -- why it is handed over: for the person who takes it -----------------------------------------------------------
    "why.asked": {"zh-CN": "顾客要求人工服务：{words}", "en": "The customer asked for a person: {words}"},
    "why.upset": {"zh-CN": "顾客情绪激动：{words}", "en": "The customer is very upset: {words}"},
    "why.not_understood": {
        "zh-CN": "连续两次没能理解顾客的意思，最后一句：{words}",
        "en": "Not understood twice in a row; the last words: {words}",
    },
    "why.not_received": {
        "zh-CN": "顾客称没有拿到包裹，系统却显示签收：{words}",
        "en": "Shown as delivered, but the customer has not received it: {words}",
    },
    "why.cannot_help": {"zh-CN": "机器人帮不上忙：{words}", "en": "The assistant can't help with: {words}"},
}  # fmt: skip

TEXTS: dict[str, dict[str, str]] = {**TALK, **ORDERS, **CHANGES}
"""Every wording of the customers' voice."""


def say(key: str, language: str, **params: Any) -> str:
    """The wording `key` in this language.

    Raises:
        PhraseError: `unknown_phrase`, `missing_parameter`.
    """
    return render(TEXTS, key, language, **params)
