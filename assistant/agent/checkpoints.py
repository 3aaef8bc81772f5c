"""Where the agent loop keeps a conversation between turns: SQLite under `home`, or PostgreSQL; masked text only."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from assistant.settings import Settings

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

FILE = "conversations.db"
_LOCK = 0x48_57_43_50  # PostgreSQL advisory lock: one process sets its tables up at a time
_MAX_ID = 128
_FORGET_OLDER = (
    "DELETE FROM writes WHERE thread_id = ? AND checkpoint_id <> "
    "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '')",
    "DELETE FROM checkpoints WHERE thread_id = ? AND checkpoint_id <> "
    "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '')",
)
_ready: set[str] = set()


def thread_id(case_id: str, principal: str) -> str:
    """`case:{case}:{principal}`; a principal too long for the column stands there as its digest."""
    thread = f"case:{case_id}:{principal}"
    if len(thread) <= _MAX_ID:
        return thread
    return f"case:{case_id}:{hashlib.sha256(principal.encode()).hexdigest()[:32]}"


@asynccontextmanager
async def open_checkpoints(settings: Settings) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """The store of one turn, on a connection of its own."""
    if settings.database.startswith("sqlite"):
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        await asyncio.to_thread(settings.home.mkdir, parents=True, exist_ok=True)
        async with AsyncSqliteSaver.from_conn_string(str(settings.home / FILE)) as saver:
            yield saver
        return
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg import AsyncConnection
    from psycopg.rows import dict_row

    url = settings.database.replace("postgresql+psycopg://", "postgresql://", 1)
    # as AsyncPostgresSaver.from_conn_string connects
    connecting = AsyncConnection.connect(url, autocommit=True, prepare_threshold=0, row_factory=dict_row)
    async with await connecting as connection:
        postgres = AsyncPostgresSaver(connection)
        if url not in _ready:
            await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            try:
                await postgres.setup()
            finally:
                await connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
            _ready.add(url)
        yield postgres


async def keep_latest(saver: BaseCheckpointSaver[Any], thread: str) -> None:
    """Drops a thread's older checkpoints: each holds the whole conversation, and only the last one is used."""
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    if not isinstance(saver, AsyncSqliteSaver):
        await saver.aprune([thread])
        return
    async with saver.lock:
        for query in _FORGET_OLDER:
            await saver.conn.execute(query, (thread, thread))
        await saver.conn.commit()
