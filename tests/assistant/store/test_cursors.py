"""Cursors: what comes back is what was packed, and whatever else comes back is refused by name."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from assistant.store.cursors import packed, unpacked
from knowledge.vocabulary.errors import InputError

AT = datetime(2026, 11, 11, 10, 30, 0, 123456, tzinfo=UTC)


def raw(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_a_place_comes_back_as_it_was_packed() -> None:
    assert unpacked(packed([AT, "case_1", 3]), datetime, str, int) == [AT, "case_1", 3]
    assert unpacked(packed(["é\u4e2d", -1]), str, int) == ["é\u4e2d", -1]


@pytest.mark.parametrize(
    "cursor",
    ["x", "é", "====", raw("{}"), raw("[]"), raw("[" * 2_000), raw("[" * 200_000), raw('["2026-01-01T00:00:00","a",1]'),
     raw('["0001-01-01T00:00:00+14:00","a",1]'), raw('["9999-12-31T23:59:59-14:00","a",1]'), raw('[1,"a",1]'),
     raw('["2026-01-01T00:00:00Z",null,1]'), raw('["2026-01-01T00:00:00Z","\\ud800",1]'),
     raw('["2026-01-01T00:00:00Z","a\\u0000",1]'), raw('["2026-01-01T00:00:00Z","a",1e999]'),
     raw('["2026-01-01T00:00:00Z","a",true]'), raw('["2026-01-01T00:00:00Z","a",99999999999999999999]'),
     raw('["2026-01-01T00:00:00Z","a",' + "9" * 3_000 + "]"), raw('["2026-01-01T00:00:00Z","a",1,1]')],
)  # fmt: skip
def test_what_no_page_of_ours_gave_out_is_refused(cursor: str) -> None:
    with pytest.raises(InputError) as refused:
        unpacked(cursor, datetime, str, int)
    assert (refused.value.code, refused.value.field) == ("invalid_cursor", "cursor")
