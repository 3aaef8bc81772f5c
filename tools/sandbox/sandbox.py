"""The demo shop as a program: one app, its background work, and a server; used by the command line and the
harness."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI

from tools.sandbox.admin import mount_admin
from tools.sandbox.api import build_app
from tools.sandbox.chaos import ChaosLayer
from tools.sandbox.config import Config
from tools.sandbox.crew import Crew
from tools.sandbox.model import Json
from tools.sandbox.traffic import Options

FLUSH_EVERY = 0.2
START_TIMEOUT = 15.0
FAREWELL = 2.0


class Sandbox:
    """`start()` serves in a thread until `stop()`; `serve()` serves in the foreground until interrupted."""

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()
        self.crew = Crew(self.config)
        self.app: FastAPI = build_app(self.crew.shop)
        mount_admin(self.app, self.crew)
        self.app.router.lifespan_context = self._lifespan
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        return f"http://{self.config.host}:{self.config.port}"

    def scenario(self, fault: str | None = None, hard_negative: str | None = None, **options: Any) -> Json:
        """Plays one story in this thread, without a server: at once, and if `set_back` is given so many seconds
        ago, with every event and deadline of that time. Options are those of the admin's scenarios.

        Returns the ids around it. Raises ValueError for names it doesn't know.
        """
        with self.crew.books.lock:
            story = self.crew.traffic.scenario(fault, hard_negative, Options.model_validate(options))
            self.crew.books.flush()
            return self.crew.ids_of(story.checkout_id)

    def told(self, subject: str | None = None, kind: str | None = None) -> list[Json]:
        """The events so far (those lost on purpose, too), oldest first; about one checkout, sku or payment."""
        with self.crew.books.lock:
            return self.crew.sender.told_about(kind, subject)

    def serve(self) -> None:
        self._new_server().run()

    def start(self) -> None:
        """Returns when the shop answers; port 0 takes a free one and notes it in the config."""
        self._server = self._new_server()
        self._thread = threading.Thread(target=self._server.run, name="sandbox", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"the demo shop did not start on {self.base_url}")
            time.sleep(0.005)
        if self.config.port == 0:
            self.config.port = self._server.servers[0].sockets[0].getsockname()[1]
            self.crew.shop.gateway.public_url = self.config.public_url or self.base_url

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(START_TIMEOUT)
        self._server = self._thread = None

    def _new_server(self) -> uvicorn.Server:
        layered = ChaosLayer(self.app, self.crew.weather)
        return uvicorn.Server(
            uvicorn.Config(
                layered,
                host=self.config.host,
                port=self.config.port,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
                lifespan="on",
            )
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        crew = self.crew
        workers = [crew.scheduler.run(), crew.sender.run(), crew.traffic.run(), self._keep_books()]
        tasks = [asyncio.create_task(worker) for worker in workers]
        try:
            yield
        finally:
            crew.traffic.rate = 0
            await self._say_goodbye()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            crew.books.flush()
            crew.truth.close()
            if crew.books.journal is not None:
                crew.books.journal.close()

    async def _keep_books(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            self.crew.books.flush()

    async def _say_goodbye(self) -> None:
        """Gives the last events a moment to leave; with a state file, the rest leaves at the next start."""
        until = time.monotonic() + FAREWELL
        while self.crew.sender.can_leave and time.monotonic() < until:
            await asyncio.sleep(0.02)
