"""Claims in English sentences: what each clause asserts, of whom and when; `claims` calls it.

A sentence is cut into clauses, a clause into parts with one verb each. What is asked, depends on the customer, is
denied, only possible, usual, wished or reported is none of our deeds (`_silent`, `claims_scope`); the rest is read verb
by verb.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from knowledge.talk import deeds as c
from knowledge.talk.claims_en_sayings import SAYINGS, SOMETHING
from knowledge.talk.claims_en_verbs import HANDLE, VERBS, Verb
from knowledge.talk.claims_scope import Clause, Found, read
from knowledge.talk.deeds import Kind

# -- spelling out ------------------------------------------------------------------------------------------------------

_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]|(?<!\w)['‘][^’']*['’](?!\w)")
_PLAIN = tuple((re.compile(pattern), written) for pattern, written in (
    (r"\bwon'?t\b", "will not"), (r"\bcan'?t\b|\bcannot\b", "can not"), (r"\blet's\b", "let us"), (r"n't\b", " not"),
    (r"'ll\b",
    " will"), (r"'ve\b", " have"), (r"'re\b", " are"), (r"\bi'm\b", "i am"), (r"\bi'd\b|\bwe'd\b", "i would"),
    (r"\b(it|that|this|there|everything|all|parcel|order|refund|here|he|she|who)'s\b(?= (?:\w+ )?been\b)", r"\1 has"),
    (r"\b(it|that|this|there|everything|all|parcel|order|refund|money|driver|courier|colleague|here|he|she|who)'s\b",
     r"\1 is"),
    (r"\bgonna\b", "going to"), (r"\b(?:go|going|goes|went|gone) ahead and\b", ""),
    (r"\b(?:in the process of|in the middle of|busy|about to start)(?= \w+ing\b)", "now"),
    (r"\bwhile (?:i|we)\b(?= (?!\w+ed\b|were\b|was\b|are\b|had\b)\w+)", ", i will"),
    # Idioms that only look like denials or permissions.
    (r"\b(?:at )?no (?:extra |additional )?(?:cost|charge)\b|\bno later than\b|\bwithout (?:any |further )?(?:delay|"
     r"questions? asked|charge)\b|\bno (?:worries|problem)\b|\bfree of charge\b|\bnothing to worry about\b|"
     r"\bno need to \w+(?: the| your)?\b|\bas (?:soon|quickly|fast) as (?:possible|we can|i can)\b", ""),
    # What only vouches for the rest, or hedges it: the rest is asserted all the same.
    (r"\bi (?:can|am (?:happy|glad|pleased|delighted) to|would like to|just want(?:ed)? to) (?:only |also |"
     r"now )?(?:confirm|tell you|assure you|promise(?: you)?|guarantee|say|report|announce|let you know)(?: that)?\b",
     ""),
    (r"\b(?:please |you can |you may )?(?:rest|be) assured(?: that)?\b|\bjust to (?:confirm|let you know|"
     r"update you)\b|\bi promise(?: you)?(?: that)?\b|\bplease note that\b|\bgood news\b", ""),
    (r"\b(?:it (?:looks like|seems(?: that)?|appears(?: that)?)|apparently|i can see(?: here)?(?: that)?|"
     r"i see(?: here)?(?: that)?(?= (?:the|your|it|our|we)\b)|as far as i can see|according to (?:our|the|my) \w+)\b",
     ""),
    # What only says which thing is meant.
    (r"\b(?:what|everything|whatever) (?:you|we) (?:just |already )?(?:(?:have|had|were|are|was|can not|could not|can|"
     r"no longer) )?(?:been )?\w+(?: twice| in excess| too much| in total)?(?: for| on)?(?= )", "it"),
    (r"\b(?:that|which|who) (?:you|we|they) (?:have |had |can not |could not )?(?!said|told|"
     r"will)\w+(?: to a colleague| for you)?", "it"),
    (r"\b(the|your|that|this|each|both|a|an|one|last|new|second|first) (\w+ )?(\w+) you (?:have |had |just )?(?:\w+ed|"
     r"sent|paid|chose|bought|gave|placed|made|picked)(?: \w+){0,3}?(?= (?:has|have|is|was|are|were|will|can|should|"
     r"went|goes|to|on|by)\b)",
     r"\1 \2\3"),
    (r"(?<=point )you chose\b|(?<=goods )you chose\b|\bas (?:you|we) (?:placed|ordered|chose|asked|wished|discussed|"
     r"agreed|requested|wanted|preferred)(?: it)?\b|\blike you (?:asked|wanted)\b|\bas (?:ordered|requested|agreed|"
     r"promised|discussed)\b", ""),
))  # fmt: skip

# -- clauses -----------------------------------------------------------------------------------------------------------

_CLAUSE = re.compile(
    r"\s*(?:[,:](?=\s)|;|\s[–—-]{1,2}\s|—|\((?=\w)|\)|\bbut\b|\bso(?: that)?\b(?! far| much| long| many)|\balthough\b|"
    r"\bthough\b|\bbecause\b|\bsince\b(?= (?:the|your|we|i|it|you|our)\b)|\bwhereas\b|"
    r"\b(?<!soon )(?<!long )(?<!far )(?<!much )as(?= (?:we|i|it|our|they)\b))\s*"
)
_ASKS = re.compile(
    r"^(?:(?:and|or|so|well|also)\s+)?(?:would|shall|should|can|could|may|do|does|did|have you|has|had|is|are|was|"
    r"were|will you|won't|what|when|where|which|who|whom|why|how|any(?:thing)?)\b"
)
_TAG = re.compile(r"^(?:ok(?:ay)?|right|all ?right|yes|deal|fine)\?$")
_CHECKS = re.compile(r"^(?:is|was) (?:that|this|it) (?:right|correct|so|true)\?$|^(?:correct|am i right)\?$")
_COND = (
    r"(?:if|(?<!than )(?<!at )once(?! more| again)|when|as soon as|provided(?: that)?|after|unless|until|only if|"
    r"in case|as long as)"
)
_CONSENT = re.compile(
    rf"\b{_COND}\s+(?:that\s+)?you(?:'d|\s+would|\s+are|\s+have|\s+still|\s+also)?\s*"
    r"(?:agree|confirm|like|want|prefer|wish|say|choose|chosen|decide|tell|told|let|approve|accept|need|reply|replied|"
    r"answer|okay|happy|fine|pay|paid|send|sent|correct|complete|give|given|return|find|notice|chose|pick|fill|"
    r"provide|share|sign|upload|order|request|contact|come back)"
    rf"|\b{_COND}\b[^,]*\b(?:(?:this|that|the|your) (?:form|information|details|photos?|pictures?|reply|answer|"
    rf"confirmation|"
    r"approval|consent|response|ok|go-ahead|receipt|documents?|proof|choice|decision)|your payment|"
    r"return(?:ed)? (?:item|parcel|request))\b|\bshould you (?:wish|want|prefer|like|need|decide|agree)\b|"
    r"\b(?:just )?say the word\b|\bon your (?:ok|word|confirmation)\b|\bwithout your\b|\b(?:only )?with your (?:ok|"
    r"consent|approval|permission|agreement)\b|^(?:please )?choose to\b|\bif so\b|\bif (?:that|this|it) (?:is|was|"
    r"would be|works|suits|sounds)\b|\bsubject to your\b|\bwhichever you\b|\bis (?:\w+ )?up to you\b"
)
_LIKE = re.compile(r"^(?:if|should) (?:you|that|this)\b(?: \S+){1,5}$")  # “…, if you like.”: takes the promise back
_DO = re.compile(
    r"^(?:and |then )?(?:please |just |simply |kindly )*(?:say|give|send|tell|provide|confirm|reply|drop|fill|share|"
    r"choose|pick|click|press|sign|pay|return|upload|attach|call|write|answer|show|enter|select|let (?:me|"
    r"us) know)\b(?! (?:me|us) (?:a|one|two|some|few|just))"
)
_THEN = re.compile(r"\band (?:then )?(?:i|we|the|your|it|a|our|my)\b")
_ASIDE = re.compile(
    rf"(?:^|\s)(?:{_COND}|before|till|by the time|whether|how|why|where|wherever|whenever|what (?:went|has|is|i can|"
    rf"we can)|"
    r"what happened)(?<!looking after)\b(?! (?:the )?(?:noon|midnight|lunch|tomorrow|tonight|today|end|weekend|\d|"
    r"\w+day\b|then\b|that\b))"
)

_OBJECT = re.compile(r"\s*(?:how|where|what)\b")
_LATER = re.compile(r"\b(?:you|i|we|they|it|(?:your|the|our|my) \w+) (?:will|shall|am|are going|is going|have|has)\b")

# -- clauses that assert nothing ---------------------------------------------------------------------------------------

_NO_CLAIM = re.compile(
    r"^(?:and\s+|or\s+|then\s+)?(?:please|kindly|tell me|tell us|send (?:me|us)|let (?:me|us) know|choose|enter|reply|"
    r"give (?:me|us)|note that you|to (?!make|put|confirm)\w+|cancelling|refunding|exchanging|just say|feel free|"
    r"thank|thanks|sorry|in order to|(?:i am|we are) (?:\w+ )?sorry (?:to|that you)|had|should (?!be|arrive|reach|"
    r"have|get))\b|\byou(?: have| had)?(?: just| also| already)? (?:said|say|wrote|write|mention|mentioned|told|tell|"
    r"report|reported|asked|were told|describe|described|claim|claimed|expected|expect(?! (?:it|the|your|to|a))|"
    r"thought|assumed|believed)\b|\byour (?!order|parcel|refund|payment|package|account)\w+ (?:has |have )?(?:told|"
    r"said|says|wrote)\b|\byou (?:write|say)$|\bi (?:\w+ly )?(?:hope|wish|understand|know that you|realise|realize|"
    r"guess|doubt|believe you)\b|\bwe hope\b|\bwould have\b|\bhopefully\b|\bfingers crossed\b|\bif only\b|"
    r"\blooking forward\b|\bi want(?:ed)? to\b|\b(?:not sure|do not know|unsure|wonder|depends|too early to say|"
    r"hard to say|remains to be seen)\b|\b(?:usually|normally|generally|typically|as a rule|in general|often|"
    r"at any time|ordinarily|always)\b|\b(?:our|the|under|per|to) (?:\w+ )?policy\b|\b(?:once|twice|times) (?:a|"
    r"per) (?:day|week|month)\b|\bevery (?:\w+ )?(?:day|week|month|year|hour|morning|\w+day)\b|\b(?:waiting for|"
    r"wait for|pending|needs? to|need to|has to be|have to be|must|asked for|request(?:ed)? for)\b|^what (?:was|"
    r"has been|is) \w+$|\bis what\b|\baccording to you\b|\bhas to approve\b|\bdecides? (?:about|on)\b|\b(?:are|"
    r"is) (?:all )?possible\b|\bwhich (?:one|of)\b|\b(?:an)?other (?:shop|store|seller|merchant|company|retailer)\b|"
    r"\b(?:your|the) (?:neighbou?r|friend|husband|wife|family) (?:told|said|has|had)\b"
)
_GENERIC = re.compile(
    r"^(?!your\b|the\b|both\b|these\b|those\b|our\b|my\b|two\b|three\b|and your\b)(?:\w+ ){0,2}(?:refunds|orders|"
    r"deliveries|coupons|vouchers|returns|exchanges|replacements|payments|cancellations|shipments|parcels|packages|"
    r"items|goods|cosmetics|products|purchases)\b(?!.*\b(?:have|has|were|was) )"
)
_NEGATED = re.compile(
    r"\b(?:not(?! only)|never|no(?! later)|none|neither|nor|without|unable|nothing|nobody|hardly|fail(?:ed)? to|"
    r"yet to|refus\w+ to|only a person|declin\w+ to|instead of)\b"
)
_MODAL = re.compile(
    r"\b(?:can(?! expect)|could|may|might|would|able to|should (?:not|have been|ask|know|try|contact|first)|(?:we|i|"
    r"you) should(?! (?:be|have|get)))\b"
)
_CAN = re.compile(
    r"(?<!what )\b(?:i|we) (?:can|could|may|might|would) (?!not|only\b|see\b|understand|imagine|like\b|love\b)\w+"
)
_YOU_DID = re.compile(
    r"(?<!keep )(?<!keeping )(?<!kept )(?<!get )(?<!got )(?<!have )\byou(?: yourself)?(?: have| had)?(?: (?:just|"
    r"already|yourself|also|now|then|since|\w+ly))?\s+(?:(?!been\b|need|us)\w+ed|paid|chose|sent|gave|bought|wrote|"
    r"made|got|took|had|used)\b"
)
_OWN_SUBJECT = re.compile(r"^(?:i|we|you|they|it|he|she|the|your|our|my|a|an|both|that|this|one|everything|someone)\b")

# -- charges -----------------------------------------------------------------------------------------------------------

_NOT_CHARGED = re.compile(
    r"\b(?:not|never) (?:been )?(?:be )?charged?\b|\b(?:not|nothing|no money|not a cent|no amount|none)\b.*\b(?:taken|"
    r"debited|charged|collected|captured|billed|deducted|left your account)\b|\bcharge nothing\b|"
    r"\bnot (?:been )?(?:be )?(?:billed|debited)\b|\bnothing (?:more |else )?to pay\b|\b(?:will|"
    r"are) not (?:be )?(?:pay|paying|cost|have to pay|owe)\b|\bwill (?:not cost|cost) you (?:nothing|a (?:cent|thing|"
    r"penny)|anything)\b|\bno (?:further |more |other |extra )?(?:charge|payment|money|fee)s? (?:will|was|were|has|"
    r"have|is)\b.*\b(?:taken|due|charged|collected|captured|made|applied|needed)\b"
)
_UNSEEN = re.compile(r"\b(?:do|did|can|could) not (?:see|find)\b|\b(?:have|has) not (?:seen|found)\b")
_TO_COME = re.compile(r"\b(?:will|going to|to pay|are not)\b")

# -- tense -------------------------------------------------------------------------------------------------------------

_MARKS = re.compile(
    r"\b(?P<future>will|going to|shall|should|let me|let us|about to|promise to|gets?|have (?:someone|the \w+|"
    r"a colleague|it|them)(?= (?!been)))\b|\b(?P<passive>be|being|get)\b|\b(?P<past>have|has|had|was|were|been|got|"
    r"having)\b|\b(?P<now>am|are|is)\b|\b(?P<we>i|we|they|shop|store|seller|warehouse|team|courier|carrier|bank|"
    r"system|colleagues?|manager|supervisor|driver|postman|department|agent)\b"
)
_ADJECTIVE = re.compile(r"\b(?:the|an?|your|our|this|that|these|any|every|each|of|newly) $")


_compiled = functools.cache(re.compile)  # more patterns than `re` keeps by itself


def found_in(sentence: str) -> Iterator[Found]:
    """(kind, deed) of each claim in one sentence."""
    plain = _QUOTED.sub(" … ", sentence.replace("’", "'")).lower()
    for pattern, written in _PLAIN:
        plain = pattern.sub(written, plain)
    raw = [one.strip() for one in _CLAUSE.split(plain.strip())]
    return read(_clauses([one for one in raw if one.strip(" .!")], plain.rstrip().endswith("?")), _deeds)


def _clauses(raw: list[str], question: bool) -> list[Clause]:
    if raw and _CHECKS.search(raw[-1]):
        return [Clause(raw[0], asked=True)]
    clauses, asking = [], [bool(_ASKS.search(one) or _TAG.search(one)) for one in raw]
    ordered = False
    for number, text in enumerate(raw):
        asked = question and (asking[number] or not any(asking[number + 1 :]))
        last = number == len(raw) - 1
        told = bool(_DO.search(text))
        depends = bool(_CONSENT.search(text)) or (told and bool(_THEN.search(text))) or (
            ordered and bool(_THEN.match(text)))  # fmt: skip
        offers = last and number > 0 and bool(_TAG.search(text) or (_LIKE.search(text) and _CONSENT.search(text)))
        clauses.append(Clause(text, asked, depends, offers, bool(_CAN.search(text))))
        ordered = told
    return clauses


def _deeds(clause: str, before: Sequence[str]) -> Iterator[Found]:
    main, object_ = _main(clause)
    if _silent(clause, main):
        return
    if _NOT_CHARGED.search(main) and not _UNSEEN.search(main) and not _YOU_DID.search(main):
        yield (c.WILL if _TO_COME.search(main) else c.DONE), c.NO_CHARGE
        main = _NOT_CHARGED.sub(" … ", main)
    found: list[Found] = []
    said, theirs = " ".join(before), False
    for part in re.split(r"\s+(?:and|or|who|which|then)\s+", main):
        theirs = bool(_YOU_DID.search(part)) or (theirs and not _OWN_SUBJECT.search(part))
        cut = _YOU_DID.search(part)
        found += [] if theirs and not cut else _part(part[: cut.start()] if cut else part, said, object_)
        said = f"{said} {part}"
    named = [one for one in found if one[1] != c.HANDLE]
    yield from named or found


def _main(clause: str) -> tuple[str, str]:
    """Without the part that says when, if or whether, and what it says of how or where (“we changed | where it goes”).

    “As soon as it ships you will hear from us” has that part in front.
    """
    aside = _ASIDE.search(clause)
    if aside is None:
        return clause, ""
    if aside.start():
        rest = clause[aside.start() :]
        return clause[: aside.start()], rest if _OBJECT.match(rest) else ""
    later = list(_LATER.finditer(clause)) if re.match(_COND, clause) else []
    return (clause[later[-1].start() :] if later else ""), ""


def _silent(clause: str, main: str) -> bool:
    return not main.strip() or bool(_NO_CLAIM.search(clause) or _GENERIC.search(main))


def _part(part: str, before: str, object_: str) -> list[Found]:
    if _NEGATED.search(part) or _MODAL.search(part):
        return []
    said = {(kind, deed) for pattern, kind, deed in SAYINGS if pattern.search(part)}
    if ("will", c.NOTIFY) in said and ("will", c.CONTACT) in said:
        said.discard(("will", c.CONTACT))
    deeds = {deed for _, deed in said}
    verbs = [one for one in _verbs_in(part, before, object_, VERBS) if one[1] not in deeds]
    found = [*sorted(said), *verbs]
    if not found:
        found = list(_verbs_in(part, before, object_, HANDLE))
    return found or [(kind, c.HANDLE) for pattern, kind in SOMETHING if pattern.search(part)]


def _verbs_in(part: str, before: str, object_: str, verbs: tuple[Verb, ...]) -> Iterator[Found]:
    beside = part + object_
    for verb in verbs:
        if (verb.near and not _compiled(verb.near).search(beside)) or (
            verb.never and _compiled(verb.never).search(beside)
        ):
            continue
        for form, words in (("past", verb.past), ("base", verb.base), ("ing", verb.ing)):
            for hit in _compiled(rf"(?<![\w-])(?:{words})(?![\w-])").finditer(part):
                left = part[: hit.start()]
                if not (form != "ing" and _ADJECTIVE.search(left)) and (kind := _tense(form, left, before)) is not None:
                    yield kind, verb.deed
                    break


def _tense(form: str, left: str, before: str) -> Kind | None:
    """By the last word before the verb that tells; a part that has none goes on in the tense of what went before."""
    marks = [m.lastgroup for m in _MARKS.finditer(left)] or [m.lastgroup for m in _MARKS.finditer(before)]
    if form == "ing" and not left.strip():
        return c.WILL  # “Connecting you to an agent now.”
    if form == "ing" and not _MARKS.search(left) and not re.fullmatch(r"(?:\w+ly|now|also|already|then) ", left):
        return None  # “your total, including shipping”
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
