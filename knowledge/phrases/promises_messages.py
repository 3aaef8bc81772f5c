"""What the customer is told when a promise was not kept in time: sorry, and the new time."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "answer_late": {
        "zh-CN": "很抱歉，我们没能在约定的时间前就 {order} 给您答复。此事仍在跟进，我们最迟于 {expected_by}回复"
        "您，您无需再做任何说明。",
        "en": "We are sorry: we said that you would hear from us about {order} by now, and you did not. We are still "
        "on it and will get back to you by {expected_by} at the latest. You need not do or repeat anything.",
    },
    "outcome_late": {
        "zh-CN": "很抱歉，{order} 没有在我们告知的时间内处理完毕。我们正在跟进，最迟于 {expected_by}告知您结果。",
        "en": "We are sorry: {order} is not settled in the time we named. We are on it and will tell you the outcome "
        "by {expected_by} at the latest.",
    },
    "refund_late": {
        "zh-CN": "很抱歉，{order} 的退款没有按时到账。我们正在向支付机构核实，最迟于 {expected_by}告知您进展。",
        "en": "We are sorry: the refund for {order} is taking longer than it should. We are asking the payment "
        "provider and will tell you by {expected_by} at the latest how it stands.",
    },
    "delivery_late": {
        "zh-CN": "很抱歉，{order} 中的缺货商品没有在告知的日期前发出。我们正在核实，最迟于 {expected_by}告知您"
        "新的安排。",
        "en": "We are sorry: the goods for {order} that were on back-order have not been sent by the day we named. We "
        "are looking into it and will tell you by {expected_by} at the latest what happens next.",
    },
}
