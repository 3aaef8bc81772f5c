"""What the follow-up says: the question how we did, its notices to staff, and why an option ranks as it does."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "ask_feedback_subject": {"zh-CN": "关于 {order}：请为我们的服务打分", "en": "About {order}: how did we do?"},
    "ask_feedback": {
        "zh-CN": "您好，{order} 的问题已处理完毕。您对这次处理满意吗？请选择 1–5 分（5 分最满意），"
        "也欢迎直接回复这条消息，简单说说哪里好、哪里还需改进。若不想评价，忽略本消息即可。",
        "en": "The matter with {order} has been dealt with. How did we do? Please choose 1 to 5 (5 is best), and if "
        "you like, reply with a word on what was good or what was not. You need not answer.",
    },
}

# In this order: who answers with a number means the rating, which is the choice's number, too.
RATINGS: dict[int, dict[str, str]] = {
    1: {"zh-CN": "1 分 · 非常不满意", "en": "1 · very dissatisfied"},
    2: {"zh-CN": "2 分 · 不满意", "en": "2 · dissatisfied"},
    3: {"zh-CN": "3 分 · 一般", "en": "3 · neither good nor bad"},
    4: {"zh-CN": "4 分 · 满意", "en": "4 · satisfied"},
    5: {"zh-CN": "5 分 · 非常满意", "en": "5 · very satisfied"},
}

NOTICES: dict[str, dict[str, str]] = {
    "relapse": {
        "zh-CN": "{order}：问题解决后又复发，个案已重新打开（{faults}）",
        "en": "{order} was put right and has broken again, so its case is open again: {faults}",
    },
    "bad_rating": {
        "zh-CN": "{order}：顾客评分 {rating} 分（满分 5 分）",
        "en": "{order}: the customer rated us {rating} of 5",
    },
    "words": {
        "zh-CN": "{order}：顾客在评价中留了言，请查看",
        "en": "{order}: the customer left a comment on how we did; please read it",
    },
}

RANKING: dict[str, dict[str, str]] = {
    "thin": {
        "zh-CN": "已知结果 {n} 例，不足 {least} 例，按既定顺序",
        "en": "Known outcomes: {n}, fewer than {least}: the policy's order stands",
    },
    "steady": {
        "zh-CN": "{n} 例中 {good} 例效果良好，与预期相近，顺序不变",
        "en": "{good} of {n} turned out well, about as expected: its place stands",
    },
    "raised": {
        "zh-CN": "{n} 例中 {good} 例效果良好，优于预期，顺序靠前",
        "en": "{good} of {n} turned out well, better than expected: it counts for more",
    },
    "sunk": {
        "zh-CN": "{n} 例中仅 {good} 例效果良好，低于预期，顺序靠后",
        "en": "Only {good} of {n} turned out well, fewer than expected: it counts for less",
    },
}
