"""English verbs of each deed, with what has to stand beside them; `claims_en` reads by them."""

from __future__ import annotations

from typing import NamedTuple

from knowledge.talk import deeds as c


class Verb(NamedTuple):
    """Forms of verbs that mean a deed, as alternatives of a pattern for lower-case text."""

    deed: str
    base: str
    past: str  # past tense and participle
    ing: str
    near: str = ""  # what else the clause has to hold
    never: str = ""  # what it may not hold


_MONEY = (
    r"(?:\b(?:money|refund|reimbursement|amount|payment|overpayment|difference|sum|funds|cash|charge|price|rest|"
    r"excess|fee|deposit|cent|penny)\b|[¥$€£]|\b(?:yuan|dollars?|euros?)\b)"
)
_BACK = r"\b(?:back|return\w*|credit\w*|account|card|refund\w*|alipay|wechat|wallet|bank|paypal|payment method)\b"
GOODS = (
    r"(?:parcel|package|order|item|items|goods|shipment|delivery|replacement|it|they|them|one|product|rest|part|"
    r"charger|shirt|shoes|headphones|jacket)"
)
_GOODS = rf"\b{GOODS}\b"
_PLACE = (
    r"\b(?:address|phone|number|postcode|post code|postal code|zip|zip code|recipient|street|flat|apartment|"
    r"house number|pickup point|contact details)\b"
)
_PRICING = (
    r"\b(?:price|total|amount due|order's total|fee|discount|bill|cost)\b|\b(?:to|by|off) (?:¥|\$|€|£|hk\$)|(?:¥|\$|€|"
    r"£)\s?\S+ off\b|% off\b"
)
COUPON = r"\b(?:coupons?|vouchers?|discount code|promo code|gift card|store credit)\b"
_PEOPLE = (
    r"\b(?:colleagues?|person|agents?|teams?|specialists?|human|expert|department|supervisors?|managers?|someone|"
    r"somebody|billing|support|management|you over|you through|technician)\b"
)
GIFT = r"\b(?:gift|points|bonus|goodwill|compensation|treat|apology)\b"

VERBS = (
    Verb(c.REFUND, "refund|reimburse|reverse|pay you back|pay back",
         "refunded|reimbursed|reversed|paid back|paid you back",
         "refunding|reimbursing|reversing|paying back|paying you back"),
    Verb(c.REFUND, "return|send|give|pay|transfer|credit|put|get|move|wire",
         "returned|sent|given|gave|paid|transferred|credited|put|issued|moved|wired",
         "returning|sending|giving|paying|transferring|crediting|issuing|moving|wiring",
         near=rf"(?=.*{_MONEY})(?=.*{_BACK})|\bto (?:you|your (?:card|account|bank))\b(?=.*{_MONEY})",
         never=rf"\bpoints\b|{COUPON}|\bgift\b"),
    Verb(c.REFUND, "refund|issue|process|make|initiate|approve|trigger|start|do|submit|arrange",
         "issued|completed|processed|made|initiated|approved|arranged|sent|triggered|released|started|submitted|"
         "cleared|gone through|went through|put through|done",
         "issuing|processing|making|arranging|initiating|starting", near=r"\b(?:refund|reimbursement)\b",
         never=r"\b(?:delay|request)\b"),
    Verb(c.CANCEL, "cancel|call off|void|withdraw|annul|revoke",
         "cancelled|canceled|called off|voided|withdrawn|annulled|called it off|revoked",
         "cancelling|canceling|calling off|voiding|withdrawing"),
    Verb(c.CANCEL, "complete|process|submit", "completed|processed|gone through|went through|confirmed|submitted",
         "processing|completing", near=r"\bcancell?ation\b"),
    Verb(c.CANCEL, "take|remove|drop|delete|come", "took|taken|removed|dropped|deleted|come",
         "taking|removing|dropping|deleting|coming", near=r"\b(?:off|from|out of) (?:your|the|this) order\b"),
    Verb(c.SHIP, "ship|dispatch|post|mail|ship out|send out|go out|be in the post",
         "shipped|dispatched|mailed|posted|sent out|shipped out|gone out|went out|sent off",
         "shipping|dispatching|posting|mailing|sending out|going out",
         never=rf"\brefund\b|\bmoney\b|{COUPON}|\bshipping (?:fee|cost|address)|\byou posted\b"),
    Verb(c.SHIP, "hand|pass|collect|pick up", "handed|passed|collected|picked up|picked it up|scanned",
         "handing|collecting",
         near=r"\b(?:courier|carrier|driver|postman|shipping company)\b", never=r"\bmoney\b"),
    Verb(c.SHIP, "send", "sent", "sending", near=_GOODS, never=rf"{COUPON}|\brefund\b|\bmoney\b|\breceipt|\bback\b|"
                                                               r"\bposted\b|\breplacement\b|\bin exchange\b|"
                                                               r"\bmessage\b|\be-?mail\b|[¥$€£]|\bpoints\b"),
    Verb(c.SHIP, "have", "had", "having", near=r"\bin the (?:post|mail)\b|\bon its way\b|\bout the door\b"),
    Verb(c.DELIVER, "deliver|arrive|drop it off|drop off|bring|reach you|get to you|get there|be there|be at your",
         "delivered|arrived|dropped off|dropped it off|left at|left it|reached you|brought|handed over to you",
         "delivering|arriving|dropping it off|bringing",
         never=rf"\baddress\b|\bit arrives\b|\bto deliver your order\b|{_MONEY}|\bcourier has\b.*\bnot\b"),
    Verb(c.CREATE_ORDER, "place|create|recreate|make|set up|raise|put through|open|enter|book",
         "placed|created|recreated|made|set up|raised|put through|opened|entered|booked",
         "placing|creating|recreating|raising|putting through|making|setting up",
         near=r"\border\b", never=r"\brefund\b|\bnotes?\b|\bon hold\b|\bdeliver|\bas you placed|\bchange|\bprice\b"),
    Verb(c.RESERVE, "reserve|set|hold|keep|put|save|earmark", "reserved|set|kept|put|held|saved|earmarked",
         "reserving|holding|keeping|saving|setting|putting",
         near=r"\baside\b|\bfor you\b|\bin stock\b|\breserv|\b(?:one|it|item|some|them) back\b|\bput by\b|\bearmark",
         never=r"\bset up\b|\bon sale\b|\bon hold\b|\bposted\b|\bcoupon\b|\bmoney\b|[¥$€£]|\bfee\b"),
    Verb(c.RELEASE, "release|free|free up|unlock|put", "released|freed|freed up|unlocked|put", "releasing|freeing",
         near=r"\breserv|\bstock\b|\bgoods\b|\bitem|\binventory\b",
         never=r"\baside\b|\bfor you\b|\bkept\b|\bauthori[sz]ation\b"),
    Verb(c.REPLACE, "send|ship|arrange|get|issue|order", "sent|shipped|arranged|ordered|issued",
         "sending|arranging|ordering",
         near=r"\breplacements?\b|\bexchange\b|\bin exchange\b|\bfor the (?:faulty|broken|damaged|defective|wrong)\b",
         never=r"\breturn\b"),
    Verb(c.REPLACE, "replace|exchange|swap|substitute|switch", "replaced|exchanged|swapped|substituted|switched",
         "replacing|exchanging|swapping|switching", never=_PLACE),
    Verb(c.PRICE, "correct|change|adjust|reduce|honour|honor|lower|fix|update|match|bring|drop|cut|take|knock|apply|"
                  "deduct",
         "corrected|changed|adjusted|reduced|honoured|honored|lowered|updated|matched|brought|dropped|cut|taken|took|"
         "knocked|applied|deducted",
         "correcting|changing|adjusting|reducing|lowering|updating|bringing|dropping|cutting|taking|knocking|applying",
         near=_PRICING, never=rf"{_PLACE}|{COUPON}|\bcard\b|\brefund\b|\bback\b|\bin order\b"),
    Verb(c.COUPON, "issue|add|apply|send|give|put|create|restore|return|load",
         "issued|added|applied|sent|given|gave|put|credited|restored|created|returned|loaded|refunded",
         "issuing|adding|applying|sending|giving|putting", near=COUPON),
    Verb(c.ADDRESS, "change|update|correct|use|complete|set|amend|edit|fix|replace",
         "changed|updated|corrected|completed|amended|edited|fixed|set|added|replaced",
         "changing|updating|correcting|amending|editing|fixing", near=_PLACE,
         never=r"\bnoted\b|\brecorded\b|\bprice\b|\btotal\b|\btracking\b"),
    Verb(c.ADDRESS, "redirect|reroute|divert", "redirected|rerouted|diverted", "redirecting|rerouting|diverting"),
    Verb(c.ADDRESS, "deliver|send|ship|go", "delivered|sent|shipped", "sending|delivering|going",
         near=r"\bto (?:the|your) (?:new|corrected|other) address\b"),
    Verb(c.ADDRESS, "change", "changed", "changing", near=r"\bwhere (?:it|we|your|the)\b|\bdestination\b"),
    Verb(c.CHARGE, "charge|capture|debit|bill|take the payment|collect",
         "charged|captured|debited|billed|took the payment|collected",
         "charging|capturing|debiting",
         never=r"\b(?:twice|more than once|too much|double|courier|carrier|driver)\b|\bcollect\w*\b(?!.*(?:payment|"
               r"[¥$€£]))"),
    Verb(c.CHARGE, "take",
    "took|taken", "taking", near=rf"(?=.*{_MONEY}).*\bfrom (?:your|the) (?:card|account|bank)\b"),
    Verb(c.CHARGE, "receive", "received|gone through|went through", "receiving",
         near=r"\bpayment\b|\breceived (?:¥|\$|€|£)",
         never=r"\brefund\b"),
    Verb(c.CONTACT, "call|phone|ring|contact|email|e-mail|reply|respond|answer|write|reach|follow up|get back|"
                    "get in touch|be in touch|speak|talk|chase|nudge|get hold of|message (?:you|them|the)|"
                    "give you a (?:call|ring)|come back to you|ask",
         "called|phoned|rung|contacted|emailed|e-mailed|replied|responded|written|wrote|answered|reached out|reached|"
         "spoken|"
         r"spoke|talked|chased|messaged|let (?:my|our|the) \w+ know|followed up|got back to|got in touch|"
         r"been in touch|rang",
         "calling|phoning|contacting|writing|emailing|chasing|speaking|talking|messaging|reaching out",
         never=r"\bcalled (?:it )?off\b|\bcall off\b|\bwritten down\b|(?<!mail )\baddress\b|\bon the line\b|"
               r"\bwrite (?:that|it) down\b|\breach(?:ed)? you\b|\bask(?:ed)? (?:you|that|for)\b|\bby asking\b"),
    Verb(c.CHECK, "check|investigate|review|verify|examine|double-check|trace|track|monitor|inspect|compare|test|"
                  "confirm with",
         "checked|investigated|reviewed|verified|double-checked|traced|tracked|examined|compared|confirmed with",
         "checking|investigating|reviewing|verifying|double-checking|tracing|tracking|monitoring|examining|comparing",
         never=r"\btrack your\b|\btracking (?:number|link|page)\b"),
    Verb(c.CHECK, "look into|find out|look at|look over|take a look|have a look|go through|go over|pull up|bring up|"
                  "dig into|get to the bottom|keep an eye|see what|look this up|look it up|look that up|look up|"
                  "figure out|take a closer look",
         "looked into|found out|had a look|taken a look|took a look|gone through|went through|pulled up|looked up|"
         "dug into|kept an eye",
         "looking into|finding out|pulling up|taking a look|having a look|looking at|digging into|going through|"
         "looking up|keeping an eye",
         never=r"\b(?:refund|payment|cancellation)\b.*\b(?:gone|went) through\b"),
    Verb(c.HAND_OVER, "hand|pass|transfer|forward|connect|refer|put you through|route|assign|loop in|bring in|"
                      "take over|get|involve|direct",
         "handed|passed|transferred|forwarded|connected|referred|put you through|routed|assigned|looped in|brought in|"
         "taken over|involved",
         "handing|passing|transferring|forwarding|connecting|referring|putting you through|routing|assigning|"
         "looping in|bringing in|involving",
         near=rf"{_PEOPLE}|\bpass (?:it|this|that) (?:along|on)\b|\bpassed (?:it |this |that )?(?:along|on)\b",
         never=r"\bback to you\b|\bget (?:back|in touch|hold|a text|an|your)\b|\bto get\b|\bmoney\b|\b(?:my|"
               r"our) \w+ will get\b|\bcourier\b"),
    Verb(c.COMPENSATE, "compensate|make it up|make up", "compensated|made up|made it up", "compensating|making it up"),
    Verb(c.COMPENSATE, "send|give|credit|add|put|grant|include|throw in",
         "sent|given|gave|credited|added|put|granted|included",
         "sending|giving|crediting|adding|granting", near=GIFT, never=COUPON),
    Verb(c.ESCALATE, "escalate|prioritise|prioritize|expedite|fast-track",
         "escalated|prioritised|prioritized|expedited|fast-tracked",
         "escalating|prioritising|prioritizing|expediting"),
    Verb(c.ESCALATE, "mark|flag|treat|bump|push|move|raise|take|bring|report|give",
         "marked|flagged|bumped|pushed|moved|raised|taken|brought|reported|given",
         "marking|flagging|raising|pushing|bumping|treating|taking|reporting",
         near=r"\b(?:urgent|priority|urgency)\b|\b(?:with|to) (?:my |our |the )?(?:management|managers?|supervisors?|"
              r"boss|head|lead)\b|\bup the (?:line|queue|chain)\b|\btop of the\b"),
    Verb(c.NOTIFY,
         "let you know|drop you a|send you (?:a text|a message|an e-?mail|an update|a note)|keep you (?:posted|"
         "updated|informed|in the loop)|inform|notify|tell you|update you|text you|remind you|alert you|"
         "give you an update",
         "informed|notified|kept you (?:posted|informed|updated)|alerted|texted you|told you",
         "notifying|informing|keeping you|texting you|sending you an? (?:text|message|e-?mail|update)",
         never=r"\btell you (?:how|what|where|about)\b|\blet you know (?:how|what you)\b"),
    Verb(c.RECORD, "note|record|log|write|make|add|put|leave|jot|take|save|register",
         "noted|recorded|logged|registered|taken down|written down|made a note|saved|added|put|left|jotted",
         "noting|recording|adding|logging|making|putting|registering",
         near=r"\b(?:notes?|noted|remark|comment|noting|record(?:ed|ing)?|log(?:ged|ging)?|down|saved?|registered|"
              r"register)\b",
         never=r"\bdiscount\b|\b(?:bring|price|total|points|calm)\b|\bas recorded\b|\b(?:delivery|gift) note\b"),
    Verb(c.HOLD, "pause|suspend|stop|put|halt|freeze|intercept|hold|place",
         "paused|suspended|put|stopped|halted|frozen|intercepted|held|placed",
         "pausing|putting|stopping|suspending|holding|freezing|halting|intercepting",
         near=r"\bon hold\b|\bshipment\b|\bshipping\b|\bdelivery\b|\bpaus|\bsuspend|\bintercept|\bdispatch\b|"
              r"\bparcel\b|\bhold off\b", never=r"\bcalled off\b|\bnotes?\b|\baside\b"),
)  # fmt: skip
HANDLE = (
    Verb(c.HANDLE, "fix|resolve|solve|handle|sort|settle|take care of|deal with|arrange|process|see to|do|get this|"
                   "get that|straighten|clear up|clear this up|rectify|repair|put right|put this right|make it right|"
                   "remedy|set (?:it|this) right|get it|work on|make sure|ensure",
         "fixed|resolved|solved|handled|sorted|settled|taken care of|dealt with|taken|arranged|processed|put right|"
         "corrected|changed|adjusted|straightened|cleared up|rectified|repaired|upgraded|updated|applied|completed|"
         "remedied|done",
         "fixing|resolving|solving|handling|sorting|working on|taking care of|dealing with|arranging|processing|"
         "straightening|clearing up|rectifying|seeing to|attending to"),
)  # fmt: skip
