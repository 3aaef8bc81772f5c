"""The durable engine (DBOS): the only module that imports it. Journeys are enqueued inside our own transactions."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast
from uuid import uuid4

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig
from dbos._serialization import DBOSPortableJSONSerializer

from assistant.settings import Settings
from assistant.store.engine import Store, make_engine_for_durable, utcnow
from assistant.store.tables import workers
from knowledge.vocabulary.errors import HellowordError

log = structlog.get_logger(__name__)

QUEUE = "journeys"
WORKFLOW = "case_journey"
APPLICATION = "helloword"
APPLICATION_VERSION = "1"  # pinned: journeys evolve by patches, or old work would be stranded
POLL_SECONDS = 0.1
TAKEOVER_SECONDS = 2.0
KEEP_FINISHED = timedelta(hours=1)
_FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

Journey = Callable[[str, int], None]
_runner: ContextVar[Callable[..., Any] | None] = ContextVar("runner", default=None)


def run_step(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Runs one step of a journey and checkpoints its answer (JSON, ids only); a step may run again after a crash."""
    if (runner := _runner.get()) is not None:
        return runner(name, function, *arguments)
    return DBOS.run_step({"name": name}, function, *arguments)


@contextmanager
def steps_run_by(runner: Callable[..., Any]) -> Iterator[None]:
    """Within, this thread's journeys run without the engine: `runner(name, function, *arguments)` runs each step."""
    token = _runner.set(runner)
    try:
        yield
    finally:
        _runner.reset(token)


def workflow_id(case_id: str, generation: int) -> str:
    """The id of one run of a case's journey; never used twice (a used id returns its first result)."""
    return f"case:{case_id}:{generation}"


class Durable:
    """Enqueues journeys; when `start`ed it also runs them, and takes over those of dead workers."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._engine = make_engine_for_durable(store)
        self._serializer = DBOSPortableJSONSerializer()
        self._client: DBOSClient | None = None
        self._stop = threading.Event()
        self._guard: threading.Thread | None = None
        self._lock_file: IO[str] | None = None
        self._lock_connection: sa.Connection | None = None
        self.executor_id = "embedded" if store.is_sqlite else (settings.executor_id or f"w-{uuid4().hex[:12]}")

    # -- enqueueing (API and workers) -----------------------------------------------------------------------------

    def enqueue(self, tx: sa.Connection, case_id: str, generation: int, priority: int) -> None:
        """Puts one journey into the queue as part of `tx`. `priority`: lower runs first, at least 1."""
        if self._client is None:
            self._client = DBOSClient(
                system_database_engine=self._engine, serializer=self._serializer,
                use_listen_notify=False, application_name=APPLICATION,
            )  # fmt: skip
        self._client.enqueue_in_transaction(
            tx,
            {
                "queue_name": QUEUE, "workflow_name": WORKFLOW, "workflow_id": workflow_id(case_id, generation),
                "app_version": APPLICATION_VERSION, "priority": max(1, priority), "application_name": APPLICATION,
            },
            case_id, generation,
        )  # fmt: skip

    # -- running (workers) ----------------------------------------------------------------------------------------

    def start(self, journey: Journey) -> None:
        """Starts working: recovers this executor's unfinished journeys, polls the queue, watches other workers.

        Raises:
            HellowordError: `home_in_use` when another process works on the same embedded database.
        """
        self._claim_executor()
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "executor_id": self.executor_id,
            "application_version": APPLICATION_VERSION,
            "serializer": self._serializer,
            "log_level": "ERROR",
            "enable_otlp": False,
            "max_executor_threads": self._settings.worker_threads + 8,
        }
        logging.getLogger("dbos").setLevel(logging.ERROR)
        DBOS.destroy(destroy_registry=True)
        DBOS(config=config)

        def case_journey(case_id: str, generation: int) -> None:
            journey(case_id, generation)

        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=1000)(case_journey)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE, worker_concurrency=self._settings.worker_threads, polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )  # fmt: skip
        self._guard = threading.Thread(target=self._watch, name="durable-guard", daemon=True)
        self._guard.start()

    def prepare(self) -> None:
        """Creates the engine's tables, without working: needed once before anything can be enqueued."""
        logging.getLogger("dbos").setLevel(logging.ERROR)
        url = self._store.engine.url.render_as_string(hide_password=False)
        with self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not self._store.is_sqlite:  # one process at a time
                connection.scalar(sa.select(sa.func.pg_advisory_lock(_number("durable.prepare"))))
            try:
                DBOS.migrate(url)
            finally:
                if not self._store.is_sqlite:
                    connection.scalar(sa.select(sa.func.pg_advisory_unlock(_number("durable.prepare"))))

    def stop(self, grace_seconds: int = 3) -> None:
        """Stops working; unfinished journeys go on at the next start."""
        self._stop.set()
        if self._guard is not None:
            self._guard.join(timeout=5)
            DBOS.destroy(workflow_completion_timeout_sec=grace_seconds)
            with self._store.begin() as tx:
                tx.execute(
                    workers.update().where(workers.c.executor_id == self.executor_id).values(stopped_at=utcnow())
                )
        if self._client is not None:
            self._client = None
        if self._lock_connection is not None:
            self._lock_connection.close()
        if self._lock_file is not None:
            self._lock_file.close()
        if self._engine is not self._store.engine:
            self._engine.dispose()

    # -- who is alive -----------------------------------------------------------------------------------------------

    def _claim_executor(self) -> None:
        if self._store.is_sqlite:
            self._claim_home()
        else:
            connection = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            number = _number(self.executor_id)
            if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))):
                connection.close()
                raise HellowordError("executor_in_use", f"HELLOWORD_EXECUTOR_ID {self.executor_id} is already working")
            self._lock_connection = connection
        with self._store.begin() as tx:
            row = {
                "executor_id": self.executor_id,
                "number": _number(self.executor_id),
                "started_at": utcnow(),
                "stopped_at": None,
            }
            tx.execute(self._store.upsert(workers, ["executor_id"], row, ["started_at", "stopped_at"]))

    def _claim_home(self) -> None:
        """One process works on an embedded database; the operating system frees the lock when it dies."""
        database = Path(cast(str, self._store.engine.url.database))
        self._lock_file = database.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HellowordError(
                "home_in_use",
                f"another helloword works on {database}; stop it, or set HELLOWORD_HOME or HELLOWORD_DATABASE_URL",
            ) from error

    def _watch(self) -> None:
        last_prune = datetime.min.replace(tzinfo=UTC)
        while not self._stop.wait(TAKEOVER_SECONDS):
            try:
                if not self._store.is_sqlite:
                    self._stay_alive()
                    self._take_over_the_dead()
                if utcnow() - last_prune > timedelta(minutes=10):
                    self._forget_finished()
                    last_prune = utcnow()
            except Exception:  # the guard must outlive a database restart; it tries again
                log.exception("durable.guard_failed")

    def _stay_alive(self) -> None:
        """The lock goes with its connection, and whoever finds it free believes us dead: take it and enlist again."""
        if self._lock_connection is not None:
            try:
                self._lock_connection.scalar(sa.select(1))
            except sa.exc.DBAPIError:
                log.warning("durable.lock_lost", executor=self.executor_id)
                self._lock_connection.invalidate()
                self._lock_connection.close()
                self._lock_connection = None
        if self._lock_connection is None:
            self._claim_executor()

    def _take_over_the_dead(self) -> None:
        """Whoever gets a dead worker's advisory lock resumes its journeys."""
        with self._store.read() as tx:
            others = tx.execute(
                sa.select(workers.c.executor_id, workers.c.number).where(
                    workers.c.stopped_at.is_(None), workers.c.executor_id != self.executor_id
                )
            ).all()
        for executor_id, number in others:
            with self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))):
                    continue
                try:
                    self._resume(executor_id)
                finally:
                    connection.scalar(sa.select(sa.func.pg_advisory_unlock(number)))

    def _resume(self, executor_id: str) -> None:
        pending = DBOS.list_workflows(
            status="PENDING", executor_id=executor_id, name=WORKFLOW, load_input=False, load_output=False
        )
        if pending:
            DBOS.resume_workflows([w.workflow_id for w in pending], queue_name=QUEUE)
        log.warning("durable.took_over", executor=executor_id, journeys=len(pending))
        with self._store.begin() as tx:
            tx.execute(workers.update().where(workers.c.executor_id == executor_id).values(stopped_at=utcnow()))

    def _forget_finished(self) -> None:
        before = (utcnow() - KEEP_FINISHED).isoformat()
        old = DBOS.list_workflows(
            status=_FINISHED, completed_before=before, name=WORKFLOW, limit=5000, load_input=False, load_output=False
        )
        if old:
            DBOS.delete_workflows([w.workflow_id for w in old])

    def is_lost(self, case_id: str, generation: int) -> bool:
        """Whether this run ended without clearing `running` (a bug or a poisoned input): the case must be woken."""
        try:
            status = DBOS.get_workflow_status(workflow_id(case_id, generation))
        except Exception:  # silence is no loss: it might still be running, and would then run twice at once
            log.exception("durable.status_unknown", case_id=case_id, generation=generation)
            return False
        return status is None or status.status in _FINISHED


def _number(executor_id: str) -> int:
    """A signed 64-bit advisory-lock number for an executor."""
    return int.from_bytes(hashlib.sha256(executor_id.encode()).digest()[:8], "big", signed=True)
