"""A test set of retrieval: cases in words, questions about them, and questions about nothing here; read and checked."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import msgspec

from knowledge.vocabulary.errors import HellowordError, InputError

LANGUAGES = ("zh-CN", "en")
MOST = 200_000  # entries of a set
_FOLDER = Path(__file__).with_name("retrieval_sets")
TEST, DEV = _FOLDER / "test.json", _FOLDER / "dev.json"


class Text(msgspec.Struct, frozen=True):
    """A case's or a question's words; `id` is the case's, or the one that answers the question (empty: none does)."""

    id: str
    language: str
    text: str


class RetrievalSet(msgspec.Struct, frozen=True):
    """Cases, questions that one of them answers, and questions that none does."""

    name: str
    cases: list[Text]
    queries: list[Text]
    off_topic: list[Text] = []


def read_set(file: Path) -> RetrievalSet:
    """`{"cases": [{"id", "lang", "text"}], "queries": [{"case_id", "lang", "text"}]}`, optionally `off_topic`
    `[{"lang", "text"}]`; JSON, may be gzipped.

    Raises:
        HellowordError: `no_data` when the file can't be read.
        InputError: `invalid_set` names the line, or the entry and its field.
    """
    found = _loaded(file)
    if not isinstance(found, dict):
        raise InputError("invalid_set", file.name, 'must be an object {"cases": […], "queries": […]}')
    cases = _texts(found, "cases", "id")
    queries = _texts(found, "queries", "case_id")
    off_topic = _texts(found, "off_topic", None) if "off_topic" in found else []
    known: set[str] = set()
    for place, case in enumerate(cases):
        if case.id in known:
            raise InputError("invalid_set", f"cases[{place}].id", f"{case.id!r} is there twice")
        known.add(case.id)
    for place, query in enumerate(queries):
        if query.id not in known:
            raise InputError("invalid_set", f"queries[{place}].case_id", f"{query.id!r} is no case of the set")
    if not cases or not queries:
        raise InputError("invalid_set", "queries" if cases else "cases", "must not be empty")
    return RetrievalSet(file.name, cases, queries, off_topic)


def _loaded(file: Path) -> Any:
    try:
        body = file.read_bytes()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        return json.loads(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise InputError("invalid_set", f"line {error.lineno}, column {error.colno}", error.msg) from error
    except UnicodeDecodeError as error:
        raise InputError("invalid_set", f"byte {error.start}", "is not UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        raise HellowordError("no_data", f"{file} can't be read: {error}") from error
    except RecursionError as error:
        raise InputError("invalid_set", file.name, "is nested too deeply") from error


def _texts(found: dict[str, Any], name: str, key: str | None) -> list[Text]:
    rows = found.get(name)
    if not isinstance(rows, list):
        raise InputError("invalid_set", name, "is missing" if name not in found else "must be a list")
    if len(rows) > MOST:
        raise InputError("invalid_set", name, f"has {len(rows)} entries, at most {MOST} are taken")
    return [_text(row, f"{name}[{place}]", key) for place, row in enumerate(rows)]


def _text(row: Any, where: str, key: str | None) -> Text:
    if not isinstance(row, dict):
        raise InputError("invalid_set", where, "must be an object")
    identity = _word(row, where, key) if key else ""
    return Text(identity, _language(row, where), _word(row, where, "text"))


def _word(row: dict[str, Any], where: str, field: str) -> str:
    value = row.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and field != "text":
        value = str(value)
    if not isinstance(value, str):
        raise InputError("invalid_set", f"{where}.{field}", "is missing" if field not in row else "must be a text")
    if not value.strip() or "\0" in value:
        wrong = "holds a NUL character" if value.strip() else "is empty"
        raise InputError("invalid_set", f"{where}.{field}", wrong)
    return value


def _language(row: dict[str, Any], where: str) -> str:
    tag = row.get("lang")
    prefix = tag.strip().lower().split("-")[0].split("_")[0] if isinstance(tag, str) else ""
    if prefix not in ("zh", "en"):
        raise InputError("invalid_set", f"{where}.lang", "must be zh-CN or en" if "lang" in row else "is missing")
    return LANGUAGES[0] if prefix == "zh" else LANGUAGES[1]
