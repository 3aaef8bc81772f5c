"""The figures over HTTP (contract C's summary, and the cases behind each number); the wiring mounts it."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from assistant.metrics.figures import Query as Asked
from assistant.metrics.figures import count_all, figure_of, make_query, members
from assistant.metrics.shown import cases_json, definitions_json, summary_json
from assistant.security.principals import Principal, Scope
from assistant.store.engine import Store, utcnow

Require = Callable[[Scope], Callable[..., Principal]]


def _language(request: Request) -> str:
    return request.query_params.get("language") or request.headers.get("accept-language", "en").split(",")[0] or "en"


Language = Annotated[str, Depends(_language)]
Moment = Annotated[str | None, Query(max_length=64)]
Codes = Annotated[str | None, Query(max_length=2000)]


def make_router(store: Store, time_zone: str, require: Require) -> APIRouter:
    """The routes; days are `time_zone`'s where the caller names none."""
    router = APIRouter(prefix="/v1/metrics", tags=["figures"], dependencies=[Depends(require(Scope.METRICS_READ))])

    def asked(
        start: Annotated[str | None, Query(alias="from", max_length=64)] = None,
        to: Moment = None, tz: Moment = None, group_by: Moment = None,
        severity: Codes = None, fault: Codes = None, playbook: Codes = None,
    ) -> Asked:  # fmt: skip
        return make_query(
            time_zone, utcnow(), start=start, end=to, zone=tz, group_by=group_by, severity=severity, fault=fault,
            playbook=playbook,
        )  # fmt: skip

    @router.get("/summary")
    def summary(query: Annotated[Asked, Depends(asked)], language: Language) -> dict[str, Any]:
        """Every figure of a period (`from` up to, not including, `to`; else the last seven days).

        Times are RFC 3339, or dates: the first moment of that day in `tz` (IANA, else the deployment's zone). Each
        figure is `{value, numerator, denominator, definition}` with its unit, 95 % interval, breakdown by severity
        and, with `group_by` (`severity`, `fault`, `playbook`, `day`, `week`, `month`), its groups. Which time places
        a case in the period is part of its definition. `severity`, `fault` (the leading one) and `playbook` filter;
        each takes codes separated by commas. A value is null where nothing was counted; money is a list by currency.
        """
        return summary_json(count_all(store, query, utcnow()), query, language)

    @router.get("/figures")
    def figures() -> dict[str, Any]:
        """What there is: every figure's id, unit, name and definition, in both languages."""
        return {"items": definitions_json(None), "next": None}

    @router.get("/{figure}/cases")
    def cases(
        figure: str, query: Annotated[Asked, Depends(asked)], part: Moment = "numerator",
        group: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: Annotated[str | None, Query(max_length=2000)] = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The cases behind a number, by the same period, filters and grouping as the summary; earliest first.

        `part` is `numerator` or `denominator`; `group` names one of the groups of `group_by`. `total` is the number's
        `cases`; each item names its case, and what it adds (`measure`).
        """
        figure_of(figure)
        one = count_all(store, query, utcnow())[figure]
        behind = members(one, part or "numerator", group)
        return cases_json(one, behind, limit, cursor, playbooks=query.asks_playbooks)

    return router
