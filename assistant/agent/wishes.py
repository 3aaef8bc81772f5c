"""What staff want beyond facts: advice, a proposal, a hand-off, a rule, a draft; by cues in both languages.

The talk room's model knows a question about the case; these cues part its "do" and "next" further, and catch what it
was never taught. Called by the offline model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from assistant.agent.intents import Intent
from assistant.agent.matching import names_a_deed
from knowledge.talk.choosing import option_number


class Wish(StrEnum):
    """What is to be suggested, proposed, looked up or written."""

    ADVISE = "advise"  # what should be done
    CHOOSE = "choose"  # one of the suggestions is to be put up for approval
    LEAVE = "leave"  # something is not to be done
    DECIDE = "decide"  # a waiting plan is to be approved or rejected
    HAND_OFF = "hand_off"
    POLICY = "policy"
    DRAFT = "draft"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a message asks: questions about the case, and wishes; both in the order they are answered."""

    intents: list[Intent]
    wishes: list[Wish] = []


def _cue(chinese: str, english: str) -> re.Pattern[str]:
    return re.compile(rf"{chinese}|{english}", re.IGNORECASE)


_CLAUSES = re.compile(
    r"(?<=[。！？!?;；\n])|[,，、](?![0-9])|\band (?:then )?|\balso\b|还有|另外|顺便|然后|并且", re.IGNORECASE
)
_WHO_OF_US = r"(?:顾客|客户|买家|用户|他|她|对方)"
_BOSS = r"(?:主管|上级|经理|组长|领导|人工|客服|同事|专员|财务|团队|其他人|别人)"
_EN_BOSS = (
    r"(?:supervisor|manager|senior|team|lead|boss|colleague|agent|somebody|someone|person|human|specialist|people)"
)

_ITSELF = _cue(
    r"你(?:都)?(?:能|会|可以)(?:做|干|帮我做)?(?:些)?(?:什么|啥)(?!.{0,4}(?:建议|方案))|怎么用你",
    r"\bwhat can you (?:do|help)\b(?! about| for th| with th)|\bwho are you\b|\bhow do you work\b",
)
_REASON = _cue(r"因为|由于|毕竟|原因", r"\b(?:because|since|as) ")  # says why, and asks nothing of its own
_REQUEST = _cue(r"帮|请(?!问)|麻烦|劳驾", r"\b(?:can|could|would|will) you\b|\bplease\b")
# A question in form only: somebody is asked to do it.
_ASKED_FOR = _cue(
    r"(?:能|可以|可否|能否|麻烦|请(?!问)|你)[^，。]{0,3}(?:帮|替)|帮(?:我|忙)", r"\b(?:can|could|would|will) you\b"
)
_QUESTION = _cue(
    r"吗|么[？?]?$|呢[？?]?$|[？?]\s*$|多久|多少|为什么|为何|怎么|如何|是否|有没有|谁|该不该|要不要|能不能|可不可以|哪|什么",
    r"^\W*(?:what|why|who|whose|when|where|which|how|is|was|were|are|has|have|did|does|do (?:i|we|you)|should|shall"
    r"|can (?:i|we|it)|could (?:i|we|it)|may|must|would (?:it|that))\b",
)
_REPORTED = _cue(
    r"(?:了|过|说的)(?:吗|没|么|$)|为什么|为何|谁|已经|之前|刚才",
    r"\b(?:why|who|was|were|has|have|had|did|been|already)\b",
)
_REFUSED = _cue(
    r"(?<!要)(?:别(?![的人处])|不要|不用|先不|暂不|暂时不|不想|无需|不需要|不必)",
    r"\b(?:do not|don'?t|never|not yet|hold off|stop|no need to|leave it)\b",
)

_DRAFT = _cue(
    r"(?:写|拟|起草|草拟|准备|编辑?|来|出|给我|想)(?:个|一个|一条|条|一段|段|一份|份|一封|封|一下|下|好)?(?:中文|英文)?(?:的)?"
    rf"(?:给{_WHO_OF_US})?(?:的)?(?:回复|答复|话术|消息|短信|邮件|文案|回信|草稿)"
    rf"|(?:怎么|如何|该怎么|咋)(?:回复|答复|回|(?:跟|和|对|向){_WHO_OF_US}(?:说|讲|解释|交代|沟通))"
    rf"|(?:给|跟){_WHO_OF_US}(?:回|发|写)(?:个|一个|条|一条|封|一封)?(?:消息|短信|信|邮件|话)"
    rf"|回复(?:一下)?{_WHO_OF_US}|回(?:一下)?{_WHO_OF_US}(?:消息|的话)",
    r"\b(?:draft|compose|write|word|prepare|suggest)\b.{0,24}\b(?:reply|answer|message|response|e-?mail|note|text)\b"
    r"|\b(?:what|how) (?:should|do|can|could|shall|would) (?:i|we|you) (?:say|tell|write|reply|respond|answer|word)\b"
    r"|\breply to (?:the )?(?:customer|buyer|him|her|them)\b"
    r"|\b(?:send|text|e-?mail|message) (?:the )?(?:customer|buyer|him|her|them|a (?:message|reply|note))\b",
)
_HAND_OFF = _cue(
    rf"(?:转|移交|交|升级|上报|派|分)(?:接|给|到|至)?(?:一下)?[^，。,.]{{0,4}}{_BOSS}|升级(?:处理|上去)|(?:让|叫|请|找){_BOSS}"
    r"[^，。,.]{0,2}(?:来|处理|接手|看|跟进|负责)",
    r"\bhand (?:it|this|that|the case|him|her|them)?\s?(?:over|off)\b"
    rf"|\b(?:hand|pass|transfer|give|assign|send|escalate|forward|route|move)\b.{{0,24}}\bto\b.{{0,16}}\b{_EN_BOSS}s?\b"
    rf"|\bescalate\b|\blet (?:a|the|my|another) {_EN_BOSS}\b|\b(?:get|bring) (?:a|the|my) {_EN_BOSS}\b",
)
_RULE = _cue(
    r"规定|政策|规则|制度|流程是|权限|额度|上限|门槛|免打扰|按规矩"
    r"|(?:谁|哪个?(?:级别|角色)|什么人|哪级)(?:来|能|可以|有权|才能)?(?:审|批)|(?:要|需|需要|得)(?:谁|哪个?(?:级别|角色)|什么人)"
    r"[^，。]{0,3}(?:审|批)"
    r"|(?:能|可以|可不可以|能不能|是否可以)[^，。]{0,8}(?:承诺|保证|补偿|赔偿|补发?券|发券|补发?优惠券|晚上|夜里|夜间)"
    r"|(?:优惠券|补偿券|券)(?:能|可以)(?:不能|不可以)?(?:补发|重发|再发|延期)"
    r"|(?:晚上|夜里|夜间|半夜)[^，。]{0,8}(?:能|可以|短信|打电话|联系)",
    r"\bpolic(?:y|ies)\b|\brules?\b|\bprocedure\b|\bguidelines?\b|\b(?:am i|are we|is it) allowed\b|\bquiet hours\b"
    r"|\b(?:who|which role)(?: has to| must| may| can| needs to| should| is allowed to)?"
    r" (?:approves?|sign off|decides?)\b"
    r"|\bwhose approval\b|\b(?:approval|automatic|auto|refund) limits?\b|\bthreshold\b"
    r"|\b(?:can|may|should|must) (?:i|we) (?:promise|guarantee|compensate|call|text|contact|give (?:out )?(?:a )?coupon"
    r"|reissue|issue)|\bcan an? \w+ be (?:reissued|undone|extended|cancelled|refunded)\b",
)
_DURATION = _cue(
    r"(?:一般|通常|正常|平时)[^，。]{0,10}(?:多久|几天|多长时间|什么时候)"
    r"|(?:退款|到账|退货|预售|缺货|补货|发货|换货|取消|优惠券|自提|审批|退钱)[^，。]{0,6}(?:多久|几天|多长时间|几个工作日)",
    r"\bhow (?:long|many (?:business |working )?days|soon)\b.{0,40}\b(?:refunds?|deliver\w*|shipping|ship|back-?orders?"
    r"|approvals?|exchange|substitut\w*|pickup|coupons?|credited)\b|\b(?:usually|normally|typically)\b",
)
_THIS_CASE = _cue(
    rf"这(?:个|单|笔|位|一单|份)|该(?:单|订单|个案)|本(?:单|案|个案)|方案|{_WHO_OF_US}",
    r"\b(?:this|that|the plan|the customer|the buyer|his|her|their)\b",
)
_DECIDE = _cue(
    r"(?:^|帮我|请|我)(?:批准|同意|通过|审批|驳回|否决)|(?:批准|通过|驳回|审批)(?:掉|一下|这个|该|此|它|吧|方案|计划)",
    r"^\W*(?:please |can you |could you )?(?:approve|reject|sign off|decline)\b",
)
_GO = _cue(
    r"^\W*(?:那)?就?(?:按|照|用|选|走|执行|采纳|采用)|就(?:这么|这样|按|用|选|它|照)|(?:照|按)[^，。]{0,8}(?:办|处理|来|做|执行|走)"
    r"|提交(?:审批|方案|上去|吧)|(?:采纳|执行)(?:吧|这个|该|方案|建议|第)",
    r"\bgo ahead\b|\bgo (?:with|for)\b|\b(?:do|take|choose|pick|propose|submit|try|use) "
    r"(?:it|that|this|number|option|the|no\.?|#)\b"
    r"|^\W*(?:let'?s )?(?:proceed|do (?:it|that|so))\b|\bput (?:it|that|this|the \w+ one) up\b",
)
_ADVISE = _cue(
    r"怎么办|咋办|怎么处理|如何处理|怎么解决|如何解决|怎样处理|该(?:怎么|如何|咋)(?:做|弄|办|处理|操作|跟进)?|建议|推荐|该做什么|要做什么"
    r"|有(?:哪些|什么|啥)(?:处理)?(?:方案|办法|选择|选项|可选|方式|做法)|(?:哪个|哪种|什么)(?:方案|办法|做法|处理方式)|最好的?(?:方案|办法)"
    r"|最稳妥|怎么选|选哪个",
    r"\bwhat (?:should|shall|can|could|ought|must|would|might) (?:i|we|you)\b"
    r"(?! (?:say|tell|write|reply|respond|answer))"
    r"|\bwhat do (?:you (?:suggest|recommend|advise|propose|think)|i do|we do)\b"
    r"|\bsuggest\w*\b|\brecommend\w*\b|\badvi[cs]e\b"
    r"|\boptions?\b|\bhow (?:should|do|can|could|would|shall) (?:i|we|you) (?:handle|solve|fix|resolve|proceed|deal"
    r"|go on|sort)\b|\b(?:best|right|safest) (?:option|way|action|thing|course|move|next step)\b|\bshould (?:i|we)\b",
)
# What each wish must not look like; the first that fits a clause counts.
_ASSUMED_BY_QUESTION = (Wish.HAND_OFF, Wish.DECIDE, Wish.CHOOSE)
_QUIET = (Intent.GREETING, Intent.OUT_OF_SCOPE)


def asked_in(text: str, intents_of: Callable[[str], Sequence[Intent]]) -> Asked:
    """What a message of staff asks; `intents_of` is the talk room's model.

    Without a cue it is the model's answer, except that a deed asked for becomes `CHOOSE` and a question about one
    `ADVISE`.
    """
    if _ITSELF.search(text):
        return Asked(intents=[Intent.GREETING])
    whole = list(intents_of(text))
    clauses = [c for piece in _CLAUSES.split(text) if (c := piece.strip()) and not _REASON.match(c)]
    marked = [(clause, _wish(clause, whole)) for clause in clauses]
    wishes = list(dict.fromkeys(wish for _, wish in marked if wish is not None))
    if not wishes and (wish := _wish(text, whole)) is not None:  # a comma stood inside of it
        wishes, marked = [wish], [(text, wish)]
    rest = "，".join(clause for clause, wish in marked if wish is None)
    if wishes:
        also = [intent for intent in (intents_of(rest) if rest else []) if intent in whole or intent is Intent.DO]
        whole = [intent for intent in also if intent not in _QUIET]
        if any(wish is Wish.POLICY and _of_both(clause) for clause, wish in marked):
            whole = list(dict.fromkeys([*whole, Intent.MONEY]))
    if Intent.DO in whole:
        whole.remove(Intent.DO)
        deed = _deed(rest or text)
        wishes = wishes if deed in wishes or Wish.CHOOSE in wishes else [deed, *wishes]
    return Asked(intents=whole, wishes=wishes)


def is_question(text: str) -> bool:
    """Whether something is asked, rather than asked for."""
    return bool(_QUESTION.search(text)) and not _REQUEST.search(text)


def _deed(text: str) -> Wish:
    if _REFUSED.search(text):
        return Wish.LEAVE
    return Wish.ADVISE if is_question(text) else Wish.CHOOSE


def _wish(clause: str, whole: Sequence[Intent]) -> Wish | None:
    """The wish that a clause's cues speak of."""
    if _DRAFT.search(clause) and not (_REPORTED.search(clause) or _RULE.search(clause)):
        return Wish.DRAFT
    told = _HAND_OFF.search(clause), _DECIDE.search(clause), _GO.search(clause) or _numbered(clause, whole)
    refused = bool(_REFUSED.search(clause))
    for wish, found in zip(_ASSUMED_BY_QUESTION, told, strict=True):
        if found and not is_question(clause) and not _REPORTED.search(clause):
            return Wish.LEAVE if refused else wish
    if refused and names_a_deed(clause) and not is_question(clause):
        return Wish.LEAVE
    if _RULE.search(clause):
        return Wish.ADVISE if _THIS_CASE.search(clause) and _approver(clause) else Wish.POLICY
    if _DURATION.search(clause):
        return Wish.POLICY
    if _ASKED_FOR.search(clause) and names_a_deed(clause):
        return Wish.LEAVE if refused else Wish.CHOOSE
    return Wish.ADVISE if _ADVISE.search(clause) else None


def _numbered(clause: str, whole: Sequence[Intent]) -> bool:
    """ "The second one": a choice, unless something is asked about it."""
    numbered = bool(option_number(clause))
    return numbered and (len(clause) <= _SHORT or Intent.DO in whole)


_SHORT = 16  # characters of a clause that is nothing but a choice


def _approver(clause: str) -> bool:
    return bool(_cue(r"审|批", r"approv|sign off").search(clause))


def _of_both(clause: str) -> bool:
    """A duration asked about this very customer: the rule, and how it stands here."""
    return bool(_DURATION.search(clause) and _THIS_CASE.search(clause))
