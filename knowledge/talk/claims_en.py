"""Claims in English sentences: verbs by deed, and what stands before them; `claims` calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from knowledge.talk import deeds as c
from knowledge.talk.deeds import Kind

Found = tuple[Kind, str]

_SHORT = (
    (r"\bwon'?t\b", "will not"), (r"\bcan'?t\b|\bcannot\b", "can not"), (r"\blet's\b", "let us"), (r"n't\b", " not"),
    (r"'ll\b", " will"), (r"'ve\b", " have"), (r"'re\b", " are"), (r"\bi'm\b", "i am"),
    (r"\b(it|that|this|everything|all|parcel|order|refund|here|he|she|who)'s\b", r"\1 is"), (r"\bgonna\b", "going to"),
)  # fmt: skip
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]|(?<!\w)['‘][^’']*['’](?!\w)")
_CLAUSE = re.compile(r"\s*(?:[,:](?=\s)|;|\s[–—-]{1,2}\s|—|\((?=\w)|\)|\bbut\b|\bso that\b)\s*")
_ASKS = re.compile(
    r"^(?:(?:and|or|so|well|also)\s+)?(?:would|shall|should|can|could|may|do|does|did|have you|has|had|is|are|"
    r"was|were|"
    r"will you|won't|what|when|where|which|who|whom|why|how|any(?:thing)?)\b"
)
# What only says which thing is meant; taken out before the clause is read.
_WHICH = re.compile(
    r"\b(?:what|everything|whatever) (?:you|we) (?:have |had |can not |could not |can |no longer )?\w+"
    r"|\b(?:that|which|who) (?:you|we|they) (?:have |had |can not |could not )?(?!said|told|"
    r"will)\w+(?: to a colleague| for you)?"
    r"|(?<=point )you chose\b|(?<=goods )you chose\b|\bas you (?:placed|ordered) it\b|\bas ordered\b"
)
_FIRM = re.compile(r"\bi can (?:only )?(?:confirm|tell you|assure you|promise(?: you)?|guarantee)(?: that)?\b")
_TAG = re.compile(r"^(?:ok(?:ay)?|right|all ?right|yes|deal|fine)\?$")

# -- clauses that assert nothing ---------------------------------------------------------------------------------------

_CONSENT = re.compile(
    r"\b(?:if|once|when|as soon as|provided|after|unless|until)\s+(?:that\s+)?you(?:'d|\s+would|\s+are|\s+have|"
    r"\s+still)?\s*"
    r"(?:agree|confirm|like|want|prefer|wish|say|choose|decide|tell|let|approve|accept|need|reply|answer|okay|happy|"
    r"pay|paid|send|sent|correct|complete|give|return|find|notice|are happy|chose|pick)"
    r"|\bjust say\b|\bsay the word\b|\bon your (?:ok|word|confirmation)\b|\bwithout your\b|\bwith your (?:ok|"
    r"consent)\b"
    r"|^(?:please )?choose to\b|\bif so\b|\bif (?:that|this) (?:is|was|would be) (?:ok|okay|fine|all right|what you)"
)
_NO_CLAIM = re.compile(
    r"^(?:and\s+|or\s+|then\s+)?(?:please|kindly|tell me|tell us|send (?:me|us)|let (?:me|us) know|choose|"
    r"enter|reply|"
    r"give (?:me|us)|note that you|to \w+|cancelling|refunding|exchanging|just say|feel free)\b"
    r"|\byou(?: have| had)?(?: just| also| already)? (?:said|wrote|write|mention|mentioned|told|tell|report|reported|"
    r"say|asked|were told|describe|described)\b"
    r"|\bi (?:hope|wish|understand|see|know that you|realise|realize|guess|doubt|believe you)\b|\bwe hope\b"
    r"|\bwould have\b|\bhopefully\b"
    r"|\bwhether\b|\b(?:not sure|do not know|unsure|wonder|depends)\b"
    r"|\b(?:usually|normally|generally|typically|as a rule|in general|often|at any time|our policy|ordinarily)\b"
    r"|\b(?:waiting for|wait for|pending|needs? to|need to|has to be|have to be|must|asked for|request(?:ed)? for)\b"
    r"|\baccording to you\b|\bhas to approve\b|\bdecides? (?:about|on)\b|\b(?:are|is) (?:all )?possible\b|"
    r"\bwhich (?:one|of)\b"
    r"|\bbefore (?:we|i) (?:can|could|may)\b"
)
_GENERIC = re.compile(
    r"^(?:all |most |any |such )?(?:refunds|orders|deliveries|coupons|vouchers|returns|exchanges|replacements|"
    r"payments|"
    r"cancellations|shipments|parcels)\b(?!.*\b(?:have|has|were|was) )"
)
_NEGATED = re.compile(
    r"\b(?:not(?! only)|never|no(?! later)|none|neither|nor|without|unable|nothing|nobody|hardly|"
    r"fail(?:ed)? to|yet to|"
    r"refus\w+ to|only a person)\b"
)
_MODAL = re.compile(r"\b(?:can(?! expect)|could|may|might|would|should(?! (?:be|arrive|reach|have|get))|able to)\b")
_CUSTOMER = re.compile(
    r"\byou(?: yourself)?(?: have| had)?(?: just| already| yourself| also| now)?\s+"
    r"(?:cancelled|canceled|paid|changed|returned|ordered|chose|placed|submitted|sent|updated|confirmed|entered|gave|"
    r"received|refused|used|bought|corrected|replied|answered|asked|submitted)\b"
)
_CHOSE = re.compile(r"^as (?:you|we) (?:chose|asked|wished|discussed|agreed|requested)\b")

# -- verbs -------------------------------------------------------------------------------------------------------------


class _Verb(NamedTuple):
    deed: str
    base: str
    past: str  # past tense and participle
    ing: str
    near: str = ""  # what else the clause has to hold
    never: str = ""  # what it may not hold


_MONEY = r"(?:\b(?:money|refund|amount|payment|difference|sum|funds|charge|price|rest)|[¥$€£])"
_GOODS = r"\b(?:parcel|package|order|it|item|items|goods|shipment|one|them|product|rest|shirt|shoes)\b"
_PLACE = r"\b(?:address|phone number|postcode|recipient|street|pickup point)\b"
_PRICING = (
    r"\b(?:price|total|amount due|order's total|fee)\b|\b(?:corrected|adjusted|changed) to (?:¥|\$|€|£|\d|"
    r"hk\$)"
)
_COUPON = r"\b(?:coupon|voucher|discount code|promo code)\b"

_VERBS = (
    _Verb(c.REFUND, "refund|reimburse|reverse", "refunded|reimbursed|reversed", "refunding|reimbursing|reversing"),
    _Verb(c.REFUND, "return|send|give|pay|transfer|credit|put",
          "returned|sent|given|paid|transferred|credited|put|issued",
          "returning|sending|giving|paying|transferring|crediting|issuing",
          near=rf"(?=.*{_MONEY})(?=.*(?:back|return|credit|account|card|refund|alipay|wechat|wallet))",
          never=rf"\bpoints\b|{_COUPON}|\bgift\b"),
    _Verb(c.REFUND, "refund", "issued|completed|processed|made|initiated|approved|arranged|sent|triggered|released",
          "issuing|processing|making|arranging", near=r"\b(?:refund|reimbursement)\b"),
    _Verb(c.CANCEL, "cancel", "cancelled|canceled|called off|voided", "cancelling|canceling"),
    _Verb(c.CANCEL, "take", "took|taken|removed", "taking|removing", near=r"\boff your order\b|\bfrom your order\b"),
    _Verb(c.SHIP, "ship|dispatch", "shipped|dispatched|mailed", "shipping|dispatching"),
    _Verb(c.SHIP, "hand|pass", "handed|passed", "handing", near=r"\b(?:courier|carrier)\b"),
    _Verb(c.SHIP, "send", "sent", "sending", near=_GOODS, never=rf"{_COUPON}|\brefund\b|\bmoney\b|\breceipt|\bback\b|"
                r"\bposted\b|\breplacement\b"),
    _Verb(c.DELIVER, "deliver|arrive", "delivered|arrived", "delivering|arriving",
          never=r"\baddress\b|\bit arrives\b|\bto deliver your order\b"),
    _Verb(c.CREATE_ORDER, "place|create|recreate|make|set up", "placed|created|recreated|made|set up",
          "placing|creating|recreating",
          near=r"\border\b", never=r"\brefund\b|\bnote\b|\bon hold\b|\bdeliver|\bas you placed"),
    _Verb(c.RESERVE, "reserve|set|hold|keep|put", "reserved|set|kept|put",
          "reserving|holding|keeping",
          near=r"\baside\b|\bfor you\b|\bin stock\b|\breserv",
          never=r"\bset up\b|\bon sale\b|\bon hold\b|\bposted\b|\bcoupon\b"),
    _Verb(c.RELEASE, "release", "released", "releasing", near=r"\breserv|\bstock\b|\bgoods\b|\bitem"),
    _Verb(c.REPLACE, "send", "sent", "sending", near=r"\breplacement\b"),
    _Verb(c.REPLACE, "replace|exchange|swap|substitute", "replaced|exchanged|swapped|substituted",
          "replacing|exchanging|swapping"),
    _Verb(c.PRICE, "correct|change|adjust|reduce|honour|honor|lower|fix|update|match",
          "corrected|changed|adjusted|reduced|honoured|honored|lowered|updated|matched",
          "correcting|changing|adjusting|reducing|lowering|updating", near=_PRICING, never=_PLACE),
    _Verb(c.COUPON, "issue|add|apply|send|give|put", "issued|added|applied|sent|given|put|credited|restored",
          "issuing|adding|applying|sending", near=_COUPON),
    _Verb(c.ADDRESS, "change|update|correct|use|complete|set", "changed|updated|corrected|completed|redirected",
          "changing|updating|correcting", near=_PLACE, never=r"\bnoted\b|\brecorded\b"),
    _Verb(c.ADDRESS, "deliver|redirect", "delivered|redirected", "redirecting", near=r"\bto the new address\b"),
    _Verb(c.CHARGE, "charge|capture|debit|take the payment", "charged|captured|debited|took the payment",
          "charging|capturing",
          never=r"\b(?:twice|more than once|too much|double)\b"),
    _Verb(c.CHARGE, "receive", "received|gone through|went through", "receiving",
          near=r"\bpayment\b|\breceived (?:¥|\$|€|£)",
          never=r"\brefund\b"),
    _Verb(c.CONTACT, "call|phone|ring|contact|email|reply|answer|write|reach|follow up with you",
          "called|phoned|contacted|emailed|replied|written|answered|reached", "calling|phoning|contacting|writing",
          never=r"\bcalled off\b|\bwritten down\b|\baddress\b|\bon the line\b"),
    _Verb(c.CHECK, "check|investigate|review|verify|examine", "checked|investigated|reviewed|verified",
          "checking|investigating|reviewing|verifying"),
    _Verb(c.CHECK, "look into|find out|look at", "looked into|found out", "looking into|finding out"),
    _Verb(c.HAND_OVER, "hand|pass|transfer|forward|connect|refer|put you through",
          "handed|passed|transferred|forwarded|connected|referred|put you through",
          "handing|passing|transferring|forwarding|connecting|referring",
          near=r"\b(?:colleagues?|person|agent|team|specialist|human|you over|someone|somebody|department|"
                r"supervisor)\b",
          never=r"\bback to you\b"),
    _Verb(c.COMPENSATE, "compensate|make it up|make up", "compensated|made up", "compensating"),
    _Verb(c.COMPENSATE, "send|give|credit|add|put", "sent|given|credited|added|put", "sending|giving|crediting",
          near=r"\b(?:gift|points|bonus|goodwill)\b", never=_COUPON),
    _Verb(c.ESCALATE, "escalate|prioritise|prioritize", "escalated|prioritised|prioritized", "escalating"),
    _Verb(c.ESCALATE, "mark|flag|treat", "marked|flagged", "marking|flagging", near=r"\b(?:urgent|priority)\b"),
    _Verb(c.NOTIFY,
          "let you know|drop you a|send you a text|keep you (?:posted|updated|informed)|inform|notify|"
          "tell you|update you",
          "informed|notified|kept you", "notifying|informing|keeping you"),
    _Verb(c.RECORD, "note|record|log|write|make",
          "noted|recorded|logged|registered|taken down|written down|made a note|saved",
          "noting|recording", near=r"\b(?:note[ds]?|record(?:ed)?|logg?(?:ed)?|down|saved|registered)\b"),
    _Verb(c.HOLD, "pause|suspend|stop|put|halt", "paused|suspended|put|stopped|halted", "pausing|putting|stopping",
          near=r"\bon hold\b|\bshipment\b|\bdelivery\b|\bpaus|\bsuspend"),
)  # fmt: skip
_HANDLE = (
    _Verb(c.HANDLE, "fix|resolve|solve|handle|sort|settle|take care of|deal with|arrange|process|see to|do",
          "fixed|resolved|solved|handled|sorted|settled|taken care of|dealt with|"
          r"taken|arranged|processed|put right|corrected|changed|adjusted",
          "fixing|resolving|solving|handling|sorting|working on|taking care of|dealing with|arranging|processing"),
)  # fmt: skip

# -- sayings: no verb of the list, or one that means something else here ----------------------------------------------

_YOU_GET = r"\byou (?:will|are going to|shall) (?:\w+ )?(?:get|receive|have|see|be given)\b"
_SAYINGS: tuple[tuple[str, Kind, str], ...] = (
    (rf"{_YOU_GET}.*\b(?:money|refund|amount|sum)\b", "will", c.REFUND),
    (
          r"\b(?:refund|money|amount|sum)\b.*\b(?:will|is going to|should) (?:be (?:on|in|back|with|credited)|"
          r"follow|come|arrive|"
     r"reach|land)",
     "will", c.REFUND),
    (r"\b(?:refund|money|amount|sum)\b.*\b(?:is|are) (?:on (?:its|the) way|coming|being (?:processed|issued|made))",
     "will", c.REFUND),
    (
          r"\b(?:make sure|ensure|see to it|guarantee|promise)\b.*\b(?:money|refund)\b|"
          r"\byou can expect (?:\w+ )?(?:refund|money)\b",
     "will", c.REFUND),
    (r"(?:[$¥€£]\S+|money|amount|sum)\b.*\bgone back\b", "done", c.REFUND),
    (r"\b(?:refund|money|amount|sum)\b (?:comes?|arrives?|reaches)\b", "will", c.REFUND),
    (
          r"\b(?:money|amount|sum|refund)\b (?:is|are) (?:already |now )?(?:back|in|on|with you|complete|"
          r"through|done)\b(?! (?:its|the) way)", "done", c.REFUND),
    (r"\brefund\b.*\b(?:went|has gone|gone) (?:out|through)\b", "done", c.REFUND),
    (r"\brefund (?:completed|issued|made|done|successful)\b", "done", c.REFUND),
    (r"\b(?:left|leaving) (?:our|the) warehouse\b", "done", c.SHIP),
    (r"^(?:\w+ ){0,3}(?:parcel|order|package|it|item|goods|replacement)\b.*\bon (?:its|the) way\b", "done", c.SHIP),
    (r"^it (?:already )?shipped\b|\b(?:parcel|order|replacement|it|package|item)\b.* went out\b", "done", c.SHIP),
    (r"\bleaves (?:our|the) warehouse\b", "will", c.SHIP),
    (r"\b(?:it|parcel|order|package|goods)\b.*\b(?:will|should) be with you\b", "will", c.DELIVER),
    (rf"{_YOU_GET}(?: it| them| your (?:parcel|order)| the (?:parcel|goods))\b(?!.*\b(?:money|refund)\b)",
     "will", c.DELIVER),
    (r"\bexpect (?:the |your )?(?:delivery|parcel|it)\b", "will", c.DELIVER),
    (r"\b(?:it|parcel|order|package) (?:arrives|gets there|comes) ", "will", c.DELIVER),
    (r"^expected (?:on|by)\b|\b(?:is|are) expected (?:on|by|to arrive)\b", "will", c.DELIVER),
    (rf"{_YOU_GET}.*{_COUPON}", "will", c.COUPON),
    (
          rf"{_COUPON}.*\bis (?:now )?in your account\b|\bhere is\b.*{_COUPON}|{_COUPON}.*\bis (?:ready|"
          rf"in your account)\b", "done", c.COUPON),
    (r"\bit has been (?:created|placed)\b", "done", c.CREATE_ORDER),
    (r"\bis (?:now )?ready for your next purchase\b", "done", c.COUPON),
    (r"\b(?:has|have|was|were) (?:been )?taken off your order\b", "done", c.CANCEL),
    (r"\bon sale again\b", "done", c.RELEASE),
    (r"\b(?:is|are) (?:now )?(?:reserved|set aside) for you\b", "done", c.RESERVE),
    (r"\b(?:now )?goes to the (?:pickup point|new address)\b", "done", c.ADDRESS),
    (r"\baddress\b.*\bis (?:now )?(?:complete|written|correct)\b", "done", c.ADDRESS),
    (r"\bpayment\b.*\b(?:went|has gone|gone) through\b", "done", c.CHARGE),
    (r"\bauthori[sz]ation\b.*\b(?:has been|was|is) (?:released|cancelled|voided)\b", "done", c.NO_CHARGE),
    (r"\bcancelled it and nothing was taken\b", "done", c.NO_CHARGE),
    (r"\b(?:get|be) back to you\b|\bhear (?:back )?from (?:us|me|a|our)\b|\bwith you (?:shortly|soon|in|within|as)\b"
     r"|\bget in touch\b|\bbe in touch\b|\breach out to you\b", "will", c.CONTACT),
    (r"\bget to the bottom\b|\blook at (?:it|this|your)\b", "will", c.CHECK),
    (r"\b(?:person|specialist|someone|agent) is (?:now )?looking after\b", "done", c.HAND_OVER),
    (rf"{_YOU_GET}.*\b(?:text|message|e-?mail|notification)\b", "will", c.NOTIFY),
    (r"\b(?:is|are) (?:now |already )?(?:with|looked after by|being handled by) (?:a|our|the) "
     r"(?:specialist|colleague|team|supervisor)", "done", c.HAND_OVER),
    (r"\bcolleagues?\b.* (?:has|have) taken (?:it |this |your case )?over\b|\bcolleague is (?:now )?looking after\b",
     "done", c.HAND_OVER),
    (
          r"\beverything is (?:back )?(?:in order|as it should be)\b|\b(?:all done|all set|all sorted)\b|"
          r"\b(?:it|that|everything|this|problem|matter|"
          r"issue)\b.{0,60}\b(?:is|has been|was) "
     r"(?:all |now |already )?(?:fixed|done|sorted|settled|resolved|solved|taken care of|put right)\b",
     "done", c.HANDLE),
    (r"\bi am on it\b|\bwe are (?:still )?on it\b|\bleave it (?:with|to) (?:me|us)\b|\bconsider it done\b",
     "will", c.HANDLE),
)  # fmt: skip
_SAYINGS_RE = tuple((re.compile(pattern), kind, deed) for pattern, kind, deed in _SAYINGS)

# A deed that no verb of the list names is one all the same.
_SOMETHING: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(
        r"\b(?:i|we|our team|a colleague|someone)\b (?:will|am going to|are going to|is going to) (?:\w+ly |"
        r"just |now )?"
        r"(?!be\b|need|ask|see\b|wait|have to|say|explain|show|list|help|try|do my|do our|do what|only|not|"
        r"give you an over|"
        r"hear|stay|go through|use|tell|start|quickly|briefly)\w+"), c.WILL),
    (re.compile(
        r"\b(?:i|we) have (?:now |just |already |gone ahead and )*(?!found|seen|noticed|asked|listed|"
        r"understood|read|got|been|"
        r"attached|included|received|no\b|not\b|had|heard|come|looked|a\b|the\b|to\b)\w+(?:ed|ut|nt|ade|iven|"
        r"own)\b"), c.DONE),
    (re.compile(r"\b(?:order|payment|it|request|parcel|account|this|that) (?:has|have) (?:now |just |already )?been "
                r"(?!waiting|held|received|placed|delayed|paid|flagged|rejected|refused|lost)\w+ed\b"), c.DONE),
)  # fmt: skip

_NOT_CHARGED = re.compile(
    r"\b(?:not|never) (?:been )?(?:be )?charged?\b|\b(?:not|nothing|no money)\b.*\b(?:taken|debited|charged|"
    r"left your account)\b"
    r"|\bcharge nothing\b|\bnot (?:been )?(?:be )?(?:billed|debited)\b|\bnothing more to pay\b"
)
_TO_COME = re.compile(r"\b(?:will|going to|to pay)\b")

# -- tense -------------------------------------------------------------------------------------------------------------

_MARKS = re.compile(
    r"\b(?P<future>will|going to|shall|let me|let us|about to|promise to|have (?:someone|the \w+|a colleague|"
    r"it|them)(?= ))\b"
    r"|\b(?P<passive>be|being|get)\b|\b(?P<past>have|has|had|was|were|been|got|having)\b|\b(?P<now>am|are|is)\b"
    r"|\b(?P<we>i|we|they|shop|store|seller|warehouse|team|courier|carrier|bank|system|colleague|manager)\b"
)


def found_in(sentence: str) -> Iterator[Found]:
    """(kind, deed) of each claim in one sentence."""
    plain = _spelled_out(sentence)
    clauses = [one for one in _CLAUSE.split(plain) if one and one.strip(" .!")]
    asked, before, conditional = False, "", False
    offered = bool(clauses) and bool(_TAG.search(clauses[-1].strip()))  # “I will cancel it, okay?”
    for number, raw in enumerate(clauses):
        clause = raw.strip()
        conditional = conditional or bool(_CONSENT.search(clause))
        asked = asked or (plain.endswith("?") and _begins_to_ask(clause, number, clauses))
        if asked or conditional or _CHOSE.search(clause):
            continue
        said = _of_clause(clause, before)
        yield from (one for one in said if not (offered and one[0] == c.WILL))
        before = clause


def _spelled_out(sentence: str) -> str:
    plain = _QUOTED.sub(" … ", sentence.replace("’", "'")).lower()
    for pattern, written in _SHORT:
        plain = re.sub(pattern, written, plain)
    return _FIRM.sub("", _WHICH.sub("it", plain)).strip()


def _begins_to_ask(clause: str, number: int, clauses: list[str]) -> bool:
    if _ASKS.search(clause) or _TAG.search(clause):
        return True
    rest = clauses[number + 1 :]
    return not any(_ASKS.search(one.strip()) or _TAG.search(one.strip()) for one in rest)


def _of_clause(clause: str, before: str) -> Iterator[Found]:
    if _NOT_CHARGED.search(clause) and not _CUSTOMER.search(clause):
        yield (c.WILL if _TO_COME.search(clause) else c.DONE), c.NO_CHARGE
        clause = _NOT_CHARGED.sub(" … ", clause)
    if _NO_CLAIM.search(clause) or _GENERIC.search(clause) or _CUSTOMER.search(clause):
        return
    parts = re.split(r"\s+(?:and|or|who|which|then)\s+", clause)
    found: list[Found] = []
    for part in parts:
        found += _of_part(part, before)
        before = f"{before} {part}"
    named = [one for one in found if one[1] != c.HANDLE]
    yield from named or found


def _of_part(part: str, before: str) -> Iterator[Found]:
    if _NEGATED.search(part) or _MODAL.search(part):
        return
    said = {(kind, deed) for pattern, kind, deed in _SAYINGS_RE if pattern.search(part)}
    yield from sorted(said)
    deeds = {deed for _, deed in said}
    verbs = [one for one in _verbs_in(part, before, _VERBS) if one[1] not in deeds]
    yield from verbs
    if not deeds and not verbs:
        other = list(_verbs_in(part, before, _HANDLE))
        yield from other or ((kind, c.HANDLE) for pattern, kind in _SOMETHING if pattern.search(part))


def _verbs_in(part: str, before: str, verbs: tuple[_Verb, ...]) -> Iterator[Found]:
    for verb in verbs:
        if (verb.near and not re.search(verb.near, part)) or (verb.never and re.search(verb.never, part)):
            continue
        for form, words in (("past", verb.past), ("base", verb.base), ("ing", verb.ing)):
            for hit in re.finditer(rf"(?<![\w-])(?:{words})(?![\w-])", part):
                if (kind := _tense(form, part[: hit.start()], before)) is not None:
                    yield kind, verb.deed
                    break


def _tense(form: str, left: str, before: str) -> Kind | None:
    """By the last word before the verb that tells; a part that has none goes on in the tense of what went before."""
    marks = [m.lastgroup for m in _MARKS.finditer(left)] or [m.lastgroup for m in _MARKS.finditer(before)]
    if form == "ing" and not left.strip():
        return c.WILL  # “Connecting you to an agent now.”
    if not marks:
        return None
    will = "future" in marks
    if form == "base":
        return c.WILL if will else None
    if form == "ing":
        return c.WILL if marks[-1] in ("now", "future") or "now" in marks else None
    if will or (marks[-1] == "passive" and marks[0] in ("future", "now", "passive")):
        return c.WILL
    return c.DONE if marks[-1] in ("past", "now", "we") else None
