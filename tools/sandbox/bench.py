"""A demo shop without a server or a clock of its own: calls are answered in this thread, time jumps from one
thing to the next; used by the proof that tries thousands of crashes."""

import asyncio
import heapq
import json
import time
from collections.abc import Mapping
from random import Random
from typing import Any

from tools.sandbox.chaos import Event
from tools.sandbox.config import Config, Pace
from tools.sandbox.judge import judge
from tools.sandbox.model import Json
from tools.sandbox.problem import Refusal
from tools.sandbox.sandbox import Sandbox
from tools.sandbox.storyboards import FAULTS
from tools.sandbox.traffic import Options

DRAWS = 64  # so many draws show every variant of a storyboard
PAYMENT_WINDOW = 100_000.0
TIME_SCALE = 0.05  # pauses of a story end before deadlines of a second, and what is to miss them comes seconds later
ELSEWHERE = "somebody-else-"  # keys of what others do at the same time
# What others may do just before us without spoiling the story: a second doing of it is refused or changes nothing.
DONE_BY_OTHERS = (
    "/confirm", "/cancel", "/expire", "/release", "/commit", "/capture", "/refund", "/cancel-lines", "/substitute",
    "/backorder", "/reprice", "/address", "/pickup", "/unhold",
)  # fmt: skip


class Bench:
    """One shop for one story. The same seed makes the same shop, customers and story."""

    def __init__(self, seed: int) -> None:
        pace = Pace(payment_window=PAYMENT_WINDOW)
        self.config = Config(
            port=0, assistant_url="http://in-this-thread", seed=seed, run="bench", silent_share=0.0, accept_share=1.0,
            reply_delay=1.0, order_deadline=3.0, pace=pace, time_scale=TIME_SCALE,
        )  # fmt: skip
        sandbox = Sandbox(self.config)
        self.crew, self._app = sandbox.crew, sandbox.app
        self._loop = asyncio.new_event_loop()
        self.lives_now = False

    def close(self) -> None:
        self._loop.close()

    # -- the story
    # -------------------------------------------------------------------------------------------------

    def codes(self) -> list[str]:
        """Faults there is a storyboard for."""
        return list(FAULTS)

    def variants(self, code: str) -> list[str]:
        """The variants of a fault's storyboard, as drawing shows them."""
        drawn = (FAULTS[code](self.config, Random(n), None).variant for n in range(DRAWS))
        return sorted(set(drawn))

    def play(self, code: str, variant: str, customer: str, set_back: float) -> str:
        """Plays the story (a healthy one without a code), so many seconds ago; one that waits in between lives now, and
        is played up to where it waits. Answers the checkout's id."""
        plot = FAULTS[code](self.config, Random(self.config.seed), variant or None) if code else None
        self.lives_now = plot is not None and any(beat.waits for beat in plot.beats)
        options = Options.model_validate(
            {
                "variant": variant or None, "customer": customer, "marketing_consent": True,
                "set_back": 0.0 if self.lives_now else set_back,
            }
        )  # fmt: skip
        return self.crew.traffic.scenario(code or None, None, options).checkout_id

    # -- the wire
    # -------------------------------------------------------------------------------------------------

    def call(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """One call to the contract, answered before this returns: status, headers, body."""
        return self._loop.run_until_complete(self._exchange(method, path, query, headers, body))

    async def _exchange(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {"authorization": f"Bearer {self.config.token}", **{k.lower(): v for k, v in headers.items()}}
        scope: dict[str, Any] = {
            "type": "http", "http_version": "1.1", "asgi": {"version": "3.0"}, "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        answered: list[Event] = []

        async def receive() -> Event:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Event) -> None:
            answered.append(event)

        await self._app(scope, receive, send)
        found = {name.decode().lower(): value.decode() for name, value in answered[0]["headers"]}
        return answered[0]["status"], found, b"".join(one.get("body", b"") for one in answered[1:])

    def events(self) -> list[Json]:
        """Takes every event that was told and not lost, as it would arrive."""
        queue = self.crew.sender._queue
        return [json.loads(heapq.heappop(queue)[2]) for _ in range(len(queue))]

    # -- time
    # -------------------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """Seconds until the shop's next own deed; None when it has none."""
        heap = self.crew.scheduler._heap
        return heap[0][0] - time.time() if heap else None

    def work(self) -> None:
        """Does the next of the shop's own deeds now, whenever it is due."""
        with self.crew.books.lock:
            _, _, verb, arguments = heapq.heappop(self.crew.scheduler._heap)
            self.crew.scheduler._do(verb, arguments)

    # -- others
    # -------------------------------------------------------------------------------------------------

    def changed_by_others(self, path: str, checkout_id: str) -> bool:
        """Somebody else changes what this call is about: its version is another one now."""
        kinds = {"checkouts": self.crew.books.checkouts, "orders": self.crew.books.orders}
        parts = path.strip("/").split("/")
        shelf: Any = kinds.get(parts[0])
        if shelf is None:
            return False
        key = parts[1] if len(parts) > 1 else checkout_id
        record = shelf.by_id.get(key) or self.crew.books.checkouts.by_id.get(key)
        if record is None:
            return False
        self.crew.books.touch(record)
        return True

    def done_by_others(self, path: str, body: bytes, number: int) -> bool:
        """Somebody else does the very same just before us; False where that is none of this call's dangers."""
        if path != "/orders" and not path.endswith(DONE_BY_OTHERS):
            return False
        self.call("POST", path, "", {"idempotency-key": f"{ELSEWHERE}{number}"}, body)
        return True

    def customer(self, deed: str, **how: Any) -> bool:
        """What a customer does by hand; False when the shop refuses it."""
        with self.crew.books.lock:
            try:
                self.crew.customer_does({"deed": deed, **how})
            except Refusal:
                return False
        return True

    # -- what came of it
    # -------------------------------------------------------------------------------------------------

    def writes(self) -> list[Json]:
        """Every write of the assistant that reached the shop, oldest first."""
        return [one.model_dump() for one in self.crew.books.writes if not (one.key or "").startswith(ELSEWHERE)]

    def messages(self) -> list[Json]:
        """Every message to a customer, oldest first."""
        return [one.model_dump() for one in self.crew.books.messages]

    def state(self) -> Json:
        """The books, as the operator's door shows them."""
        return self.crew.state()

    def judged(self, owned: set[str]) -> Json:
        """What the shop's own judge says; `owned` are checkouts whose open case has an owner or a timer."""
        return judge(self.crew.truth.rows, self.crew.state(), owned).report()
