"""What a customer is sent when a colleague has written in the chat and they were not there to read it."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "new_words_subject": {
        "zh-CN": "关于 {order}：客服给您留言了",
        "en": "About {order}: a colleague has written to you",
    },
    "new_words": {
        "zh-CN": "您好，关于 {order}，我们的同事已在客服聊天中给您留言，打开店铺的客服窗口即可查看并回复。",
        "en": "A colleague has written to you about {order}. Open the chat in our shop to read it and to answer.",
    },
}
