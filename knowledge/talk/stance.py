"""Yes, no, "don't" and "give me a person", in both languages, by rules on the safe side; called by understand."""

from __future__ import annotations

import re
from typing import Literal

YesNo = Literal["yes", "no"]
_END = r"(?=$|[\s,，。.!！~～、;；…?？])"

# -- a person ---------------------------------------------------------------------------------------------------------

_PEOPLE_ZH = (
    r"(?:真人|活人|大活人|人类|客服(?!机器人)|经理|主管|领导|负责人|老板|店长|店主|专员|专人|管事的|能做主的|懂的人"
    r"|你们的?人)"
)
_HUMAN_ZH = re.compile(
    r"(?:转|接|找|要|换|叫|上|呼叫|召唤|联系|求|给我|切换?到?|接入|进|派)(?:到|一下|个|一个|下|你们|我)*(?:人工|真人"
    r"|活人)"
    rf"|(?:转|接|找|换|叫|呼叫|派|安排|请|喊|让|给我|需要|想要|我要)(?:到|一下|个|一个|一位|位|你们|我|的|来"
    rf"|找)*{_PEOPLE_ZH}"
    r"|(?:转|找|换|叫|安排|喊|让)(?:个|一个|你们)?人(?:来|工|跟我|和我|给我|处理|接|说话|回我|回复|联系)"
    rf"|(?:跟|和|同|与)(?:个|一个|你们)?(?:人工|人|{_PEOPLE_ZH[3:-1]})(?:客服)?(?:说|谈|聊|讲|沟通|对话|对接|交流)"
    r"|(?:有没有|有木有|有)(?:人工|真人|活人|个?能管事的)|人工(?:客服)?(?:在吗|在不在|在线吗|呢|有吗)"
    r"|(?<![\u3400-\u9fff])人(?:呢|都死哪|在哪)|(?:还|到底)有(?:没有)?人(?:吗|在|管|理)|有人管吗|不(?:想|要"
    r"|愿意?)(?:再)?(?:跟|和|让)(?:你|这个)?(?:破|个)?(?:机器人?|ai|AI)"
    r"|(?<![\u3400-\u9fff])(?:人工客服|人工服务|人工|真人客服|在线客服)(?:[!！。~～\s]|快|来|呢|啊|吧|谢谢|出来|$)+"
    r"|^客服(?:[!！。~～\s]*$|[!！\s]*(?:快|出来|来|滚出来))|(?:要|需要|想(?:跟|和|找)).{0,4}客服(?:本人|人员|小姐姐"
    r"|小哥)?(?:$|[!！。,，~\s]|来|处理|说|聊|讲|沟通)"
)
_NOT_ASKED_ZH = re.compile(
    r"人工智能|人工费|人工成本|纯人工|人工(?:制作|缝制|养殖)|是(?:不是)?(?:人工|真人|机器人)(?:还是|吗|嘛|呀|啊|么)"
)
_REPORTED_ZH = re.compile(
    r"(?:昨[天晚]|前天|刚[才刚]?|之前|上次|上回|早上|那个|有个|已经).{0,6}?(?:找|问|联系|咨询|打)?(?:过"
    r"|了)?.{0,3}?(?:人工|客服|真人).{0,6}?"
    r"(?:说|告诉|答应|承诺|保证|让我|回复|跟我讲|处理|讲)|(?:客服|人工)(?:之前|昨天|刚才|都|已经|也)?(?:说|告诉|答应"
    r"|承诺|保证|让我)"
)
_REFUSED_HUMAN_ZH = re.compile(
    r"(?<!要)(?:不用|不要|不需要|别|无需|不必|甭|先不|先别|不想)(?:再|给我|帮我|急着)*(?:转|找|接)?(?:到)?(?:人工"
    r"|真人|客服)(?!.{0,2}?机器)")
_PEOPLE_EN = (
    r"(?:humans?(?: being| agent| representative)?|(?:real|live|actual|living|human) (?:person|people|human|agent"
    r"|representative|rep|being|"
    r"operator|someone)|agents?|representatives?|reps?|operators?|supervisors?|managers?|persons?|people"
    r"|customer (?:service|support|care)"
    r"|someone(?: real| human| who| else| in charge| from)?|somebody(?: real| who| else)?|team member"
    r"|staff(?: member)?|advisors?"
    r"|live chat|the boss|specialist)"
)
_HUMAN_EN = re.compile(
    rf"\b(?:talk|speak|chat|talking|speaking|chatting)(?: directly)? (?:to|with) (?:an?|the|your|some|any"
    rf"|one of your)?\s*(?:\w+ )?{_PEOPLE_EN}\b"
    rf"|\b(?:connect|transfer|put|pass|hand|switch|forward|redirect|escalate|patch|route|send)\b.{{0,22}}?\b(?:to"
    rf"|with|through to|over to)\b"
    rf".{{0,10}}?\b{_PEOPLE_EN}\b"
    rf"|\b(?:get|give|want|need|find|fetch|bring|like|let me have|call|prefer)\b(?: me| us| to have| to get)? "
    rf"(?:an?|the|your|some|any)?\s*(?:{_PEOPLE_EN.replace('|people', '').replace('|someone(', '|someone(')})\b(?! ("
    rf"?:told|said|promised))"
    rf"|^\W*(?:an? )?(?:human|agent|representative|rep|operator|real person|live agent|live person|customer service"
    rf"|supervisor|manager|person)"
    r"\b[\s,]*(?:please|pls|plz|now|asap|!|\.|$)+"
    r"|\b(?:is|are) there (?:an?|any|some)?\s*(?:real |actual |live |human )(?:person|people|human|agent|being|one)"
    r"|\bnot (?:a|another|this|some) (?:stupid |damn |bloody |dumb )?(?:bot|robot|machine)\b|\banyone (?:real|human"
    r"|there|alive)\b"
    r"|\b(?:speak|talk|talking|speaking) to (?:a )?(?:human|someone|somebody|anyone)\b|\bstop (?:the|this"
    r"|with the) (?:bot|robot)"
    r"|\breal (?:human|person) (?:please|now)|\b(?:agent|human|representative|supervisor|manager)[, ]+(?:please|pls"
    r"|plz|now)\b"
    r"|\bhuman (?:help|support|assistance)\b",
    re.IGNORECASE,
)
_NOT_ASKED_EN = re.compile(
    r"\bare you (?:an? )?(?:real|human|actual|live|bot|robot)|\b(?:your|the|an|that|one of your|my"
    r"|another) (?:\w+ )?(?:agent|representative|rep|"
    r"manager|supervisor|colleague|person|operator)s?\b.{0,20}?\b(?:told|said|promised|assured|already|confirmed"
    r"|mentioned|wrote)\b"
    r"|\bi (?:already )?(?:talked|spoke|chatted|was talking|was speaking) (?:to|with)\b|\breal estate\b|travel agent"
    r"|\bgive (?:it|this|that|them) to (?:someone|somebody)",
    re.IGNORECASE,
)
_REFUSED_HUMAN_EN = re.compile(
    r"\b(?:don'?t|do not|no need (?:to|for)|no|not|without|needn'?t|rather not)\b(?: (?:want|need|have|like"
    r"|wish))?(?: to| for| me| an?| the| any)*"
    r"(?: (?:connect|transfer|talk|speak|escalate|pass|hand|put)(?:ing)?)?(?: me| it| this| to| with| an?| the| over"
    r"| on| through| any)*"
    r" (?:humans?|real person|live agents?|agents?|representatives?|persons?|operators?|supervisors?"
    r"|managers?)\b(?! because)",
    re.IGNORECASE,
)


_WHAT_ARE_YOU = re.compile(
    r"你(?:们)?(?:到底)?是.{0,3}(?:人工|真人|机器人?|AI|ai)|\bare you (?:an? )?(?:real|human|actual|bot|robot|ai)\b")


def asks_what_we_are(text: str) -> bool:
    """Whether the text asks if a person or a machine is answering, and asks for nobody."""
    return _WHAT_ARE_YOU.search(text) is not None and asks_for_human(text) is None


def asks_for_human(text: str) -> bool | None:
    """True: they ask for a person. False: they say that they want none. None: nothing is said of it by these rules."""
    refused = _REFUSED_HUMAN_ZH.search(text) or _REFUSED_HUMAN_EN.search(text)
    bare = _REFUSED_HUMAN_EN.sub(" ", _REFUSED_HUMAN_ZH.sub("。", text))
    bare = _NOT_ASKED_EN.sub(" ", _REPORTED_ZH.sub("。", _NOT_ASKED_ZH.sub("。", bare)))
    if _HUMAN_ZH.search(bare) or _HUMAN_EN.search(bare):
        return True
    return False if refused else None


# -- what they do not want --------------------------------------------------------------------------------------------

_NOT_ZH = (
    r"(?<!要)(?<!能)(?<!是)(?:不要|不用|别|先别|先不|不需要|无需|不必|甭|没让你们?|没说要?|没要求|没有要求|没有要"
    r"|没想要?|不想(?!要)|不打算|可别|千万别|不准|不许|不同意|不是要|不是想|并不想)"
)
_LINK_ZH = (
    r"(?:再|给我|帮我|替我|直接|随便|擅自|私自|自动|乱|就|把.{1,8}?|将.{1,8}?|我的?|这个|这单|那单|订单|要|想|去|你们"
    r"|申请|现在|急着|马上)*"
)
_DEEDS_ZH = {
    "cancel_order": r"取消|撤单|关闭?订单|撤销",
    "request_refund": r"退款|退货|退钱|退(?!货|款|钱|出|订)",
    "change_address": r"(?:改|换|变更|修改|动)(?:收货|收件)?地址",
    "change_item": (
        r"(?:换|替换|更换|改)(?:货|款|成|别的|其他|其它|颜色|尺码|型号|商品|一个|一款|掉|(?=$|[,，。!！了]))"
    ),
    "pay_now": r"(?:付款|支付|扣款|扣钱|扣(?:我|费))",
}
_NOT_EN = (
    r"(?<!why )(?<!can't you )(?:\b(?:please )?(?:do not|don'?t|dont|never|no need (?:to|for)|needn'?t|not to"
    r"|rather not|didn'?t (?:ask|want|tell) (?:you|anyone|to)(?: to)?"
    r"|did not (?:ask|want) (?:you )?(?:to)?|without|not going to|wouldn'?t|no longer (?:want|wish|need) to"
    r"|stop)\b)(?! you)"
)
_LINK_EN = (
    r"(?: (?:please|just|you|dare|want|need|wish|like|to|my|the|this|that|it|a|any|me|ever|go|and|automatically"
    r"|simply|yet|actually|trying|asking|asked|for|have))*"
)
_DEEDS_EN = {
    "cancel_order": r"(?:cancel(?:l?ing)?|cancell?ation)\b",
    "request_refund": r"(?:refund(?:ing)?|money back|return(?:ing)? (?:it|the|this|my|anything))\b",
    "change_address": (
        r"(?:chang(?:e|ing)|updat(?:e|ing)|edit|touch|alter)(?: my| the| our)?(?: delivery| shipping)? address\b"
    ),
    "change_item": (
        r"(?:swap(?:ping)?|substitut(?:e|ing|ion)|replac(?:e|ing|ement)|exchang(?:e|ing)|alternatives?"
        r"|different (?:one|item|colou?r))\b"
    ),
    "pay_now": r"(?:charge|pay(?:ing)?|bill)\b(?! attention)",
}


def negated(text: str) -> frozenset[str]:
    """The customer intents whose deed the text forbids or disowns: `别取消` → `cancel_order`.

    "I don't want it any more" and "why don't you refund me" forbid nothing.
    """
    found = {
        intent for intent, deed in _DEEDS_ZH.items() if re.search(rf"{_NOT_ZH}{_LINK_ZH}(?:{deed})", text)
    } | {
        intent for intent, deed in _DEEDS_EN.items()
        if re.search(rf"{_NOT_EN}{_LINK_EN} (?:{deed})", text.replace("’", "'"), re.IGNORECASE)
    }  # fmt: skip
    if re.search(r"\bno (?:refund|cancell?ation|substitut|replacement|swap)", text, re.IGNORECASE):
        found |= {"request_refund"} if "refund" in text.lower() else set()
    if asks_for_human(text) is False:
        found.add("human")
    return frozenset(found)


# -- yes and no -------------------------------------------------------------------------------------------------------

_QUESTION = re.compile(
    r"(?:行不行|好不好|可不可以|可以不可以|要不要|是不是|对不对|能不能|吗|么|嘛)[?？。\s~～呀啊]*$|[?？]\s*$"
    r"|^(?:is|are|can|could|does|do you|will|would|what|when|how|why|where|which|who)\b(?! not\b)",
    re.IGNORECASE,
)
_YES_ANYWAY = re.compile(
    r"没(?:有)?(?:问题|关系|毛病|意见|事)|不介意|不错|不反对|没异议|\bno (?:problem|worries|objections?|issue)\b"
    r"|\bwhy not\b|\bnot a problem\b"
    r"|\bdon'?t mind\b|\bwouldn'?t mind\b|\bcan'?t complain\b",
    re.IGNORECASE,
)
_NO_ZH = re.compile(
    r"(?<!要)(?<!好)(?<!行)(?<!以)(?:不用|不要|不需要|不必|不行|不可以|不同意|不接受|不愿意?|不想|不了|不对"
    r"|不是(?!不)|不换|不退|不改|不取消|不买|不付|"
    r"不确认|不考虑|不合适|不选|不干|算了|拒绝|免了|没必要|先别|先不|别(?!的|人|说)|暂时不|没兴趣|否(?!则))|^(?:不"
    r"|否|no|nope)(?:[,，。!！\s]|$)"
)
_YES_ZH = re.compile(
    rf"^[\s,，~～]*(?:嗯+|恩+|额|哦|噢|啊)*[\s,，]*(?:好的?|好滴|好哒|好嘞|好呀|好吧|好啊|行|行吧|行的?|可以|可|成"
    rf"|中|妥|是|是的|对|对的|没错|同意|接受|确认|确定|需要|要|要的|愿意|"
    rf"嗯+|恩+|必须|当然|就这样|就这么办|就这个|那就这样|那就这么办|那行|那好|那可以|麻烦(?:你|您)?了|ok|okay|yes"
    rf"|没错|正确|收到|允许|授权|批准|听你的|按你说的)"
    rf"(?:的|了|啊|呀|吧|呢|哦|哈|滴|哒|嘞|啦|噢|喽|办|来|谢谢|麻烦|你|您|帮我|就|那|处理|换|退|取消|改)*{_END}",
    re.IGNORECASE,
)
_YES_EN = re.compile(
    r"^\W*(?:(?:oh|ah|well|hmm|um|uh|right|ok|okay|so)[, ]+)?(?:yes|yeah|yea|yep|yup|ya|sure|ok|okay|okey|k|kk|fine"
    r"|alright|all right|absolutely|definitely|"
    r"certainly|of course|agreed?|i agree|i accept|accept(?:ed)?|confirm(?:ed)?|i confirm|correct|right"
    r"|that'?s (?:right|correct|fine|ok|okay|good|it)|go ahead|"
    r"please do|do it|do that|let'?s do (?:it|that)|sounds (?:good|great|fine)|works for me|that works|perfect|great"
    r"|deal|affirmative|y|"
    r"by all means|i'?m (?:ok|okay|fine|happy) with (?:that|it|this)|please go ahead|proceed|approved?|exactly"
    r"|indeed)\b",
    re.IGNORECASE,
)
_NO_EN = re.compile(
    r"^\W*(?:(?:oh|ah|well|hmm|um|uh|sorry|actually|ok|okay)[,. ]+)*(?:no|nope|nah|n|never ?mind|negative|not (?:now"
    r"|yet|really|interested|that|this|like)|"
    r"(?:please )?(?:don'?t|do not)|i'?d rather not|i (?:don'?t|do not|decline|refuse|disagree|changed my mind"
    r"|won'?t)|decline|"
    r"leave it|forget it|wrong|that'?s (?:wrong|not)|absolutely not|certainly not|no way|stop)\b|\bno,? thanks?\b"
    r"|\bno thank you\b|\bno need\b|"
    r"\bi'?ll pass\b|\bdon'?t bother\b|\bnot (?:ok|okay|fine|good|acceptable|happy with)\b",
    re.IGNORECASE,
)


def yes_or_no(text: str) -> YesNo | None:
    """Whether a reply to our question says yes or no; a question, and what says neither or both ways, is None.

    Where both stand ("好的，不要取消") it is no: declining changes nothing.
    """
    text = text.strip().replace("’", "'")
    if _YES_ANYWAY.search(text):
        bare = _YES_ANYWAY.sub(" ", text)
        return None if _NO_ZH.search(bare) or _NO_EN.search(bare) else "yes"
    if _QUESTION.search(text):
        return None
    if re.search(r"不是不|不能不|没有不", text):
        return None
    if _NO_ZH.search(text) or _NO_EN.search(text):
        return "no"
    return "yes" if _YES_ZH.search(text) or _YES_EN.search(text) else None
