"""Cases of every fault as contract C shows them, made from the faults' own examples; and solved ones to find."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec

from assistant.cases.wording import say
from knowledge.faults.catalogue import CATALOGUE
from knowledge.library.solved import SolvedCase, Tried
from knowledge.vocabulary.codes import FaultCode
from tests.knowledge.faults import examples

FREED = {"en": "the reserved stock is free again", "zh-CN": "预留的库存已释放"}
TOLD = {"en": "the customer knows why", "zh-CN": "顾客知道了原因"}
FAULTS = [str(code) for code in CATALOGUE]


def _builtins(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def make(code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case of this fault and its order, as the house's views give them."""
    example = examples.example(code)
    now, snapshot = example.now, example.snapshot
    checkout = example.checkout_id or f"sku-{code}"
    finding = next(f for f in example.found() if f.code == code)
    evidence = _builtins(finding.evidence)
    case = {
        "id": f"case_{code}", "subject": {"kind": "checkout", "id": checkout}, "checkout_id": checkout,
        "order_id": None, "customer_id": "c-1", "language": "zh-CN", "severity": str(finding.severity),
        "faults": [
            {"code": code, "detected_at": _builtins(now), "confidence": finding.confidence, "evidence": evidence}
        ],
        "priority": 40, "priority_terms": {}, "status": "awaiting_approval",
        "root_cause": {"step": str(finding.step), "cause": finding.cause, "evidence": evidence},
        "plan_version": 2, "owner": None, "detected_at": _builtins(now),
        "due_at": _builtins(now + timedelta(minutes=5)),
        "first_action_at": None, "resolved_at": None, "resolution": None, "messages": [], "promises": [],
        "plan": [
            {"id": "1", "action": "release_reservation", "arguments": {}, "effect": FREED,
             "undo": None, "needs_approval": True, "status": "done"},
            {"id": "2", "action": "send_message", "arguments": {}, "effect": TOLD,
             "undo": None, "needs_approval": True, "status": "pending"},
        ],
        "timeline": [
            {"at": _builtins(now), "actor": "system", "what": say("opened", codes=code), "evidence": evidence},
            {"at": _builtins(now), "actor": "system",
             "what": say("step_done", effect=FREED), "evidence": evidence},
        ],
    }  # fmt: skip
    order = {"checkout_id": checkout, "snapshot": _builtins(snapshot), "read_back": None}
    return case, order


_MADE = [make(code) for code in FAULTS]
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case, _ in _MADE}
ORDERS: dict[str, dict[str, Any]] = {order["checkout_id"]: order for _, order in _MADE}


def solved_cases() -> list[SolvedCase]:
    """One solved case per fault, from its own texts."""
    return [
        SolvedCase(
            case_id=f"solved_{code}", fault=str(code), step=str(fault.step), severity=str(fault.severity),
            summary={
                language: f"{fault.texts['title'][language]}：{_cause(code, language)}" for language in ("zh-CN", "en")
            },
            tried=[Tried("release_reservation", "done")], resolution="repaired",
            outcome={"zh-CN": "系统自动修复", "en": "repaired by the system alone"},
        )
        for code, fault in CATALOGUE.items()
    ]  # fmt: skip


def _cause(code: FaultCode, language: str) -> str:
    return next(words[language] for key, words in CATALOGUE[code].texts.items() if key.startswith("cause."))
