"""Tells a case's circumstances, what was tried and how it ended, from codes only: nothing anybody wrote is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from knowledge.library.solved import Tried
from knowledge.phrases import field_names
from knowledge.phrases.deeds import CHOICES
from knowledge.phrases.labels import label
from knowledge.vocabulary.events import ADDRESS_FIELDS

_Case = Mapping[str, Any]
# Chinese, English. What a shop calls its payment methods and failures; others are left out.
_METHODS = {
    "wechat_pay": ("微信支付", "WeChat Pay"), "alipay": ("支付宝", "Alipay"), "card": ("银行卡", "card"),
    "credit_card": ("信用卡", "credit card"), "paypal": ("PayPal", "PayPal"),
    "bank_transfer": ("银行转账", "bank transfer"),
    "gift_card": ("礼品卡", "gift card"), "points": ("积分", "points"), "unionpay": ("银联", "UnionPay"),
    "apple_pay": ("Apple Pay", "Apple Pay"), "on_delivery": ("货到付款", "cash on delivery"),
    "cheque": ("支票", "cheque"), "pay_later": ("先买后付", "pay later"), "voucher": ("代金券", "voucher"),
}  # fmt: skip
_FAILURES = {
    "card_declined": ("银行卡被拒", "the card was declined"), "insufficient_funds": ("余额不足", "insufficient funds"),
    "expired_card": ("银行卡已过期", "the card had expired"),
    "processing_error": ("渠道处理出错", "the provider had an error"),
    "timeout": ("付款超时", "the payment timed out"),
    "authentication_failed": ("验证未通过", "the verification failed"),
    "limit_exceeded": ("超出支付限额", "above the payment limit"),
    "user_cancelled": ("顾客取消付款", "the customer cancelled the payment"),
}  # fmt: skip
_VALUES = {"small": ("小额订单", "a small order"), "middle": ("中等金额订单", "an order of middling value"),
           "large": ("大额订单", "a large order")}  # fmt: skip
_WORDS = {
    "paid_by": ("{method}付款", "paid by {method}"), "vip": ("贵宾顾客", "a VIP customer"),
    "guest": ("游客下单", "bought as a guest"), "missing": ("缺少{fields}", "missing: {fields}"),
    "several": ("订单含多件商品", "several products"), "tried": ("处理：{deeds}", "Tried: {deeds}"),
    "failed": ("{deed}未成功", "{deed} (failed)"), "unknown": ("{deed}结果不明", "{deed} (outcome unknown)"),
    "skipped": ("{deed}未执行", "{deed} (not done)"), "chose": ("顾客选择：{choice}", "The customer chose: {choice}"),
    "declined": ("顾客拒绝了所提供的方案：{choice}", "The customer declined what was offered: {choice}"),
    "wrote": ("顾客用文字回复", "The customer wrote back"),
    "no_reply": ("顾客没有答复", "The customer never answered"),
    "told": ("告知或询问顾客：{what}", "The customer heard from us about: {what}"),
    "handed": ("曾转人工", "It was handed to a person"), "reopened": ("复发 {n} 次", "It came back {n} times"),
    "once": ("复发过一次", "It came back once"), "ended": ("结果：{ending}", "Outcome: {ending}"),
    "good": ("顾客评价良好", "The customer rated it well"), "bad": ("顾客评价不佳", "The customer rated it badly"),
}  # fmt: skip
_MIDDLING = 3  # of the customer's five stars
_STOPS = {"zh-CN": ("，", "、", "。"), "en": (", ", ", ", ". ")}


# Minor units from which an order is of a middling, of a large value.
_BANDS = {"CNY": (20_000, 100_000), "JPY": (5_000, 25_000), "": (5_000, 20_000)}


def value_band(value: Mapping[str, Any]) -> str | None:
    """How much it was about, coarsely: `small`, `middle` or `large`, by currency; None where nothing is known."""
    if not value.get("currency"):
        return None
    bounds = _BANDS.get(str(value["currency"]), _BANDS[""])
    return ("small", "middle", "large")[sum(int(value.get("amount") or 0) >= bound for bound in bounds)]


def circumstances(case: _Case, order: Mapping[str, Any] | None, language: str) -> str:
    """How it was paid, how much it was about, what was missing, who the customer is (VIP, guest): one sentence."""
    snapshot = (order or {}).get("snapshot") or {}
    return _sentence(_circumstances(case, snapshot, language), language)


def told_story(
    case: _Case, order: Mapping[str, Any] | None, tried: Sequence[Tried], facts: Mapping[str, Any], language: str
) -> str:
    """Circumstances, deeds with their results, what the customer was told and chose, and how it ended."""
    deeds = _STOPS[language][1].join(_deeds(tried, language))
    said = [
        circumstances(case, order, language),
        _sentence([_say("tried", language, deeds=deeds)] if deeds else [], language),
        *(_sentence([one], language) for one in _talk(case, language)),
        *(_sentence([one], language) for one in _ending(case, facts, language)),
    ]
    return ("" if language == "zh-CN" else " ").join(part.strip() for part in said if part.strip())


def _circumstances(case: _Case, snapshot: Mapping[str, Any], language: str) -> Iterable[str]:
    payments = list((snapshot.get("payments") or {}).values())
    for method in dict.fromkeys(str(p.get("method") or "").lower() for p in payments):
        if method in _METHODS:
            yield _say("paid_by", language, method=_pick(_METHODS[method], language))
    for failure in dict.fromkeys(str(p.get("failure_code") or "") for p in payments):
        if failure in _FAILURES:
            yield _pick(_FAILURES[failure], language)
    if (band := value_band(case.get("value") or {})) is not None:
        currency = str(case["value"]["currency"])
        yield _pick(_VALUES[band], language) + (f"（{currency}）" if language == "zh-CN" else f" ({currency})")
    if len(snapshot.get("lines") or []) > 1:
        yield _say("several", language)
    lacking = [field for field in case.get("missing") or [] if field in ADDRESS_FIELDS]  # names of ours, no words
    if fields := field_names(lacking, language):
        yield _say("missing", language, fields=_STOPS[language][1].join(fields))
    customer = snapshot.get("customer") or {}
    if customer.get("tier") == "vip":
        yield _say("vip", language)
    elif snapshot and not snapshot.get("customer_id"):
        yield _say("guest", language)


def _deeds(tried: Sequence[Tried], language: str) -> Iterable[str]:
    """Each deed once with its last result, messages apart."""
    results = {step.action: step.status for step in tried if step.action not in ("send_message", "add_note")}
    for action, status in results.items():
        deed = label("action", action, language)
        yield _say(status, language, deed=deed) if status in ("failed", "unknown", "skipped") else deed


def _talk(case: _Case, language: str) -> Iterable[str]:
    """What the customer was told, by occasion, and what came back."""
    told, answers = [], []
    for message in case.get("messages") or []:
        occasion, choice = (str(message.get(field) or "").partition(":")[0] for field in ("occasion", "choice"))
        if occasion in ("feedback", ""):
            continue
        told.append(label("occasion", occasion, language))
        if choice in CHOICES:
            how = "declined" if choice.startswith("no") else "chose"
            answers.append(_say(how, language, choice=label("choice", choice, language)))
        elif message.get("replied_at"):
            answers.append(_say("wrote", language))
    if told:
        yield _say("told", language, what=_STOPS[language][1].join(dict.fromkeys(told)))
    yield from dict.fromkeys(answers)
    if case.get("resolution") == "no_response":
        yield _say("no_reply", language)


def _ending(case: _Case, facts: Mapping[str, Any], language: str) -> Iterable[str]:
    if (case.get("owner") or {}).get("kind") == "person":
        yield _say("handed", language)
    if relapses := int(facts.get("relapses") or 0):
        yield _say("once" if relapses == 1 else "reopened", language, n=relapses)
    yield _say("ended", language, ending=label("resolution", case.get("resolution"), language))
    rating = int(facts.get("rating") or 0)
    if rating and rating != _MIDDLING:
        yield _say("good" if rating > _MIDDLING else "bad", language)


def _say(key: str, language: str, **values: Any) -> str:
    return _pick(_WORDS[key], language).format(**values)


def _pick(words: tuple[str, str], language: str) -> str:
    return words[0 if language == "zh-CN" else 1]


def _sentence(parts: Iterable[str], language: str) -> str:
    comma, _, stop = _STOPS[language]
    said = comma.join(part for part in parts if part)
    return said[:1].upper() + said[1:] + stop.strip() if said else ""
