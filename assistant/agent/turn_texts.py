"""What a turn says when it can't end as it should; rendered by `knowledge.phrases`, for staff and customers alike."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "out_of_seconds": {
        "zh-CN": "抱歉，这个问题我没能在限定的时间内答完，只好先停在这里。您可以把问题拆开，一件一件再问我一次。",
        "en": "Sorry, I ran out of time before I could finish this answer, so I have to stop here. Please ask again, "
        "one thing at a time.",
    },
    "out_of_tokens": {
        "zh-CN": "抱歉，这个问题涉及的内容太多，我一次答不完，只好先停在这里。请一次只问一件事，我再为您查。",
        "en": "Sorry, there is more to read for this than I can take in at once, so I have to stop here. Please ask "
        "about one thing at a time.",
    },
    "out_of_steps": {
        "zh-CN": "抱歉，这个问题我查了几次还是没能得出结论，只好先停在这里。请换个说法，或者一次只问一件事。",
        "en": "Sorry, I looked this up several times and still have no answer, so I have to stop here. Please put it "
        "differently, or ask about one thing at a time.",
    },
    "deeds_stand": {
        "zh-CN": "刚才已经提交的内容仍然有效。",
        "en": "What was already submitted just now still stands.",
    },
    "nothing_certain": {
        "zh-CN": "抱歉，这一点我现在没有办法向您确认。",
        "en": "Sorry, that is something I can't confirm right now.",
    },
    "approve_on_case": {
        "zh-CN": "方案 {version} 已提交，正在等待审批；请在个案页面批准或驳回，批准后才会执行。",
        "en": "Plan {version} was put up and waits for approval. Approve or reject it on the case; it is performed "
        "only after that.",
    },
    "hand_off_on_case": {
        "zh-CN": "尚未转交。请在个案页面点击“转人工”确认。",
        "en": "Nothing was handed over yet. Click “Hand off” on the case to confirm.",
    },
}
