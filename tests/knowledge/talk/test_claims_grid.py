"""Every deed in every mood: asserted it is a claim with its kind; asked, denied, offered or left open it is none."""

from __future__ import annotations

import pytest

from knowledge.talk.claims import claims
from knowledge.talk.deeds import DEEDS

# English: base, past participle, progressive and what follows. Chinese: the verb with its object.
EN = (
    ("refund", "refund", "refunded", "refunding", "the second payment"),
    ("refund", "return", "returned", "returning", "the ¥20.00 to your card"),
    ("cancel", "cancel", "cancelled", "cancelling", "the order"),
    ("cancel", "void", "voided", "voiding", "the purchase"),
    ("ship", "ship", "shipped", "shipping", "the parcel"),
    ("ship", "dispatch", "dispatched", "dispatching", "both items"),
    ("deliver", "deliver", "delivered", "delivering", "the parcel"),
    ("create_order", "create", "created", "creating", "a new order"),
    ("create_order", "place", "placed", "placing", "the order again"),
    ("reserve", "reserve", "reserved", "reserving", "the last pair"),
    ("reserve", "set", "set", "setting", "one aside for you"),
    ("release", "release", "released", "releasing", "the reserved stock"),
    ("replace", "replace", "replaced", "replacing", "the kettle"),
    ("replace", "exchange", "exchanged", "exchanging", "the shoes"),
    ("price", "correct", "corrected", "correcting", "the price"),
    ("price", "lower", "lowered", "lowering", "the total"),
    ("coupon", "issue", "issued", "issuing", "a voucher"),
    ("address", "update", "updated", "updating", "the address"),
    ("address", "correct", "corrected", "correcting", "the postcode"),
    ("charge", "charge", "charged", "charging", "the card"),
    ("charge", "capture", "captured", "capturing", "the authorised sum"),
    ("contact", "contact", "contacted", "contacting", "the courier"),
    ("contact", "call", "called", "calling", "the warehouse"),
    ("check", "check", "checked", "checking", "the tracking"),
    ("check", "look into", "looked into", "looking into", "the delay"),
    ("hand_over", "pass", "passed", "passing", "this to a colleague"),
    ("hand_over", "forward", "forwarded", "forwarding", "the case to our team"),
    ("compensate", "compensate", "compensated", "compensating", "the delay"),
    ("escalate", "escalate", "escalated", "escalating", "the case"),
    ("notify", "notify", "notified", "notifying", "everyone concerned"),
    ("record", "record", "recorded", "recording", "the new phone details"),
    ("hold", "pause", "paused", "pausing", "the shipment"),
    ("handle", "sort out", "sorted out", "sorting out", "the mix-up"),
)
ZH = (
    ("refund", "退款"), ("refund", "退还差价"), ("cancel", "取消订单"), ("ship", "发货"), ("ship", "寄出包裹"),
    ("deliver", "送货上门"), ("create_order", "重新下单"), ("reserve", "预留一件"), ("release", "释放库存"),
    ("replace", "更换商品"), ("replace", "换一件新的"), ("price", "调整总价"), ("price", "改价"),
    ("coupon", "发放一张优惠券"), ("address", "修改地址"), ("address", "更正邮编"), ("charge", "扣款"),
    ("contact", "联系快递"), ("contact", "催一下仓库"), ("check", "核实情况"), ("check", "查一下物流"),
    ("hand_over", "转接人工"), ("hand_over", "转给同事"), ("compensate", "补偿积分"), ("escalate", "加急"),
    ("escalate", "上报主管"), ("notify", "通知仓库"), ("record", "备注"), ("record", "登记情况"), ("hold", "暂停发货"),
    ("handle", "处理"), ("handle", "解决"),
)  # fmt: skip
DENIED = {"charge": {("done", "no_charge")}}
"""That nothing was taken is a claim itself."""

DONE_EN = (
    "I have just {past} {rest}.", "We've {past} {rest}, so please don't worry.", "I went ahead and {past} {rest}.",
    "As you asked, I've {past} {rest}.", "It looks like we have already {past} {rest}.",
)  # fmt: skip
WILL_EN = (
    "I'll {base} {rest} today.", "We are going to {base} {rest}.", "I'm {ing} {rest} right now.",
    "Rest assured that we will {base} {rest}.", "Don't worry, my colleague will {base} {rest}.",
)  # fmt: skip
NONE_EN = (
    "Would you like me to {base} {rest}?", "Shall I {base} {rest}?", "I can {base} {rest} if you like.",
    "If you agree, I'll {base} {rest}.", "Once you confirm, we will {base} {rest}.", "I'll {base} {rest}, okay?",
    "I haven't {past} {rest}.", "We can't {base} {rest}.", "Nobody has {past} {rest} yet.",
    "I'm not sure whether we {past} {rest}.", "You said that we had {past} {rest}.",
    "Just say the word and I will {base} {rest}.", "I hope we {past} {rest}.",
)  # fmt: skip
DONE_ZH = (
    "已经为您{words}了。", "我刚刚已帮您{words}。", "按您的要求，已给您{words}。", "您放心，这边已经{words}了。",
    "系统显示，已为您{words}。",
)  # fmt: skip
WILL_ZH = (
    "我马上为您{words}。", "正在为您{words}，请稍等。", "今天之内会给您{words}。", "您别担心，我们一定给您{words}。",
    "稍后同事会帮您{words}。",
)  # fmt: skip
NONE_ZH = (
    "需要我为您{words}吗？", "要不要给您{words}？", "我可以帮您{words}。", "如果您同意，我就给您{words}。",
    "您确认后，我们马上{words}。", "我帮您{words}，可以吗？", "还没有为您{words}。", "抱歉，我们没法{words}。",
    "不确定是否已经{words}。", "您说我们已经{words}了。", "您说一声，我就{words}。", "您点个头，我这边就{words}。",
    "希望已经为您{words}。",
)  # fmt: skip


def expect(deed: str, done: list[str], will: list[str], none: list[str]) -> None:
    def found(sentence: str) -> set[tuple[str, str]]:
        return {(one.kind, one.deed) for one in claims(sentence)}

    for kind, sentences in (("done", done), ("will", will)):
        for sentence in sentences:
            assert (kind, deed) in found(sentence), sentence
    for sentence in none:
        assert found(sentence) <= DENIED.get(deed, set()), sentence


def test_every_deed_is_in_the_grid() -> None:
    assert {row[0] for row in EN} == {row[0] for row in ZH} == set(DEEDS) - {"no_charge"}


@pytest.mark.parametrize(("deed", "base", "past", "ing", "rest"), EN)
def test_english(deed: str, base: str, past: str, ing: str, rest: str) -> None:
    def filled(templates: tuple[str, ...]) -> list[str]:
        return [one.format(base=base, past=past, ing=ing, rest=rest) for one in templates]

    expect(deed, filled(DONE_EN), filled(WILL_EN), filled(NONE_EN))


@pytest.mark.parametrize(("deed", "words"), ZH)
def test_chinese(deed: str, words: str) -> None:
    def filled(templates: tuple[str, ...]) -> list[str]:
        return [one.format(words=words) for one in templates]

    expect(deed, filled(DONE_ZH), filled(WILL_ZH), filled(NONE_ZH))
