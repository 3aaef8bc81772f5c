"""The copilot's own wording in both languages: why a suggestion is made, what it would do, what is wrong in a line."""

from __future__ import annotations

from typing import Any

from knowledge.phrases import LANGUAGES, render

Words = dict[str, str]

TEXTS: dict[str, Words] = {
    # -- why it is suggested ----------------------------------------------------------------------------------------
    "why.approve": {
        "en": "The assistant's plan waits for this decision. {summary}",
        "zh-CN": "助手的方案正等待审批：{summary}",
    },
    "why.playbook": {
        "en": "This is what our rules do first about “{fault}”, as every system stands now.",
        "zh-CN": "根据各系统目前的状态，这是处理“{fault}”的首选方案。",
    },
    "why.asks_first": {
        "en": "The customer is asked as usual, but “{action}” is offered first.",
        "zh-CN": "照常征询顾客意见，只是把“{action}”放在第一个选项。",
    },
    "why.other_fault": {
        "en": "Settles “{fault}” first; what else is wrong stays with you.",
        "zh-CN": "先处理“{fault}”，其余问题仍由您决定。",
    },
    "why.fallback": {
        "en": "The customer is not asked any further: this is what our rules do when nobody answers.",
        "zh-CN": "不再等顾客答复，直接按“顾客未答复”的规则处理。",
    },
    "why.snooze": {
        "en": "Nothing can be settled before {until}: {because}.",
        "zh-CN": "{until} 之前无法推进：{because}。",
    },
    "why.wait.awaiting_customer": {
        "en": "The customer was asked and has not answered yet; without an answer the assistant goes on by itself.",
        "zh-CN": "已向顾客提问，尚未答复；逾期未答复，助手会自动继续处理。",
    },
    "why.wait.working": {
        "en": "The assistant is at work on this case.",
        "zh-CN": "助手正在处理本个案。",
    },
    "why.wait.shop_silent": {
        "en": "The shop does not answer at present, so no plan can be made; it will be tried again.",
        "zh-CN": "商城目前没有响应，暂时无法制定方案，稍后会再次尝试。",
    },
    "why.hand_off.role": {
        "en": "The plan suggested first has to be decided by {role}.",
        "zh-CN": "首选方案须由{role}决定。",
    },
    "why.hand_off.skill": {
        "en": "“{fault}” is decided by people, and {name} is trained for it.",
        "zh-CN": "“{fault}”须由人工判断，{name}熟悉此类问题。",
    },
    "why.hand_off.supervisors": {
        "en": "Our rules have no plan for how this stands: a supervisor can decide beyond them.",
        "zh-CN": "现有规则没有适用的方案，可由主管酌情决定。",
    },
    "why.hand_off.asked": {
        "en": "The customer was asked and has not answered yet; a supervisor can decide without waiting for it.",
        "zh-CN": "已向顾客提问，尚未答复；如不再等待，可由主管酌情决定。",
    },
    "why.hand_off.service": {
        "en": "A person can take it from the assistant at any time.",
        "zh-CN": "可随时由人工接手。",
    },
    "why.resolve": {
        "en": "A read-back made just now finds nothing wrong any more.",
        "zh-CN": "刚刚回读各系统，未再发现异常。",
    },
    "why.call_off": {
        "en": "What the waiting plan rests on has changed: it no longer fits what the systems show.",
        "zh-CN": "待审批方案所依据的情况已变，与各系统现状不符。",
    },
    # -- what it does -----------------------------------------------------------------------------------------------
    "does.snooze": {"en": "The case rests until {until}.", "zh-CN": "个案暂缓至 {until}。"},
    "does.wait": {"en": "Nothing changes.", "zh-CN": "不作任何改动。"},
    "does.hand_off": {"en": "The case goes to {name}, with a notice.", "zh-CN": "个案转给{name}，并通知对方。"},
    "does.resolve": {
        "en": "The case ends as “{resolution}”; the order is watched for a while.",
        "zh-CN": "个案以“{resolution}”结束，订单继续观察一段时间。",
    },
    "does.call_off": {
        "en": "Plan {version} is turned down; nothing of it is performed.",
        "zh-CN": "方案 {version} 予以驳回，不会执行其中任何步骤。",
    },
    # -- what a snooze waits for ------------------------------------------------------------------------------------
    "until.reply": {"en": "the customer has until then to answer", "zh-CN": "顾客可在此之前答复"},
    "until.promise": {"en": "that is when the customer was promised news", "zh-CN": "已承诺顾客最迟此时答复"},
    "until.restock": {"en": "the goods are expected then", "zh-CN": "货品预计此时到货"},
    "until.playbook": {"en": "our rules look again then", "zh-CN": "按规则届时再次核查"},
    # -- what is wrong ----------------------------------------------------------------------------------------------
    "wrong": {"en": "{title}: {what}; {facts}.", "zh-CN": "{title}：{what}；{facts}。"},
    "wrong.alone": {"en": "{title}; {facts}.", "zh-CN": "{title}；{facts}。"},
    "wrong.since": {"en": "since {at}", "zh-CN": "始于 {at}"},
    "wrong.at_risk": {"en": "{money} at stake", "zh-CN": "涉及 {money}"},
    "wrong.value": {"en": "order worth {money}", "zh-CN": "订单金额 {money}"},
    "wrong.more": {"en": "other faults: {count}", "zh-CN": "另有 {count} 项异常"},
    "wrong.nothing": {"en": "Nothing is wrong at present.", "zh-CN": "目前没有异常。"},
    # -- why it has its place ---------------------------------------------------------------------------------------
    "rank.policy": {"en": "In the order that our rules give.", "zh-CN": "按规则顺序排列。"},
    "rank.people": {
        "en": "Accepted {good} of the {n} times that it was decided on.",
        "zh-CN": "此前 {n} 次建议中被采纳 {good} 次。",
    },
    "rank.similar": {
        "en": "Similar cases in which it was done: {n}, of which {good} stayed resolved.",
        "zh-CN": "采用过此方案的相似个案有 {n} 个，其中 {good} 个未再复发。",
    },
    # -- replies ----------------------------------------------------------------------------------------------------
    "reply.start": {
        "en": "Hello, this is about your order {order}. {what}",
        "zh-CN": "您好，关于您的订单 {order}：{what}",
    },
    "reply.done": {"en": "Already done: {done}.", "zh-CN": "截至目前，{done}。"},
    "reply.nothing_done": {"en": "Nothing about the order has been changed so far.", "zh-CN": "目前订单未作任何改动。"},
    "reply.person": {"en": "A colleague has taken this over.", "zh-CN": "您的问题已转由专人跟进。"},
    "reply.promise": {"en": "As promised, {promise}.", "zh-CN": "按之前的承诺，{promise}。"},
    "reply.whole": {
        "en": "We have checked again and find nothing wrong with it any more.",
        "zh-CN": "我们已重新核对，目前订单一切正常。",
    },
    "reply.sorry": {"en": "We are sorry for the trouble.", "zh-CN": "给您带来不便，非常抱歉。"},
}


def say(key: str, **params: Any) -> Words:
    """A sentence in both languages; a parameter may itself be words by language."""
    return {
        language: render(
            TEXTS, key, language,
            **{k: v[language] if isinstance(v, dict) and set(LANGUAGES) <= set(v) else v for k, v in params.items()},
        )
        for language in LANGUAGES
    }  # fmt: skip


def listed(parts: list[Words]) -> Words:
    """Several sentences, one after the other."""
    return {"zh-CN": "".join(p["zh-CN"] for p in parts), "en": " ".join(p["en"] for p in parts)}
