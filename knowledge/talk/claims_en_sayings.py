"""English sayings of a deed that no verb says or that one says otherwise, and deeds that have no name of their own."""

from __future__ import annotations

import re

from knowledge.talk import deeds as c
from knowledge.talk.claims_en_verbs import COUPON, GIFT, GOODS
from knowledge.talk.deeds import Kind

YOU_GET = (
    r"\byou (?:will|are going to|shall|should|can expect to) (?:\w+ )?(?:be getting|be receiving|be seeing|get|"
    r"receive|have|see|find|be given|be sent)\b"
)
_SUM = (
    r"(?:refund|reimbursement|money|amount|sum|difference|excess|overpayment|funds|fee|deposit|"
    r"(?:hk)?[$¥€£]\s?[\d.,]+)"
)
_SAYINGS: tuple[tuple[str, Kind, str], ...] = (
    (rf"{YOU_GET}.*(?:\b(?:money|refund|amount|sum|difference)\b|\bcent\b.*\bback\b|[$¥€£]\s?\S+.*\b(?:back|account|"
     r"card)\b)(?!.*\b(?:coupon|voucher)\b)(?!.*\b(?:text|e-?mail|message|confirmation)\b)", "will", c.REFUND),
    (rf"{_SUM}.*\b(?:will|is going to|should) (?:be (?:on|in|back|with|credited|there|available)|follow|come|arrive|"
     r"reach|land|show|appear|go back|hit|post|clear|end up)", "will", c.REFUND),
    (rf"{_SUM}.*\b(?:is|are) (?:on (?:its|the|their) way|coming|being (?:processed|issued|made|returned|sent)|"
     r"in progress|under way|heading back|going back)", "will", c.REFUND),
    (rf"\bexpect (?:the |your |a |to see |to have |(?:the |your )?full )*{_SUM}\b|\bmoney-back\b.*\bwill\b",
     "will", c.REFUND),
    (rf"\b(?:make sure|ensure|see to it|guarantee|promise)\b.*{_SUM}\b.*\b(?:back|account|card|refund\w*|ends? up|"
     r"returned|reach\w*|gets? to)\b|\b(?:make sure|ensure|see to it|guarantee|promise)\b.*\b(?:money|refund)\b|"
     r"\byou can expect (?:\w+ )?(?:refund|money)\b", "will", c.REFUND),
    (rf"\b{_SUM} (?:comes?|arrives?|reaches|goes back|lands)\b", "will", c.REFUND),
    (rf"\b(?:a|the|your|full) {_SUM}\b.*\b(?:within|by|in) (?:\w+ ){{1,3}}(?:hours?|days?|tomorrow|today)$|"
     r"^refund (?:in progress|pending)\b", "will", c.REFUND),
    (rf"{_SUM}.*\b(?:went|gone|goes) back\b|\bgone back\b.*\b(?:card|account)\b", "done", c.REFUND),
    (r"\b(?:money|amount|sum|refund|funds|difference)\b (?:is|are) (?:already |now |all )?(?:back|in|on|with you|"
     r"complete|"
     r"completed|through|done|there)\b(?! (?:its|the|their) way)", "done", c.REFUND),
    (r"\brefund\b.*\b(?:went|has gone|gone|came|has come|cleared|landed|arrived|posted) ?(?:out|through|back)?\b",
     "done", c.REFUND),
    (r"^refund (?:now )?(?:complete|completed|issued|made|done|successful|processed|approved|sent)\b|\bconsider (?:it|"
     r"that|the \w+|your \w+) refunded\b|\bit was a refund\b", "done", c.REFUND),
    (r"\b(?:left|leaving|out of) (?:our|the) (?:\w+ )?warehouse\b|\bout of our hands\b|\bin transit\b|"
     r"\bin the (?:post|mail) (?:now|already|since)\b", "done", c.SHIP),
    (rf"^(?:\w+ ){{0,3}}{GOODS}\b.*\b(?:is|are) (?:already |now )?on (?:its|the|their) way\b", "done", c.SHIP),
    (rf"^it (?:already )?shipped\b|\b{GOODS}\b(?:.*,)? (?:has |have )?(?:went|gone|shipped|go) out\b|^(?:your|the|"
     rf"both) (?:\w+ ){{1,3}}(?:was |were |has |have )?(?:already |just )?shipped\b|\b{GOODS} (?:has|have) (?:now |"
     rf"already |just )?shipped\b", "done", c.SHIP),
    (r"^(?:your|the|our|both|all) (?:new )?(?:\w+ ){1,2}(?:ships?|leaves?|goes out|go out|gets? (?:shipped|dispatched|"
     r"sent))\b|\b(?:it|they|that|everything) (?:ships|leaves|goes out|gets (?:shipped|dispatched|sent))\b|"
     r"\bleaves (?:our|the) warehouse\b", "will", c.SHIP),
    (rf"\b{GOODS}\b.*\b(?:will|should|is going to|are going to) be (?:with you|at your|there|in your hands|here)\b",
     "will", c.DELIVER),
    (rf"{YOU_GET}(?: it| them| your (?:parcel|order|package|item)| the (?:parcel|goods|package|item))\b"
     r"(?!.*\b(?:money|refund|statement)\b)", "will", c.DELIVER),
    (r"\bexpect (?:the |your )?(?:delivery|parcel|package|order|it)\b(?! to be)", "will", c.DELIVER),
    (rf"\b{GOODS} (?:arrives|gets there|comes|gets to you|reaches you|gets delivered) ?", "will", c.DELIVER),
    (rf"^(?!.*{_SUM}).*\b(?:will|should|going to) (?:reach you|get to you|get there|land|turn up|show up)\b",
     "will", c.DELIVER),
    (r"^expected (?:on|by)\b|\b(?:is|are) (?:expected|due|scheduled|estimated) (?:on|by|to arrive|for|tomorrow|"
     r"today)\b|\b(?:is|are) out for delivery\b", "will", c.DELIVER),
    (r"\b(?:was|were|been|it) (?:safely )?(?:left|handed|placed) (?:at|with|in|by|to) (?:your|the|a) (?:front|door|"
     r"reception|neighbou?r|porch|desk|mailbox|letterbox|locker|safe|concierge)", "done", c.DELIVER),
    (rf"{YOU_GET}.*{COUPON}", "will", c.COUPON),
    (rf"{COUPON}.*\bis (?:now )?(?:in|on) your account\b|\bhere is\b.*{COUPON}|{COUPON}.*\bis (?:now )?(?:ready|"
     rf"in your account|waiting|available)\b|\bthere is (?:now )?an?\b.*{COUPON}.*\b(?:account|waiting)\b|"
     r"\bis (?:now )?ready for your next purchase\b", "done", c.COUPON),
    (rf"{YOU_GET}.*{GIFT}(?!.*\b(?:money|refund)\b)", "will", c.COMPENSATE),
    (r"\bit has been (?:created|placed)\b", "done", c.CREATE_ORDER),
    (r"\b(?:has|have|was|were) (?:been )?taken off (?:your|the) order\b|\b(?:order|purchase|cancellation) (?:is|"
     r"now) (?:now )?(?:cancelled|canceled|void)\b", "done", c.CANCEL),
    (r"\b(?:back )?on sale again\b|\bback (?:on sale|in stock)\b", "done", c.RELEASE),
    (r"\b(?:is|are) (?:now )?(?:reserved|set aside|put aside|kept) for you\b", "done", c.RESERVE),
    (r"\b(?:now )?(?:goes|going|headed) to the (?:pickup point|new address)\b", "done", c.ADDRESS),
    (r"\baddress\b.*\bis (?:now )?(?:complete|written|correct|on the order|updated)\b", "done", c.ADDRESS),
    (r"\bpayment\b.*\b(?:went|has gone|gone|came|has come) (?:through|in)\b", "done", c.CHARGE),
    (r"\b(?:authori[sz]ation|block|hold|pre-?authori[sz]ation)\b.*\b(?:has been|was|is|"
     r"have been) (?:now )?(?:released|cancelled|canceled|voided|lifted|removed)\b|\b(?:lifted|released|removed|"
     r"voided|cancelled) the (?:block|hold|(?:pre-?)?authori[sz]ation)\b", "done", c.NO_CHARGE),
    (r"\bcancelled it and nothing was taken\b", "done", c.NO_CHARGE),
    (r"\b(?:be|get) back to you\b|\bhear (?:back )?from (?:us|me|a|our|my)\b(?! as soon| once| when)|"
     r"\bwith you (?:shortly|soon|in|within|as)\b|\bexpect (?:a |an |our )?(?:call|reply|answer|response|e-?mail)\b|"
     rf"{YOU_GET} (?:an |our |the |my |your )?(?:answer|reply|response|call)\b|\byou have my reply\b",
     "will", c.CONTACT),
    (r"\boff the phone with\b|\b(?:spoke|spoken|talked) (?:to|with) (?:the|our|your|them|my)\b", "done", c.CONTACT),
    (r"\blook at (?:it|this|your)\b|^(?:\w+ )?let me (?:just |quickly )?(?:see|look|have a look|check)\b",
    "will", c.CHECK),
    (r"\b(?:person|specialist|someone|agent|colleague|manager|supervisor) (?:of ours )?is (?:now |"
     r"already )?(?:looking after|handling|dealing with|taking care)\b|\b(?:is|are) (?:now |already )?(?:with|"
     r"looked after by|being handled by|in the hands of|on the desk of) (?:a|our|the|my) (?:\w+ )?(?:specialist|"
     r"colleague|team|supervisor|department|manager|colleagues)|\b(?:now )?(?:sits|lies|is sitting) with (?:our|the|a|"
     r"my)\b|\bcolleagues?\b.* (?:has|have) taken (?:it |this |your case )?over\b|\bon board\b|\blooped (?:in )?\w+",
     "done", c.HAND_OVER),
    (rf"{YOU_GET}.*\b(?:text|message|e-?mail|notification|update|confirmation|news|word)\b", "will", c.NOTIFY),
    (r"\b(?:you will|you are going to) (?:hear(?! (?:back )?from (?:us|me|our|my|a)\b)|be (?:notified|informed|told|"
     r"updated))\b", "will", c.NOTIFY),
    (r"\beverything is (?:back )?(?:in order|as it should be)\b|\b(?:all done|all set|all sorted|good to go|all fixed|"
     r"all taken care)\b|\b(?:it|that|everything|this|problem|matter|issue)\b.{0,60}\b(?:is|has been|was) (?:all |"
     r"now |already )?(?:fixed|done|sorted|settled|resolved|solved|taken care of|put right)\b",
     "done", c.HANDLE),
    (r"\b(?:i am|we are) (?:still |already |all )?on (?:it|the case)\b|\bleave (?:it|this|that) (?:with|to) (?:me|"
     r"us)\b|\bconsider it (?:done|sorted|handled|fixed)\b|\byou are in good hands\b", "will", c.HANDLE),
)  # fmt: skip
SAYINGS = tuple((re.compile(pattern), kind, deed) for pattern, kind, deed in _SAYINGS)

# -- a deed that no verb of the list names is one all the same ---------------------------------------------------------

_TALK = (
    r"be\b|need|ask|see\b|wait|have to|say|explain|show|list|help|try|do my|do our|do what|only|not|give you (?:an|"
    r"the) (?:over|link|details)|hear|stay|go through|go over|use|tell|start|quickly|briefly|summari[sz]e|walk|guide|"
    r"describe|point|share|recommend|suggest|clarify|repeat|apologi[sz]e|assume|keep (?:it|this)|mention|understand|"
    r"love|like|appreciate|hope|want|gladly (?:help|explain)|happily (?:help|explain)|answer (?:that|your question)|"
    r"know|find|offer|never|always|continue to|remember|require|wish|miss|regret|accept|honestly|assist|support you|"
    r"put it|read"
)
_SEEN = (
    r"found|seen|noticed|asked|listed|understood|read|got|been|attached|included|received|no\b|not\b|had|heard|come|"
    r"looked|a\b|the\b|to\b|explained|described|mentioned|shown|apologi[sz]ed|told|said|tried|wanted|needed|attempted|"
    r"summari[sz]ed|shared|offered|sold|decided|understood|expected|meant|learned|your\b|only|never"
)
_US = (
    r"(?:i|we|they|someone|somebody|(?:my|our|the|a|one of (?:my|our)) (?:\w+ ){0,2}(?:teams?|colleagues?|agents?|"
    r"managers?|supervisors?|specialists?|warehouse|courier|carrier|driver|staff|department|shop|store|seller|bank|"
    r"experts?|technician))"
)
_SOON = r"(?:will|am going to|are going to|is going to|am about to|are about to)"
SOMETHING: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(rf"\b{_US} {_SOON} (?:\w+ly |just |now |also |then |personally )?(?!(?:{_TALK}))\w+"), c.WILL),
    (re.compile(rf"^(?:\w+ )?let me (?:just |quickly )?(?!(?:{_TALK}|know|be\b))\w+"), c.WILL),
    (re.compile(
        rf"\b{_US} (?:am|are|is) (?:now |currently |already |just |also |busy )*(?!being|hav|hop|try|ask|"
        rf"look\w* forward|"
        r"wait|sorry|go|afraid|miss|wonder|talk|say|sell|show|us|operat|do\b|offer|find|see|assum|read|experienc|"
        r"runn)\w{2,}ing\b(?! to (?:help|hear))"), c.WILL),
    (re.compile(
        rf"\b{_US} (?:have|has) (?:now |just |already |also |since |successfully |gone ahead and )*(?!(?:{_SEEN}))\w+"
        r"(?:ed|ut|nt|ade|iven|own|ept|eld|ought|aken)\b"), c.DONE),
    (re.compile(
        rf"\b{_US} (?:just |already |also |then |now )?(?!(?:{_SEEN}|need|want|wish|hop|lov|appreciat|apologi|offer|"
        rf"ask|"
        r"shipped from|use|sold|happen|seem|end|expect|request|understand|experienc|requir|tr(?:y|ied)|talk|declin|"
        r"reject|refus|fail|bounc))\w{3,}(?<!ne)ed\b(?! (?:like|that|whether|if)\b)"), c.DONE),
    (re.compile(
        r"\b(?:has|have) (?:now |just |already |since |also |successfully )*been (?:\w+ly )?(?!waiting|held|received|"
        r"placed|delayed|paid|rejected|refused|lost|declined|damaged|broken|opened|used|entered|sold|misplaced|missed|"
        r"returned|requested|confirmed|asked|found|seen|stolen|selected|approved|needed)\w+(?:ed|nt|ept|ut|aken)\b"),
     c.DONE),
)  # fmt: skip
"""Generic claims: a deed of ours in the future, the progressive, the perfect or the past, and a perfect passive."""
