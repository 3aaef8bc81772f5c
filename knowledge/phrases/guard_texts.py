"""What is said in place of a sentence that claims more than is known; the promise guard chooses."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "refund": {
        "zh-CN": "关于退款，我这里还没有可以向您确认的结果。",
        "en": "About a refund, I have nothing yet that I could confirm to you.",
    },
    "delivery": {
        "zh-CN": "具体的发货和送达情况，我现在不能向您保证。",
        "en": "I can't promise anything about shipping or delivery at this point.",
    },
    "contact": {
        "zh-CN": "我不能替同事承诺联系您的时间。如果您需要，可以让我转人工。",
        "en": "I can't promise on a colleague's behalf when they get in touch. If you like, ask me for a person.",
    },
    "charge": {
        "zh-CN": "扣款情况我现在无法向您确认。",
        "en": "I can't say anything certain about the charge at this point.",
    },
    "other_order": {
        "zh-CN": "这笔订单的情况我无法确认。",
        "en": "I can't confirm anything about that order.",
    },
    "done": {
        "zh-CN": "这一点我还不能向您确认。",
        "en": "I can't confirm that yet.",
    },
    "will": {
        "zh-CN": "这一点我现在不能向您保证。",
        "en": "I can't promise that.",
    },
    "standing": {
        "zh-CN": "目前能查到的是：{orders}。",
        "en": "What I can see is this: {orders}.",
    },
    "order": {"zh-CN": "订单 {id} 的状态为“{status}”", "en": "the status of order {id} is “{status}”"},
}
