"""The library over HTTP: a search in past cases and articles for people, and the articles themselves."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from assistant.security.principals import Principal, Scope
from knowledge.library.library import Library, language_of_text
from knowledge.phrases import language_of
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.errors import InputError

MAX_QUERY = 1000  # characters
Require = Callable[[Scope], Callable[..., Principal]]


def make_router(library: Library, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1/library", tags=["library"])
    reads = Depends(require(Scope.CASES_READ))

    @router.get("/search", dependencies=[reads])
    def search(
        q: Annotated[str, Query(min_length=1, max_length=MAX_QUERY)],
        fault: str | None = None, step: str | None = None, severity: str | None = None,
        language: Annotated[str | None, Query(max_length=35)] = None,
        limit: Annotated[int, Query(ge=1, le=50)] = 10,
    ) -> dict[str, Any]:  # fmt: skip
        """Solved cases and help articles about a question in Chinese or English, best first.

        `cases` as in `GET /v1/cases/{id}/similar`, each with `why` it is there; a case's id opens at
        `GET /v1/cases/{id}`. `articles`: `{id, title, text, score, language}` in `language`, else the question's.
        """
        if not q.strip() or "\0" in q:
            raise InputError("invalid_query", "q", "asks nothing" if not q.strip() else "holds a NUL character")
        _known("fault", fault, FaultCode)
        _known("step", step, Step)
        _known("severity", severity, Severity)
        shown = language_of(language) if language else language_of_text(q)
        cases = library.search(q, fault=fault, step=step, severity=severity, limit=limit)
        articles = library.search_help(q, audience="staff", language=shown, limit=limit)
        return {
            "cases": [found.json() for found in cases],
            "articles": [
                {"id": hit.id, "title": hit.title, "text": hit.text, "score": hit.score, "language": hit.language}
                for hit in articles
            ],
        }  # fmt: skip

    @router.get("/articles/{article_id}", dependencies=[reads])
    def article(article_id: str) -> dict[str, Any]:
        """One help article in both languages, this shop's figures filled in."""
        return library.article(article_id, "staff").json()

    return router


def _known(name: str, value: str | None, kind: type[FaultCode] | type[Step] | type[Severity]) -> None:
    if value is not None and value not in {str(one) for one in kind}:
        raise InputError("invalid_filter", name, f"{value!r} is none of {', '.join(str(one) for one in kind)}")
