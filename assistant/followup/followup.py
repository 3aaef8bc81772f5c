"""After a resolution: the order is watched, the customer asked how it was, and what became of it is learned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.records import Cases
from assistant.cases.wording import subject_words
from assistant.followup.asking import ASK, Asking
from assistant.followup.learned import Learned
from assistant.followup.learning import Learning
from assistant.followup.ratings import Ratings
from assistant.followup.watching import WATCH, Watch
from assistant.notifications.notices import SERVICE, Notices
from assistant.notifications.outgoing import Outgoing
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables import timeline
from assistant.store.tables_people import assignments
from assistant.timers.timers import Handler, cancel_timer
from knowledge.phrases import LANGUAGES
from knowledge.phrases.followup_messages import NOTICES
from knowledge.phrases.labels import in_both

Case = dict[str, Any]


class FollowUp:
    """Watches, asks, learns: what the office calls when a case ends, comes back or is to be closed.

    The read-backs of the watch are `Watching`'s, which the wiring builds once there is a reader.
    """

    def __init__(
        self, store: Store, cases: Cases, outgoing: Outgoing, notices: Notices, vault: Vault, settings: Settings
    ) -> None:
        self._notices = notices
        self.learning = Learning(store)
        self.learned = Learned(store, self.learning)
        self.asking = Asking(store, cases, outgoing, notices, vault, self.learning, settings)
        self.ratings = Ratings(store, vault)
        self._watch = Watch(settings)

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        """An episode was resolved: its outcome is written down as open, its watching and asking begin."""
        self.learning.resolved(tx, case, now)
        self._watch.begin(tx, case, now)
        self.asking.begin(tx, case, now)

    def opened(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """A case was opened or opened again: in the latter case its last episode's outcome is a relapse."""
        if case["episode"] < 2 or not self.learning.relapsed(tx, case, now):
            return
        for kind in (WATCH, ASK):
            cancel_timer(tx, kind, case["id"])
        if case["live"]:
            self._tell_of_relapse(tx, case, now)

    def closing(self, tx: sa.Connection, case: Case, now: datetime) -> datetime | None:
        """The follow-up time has passed: None when the case may be closed (and its outcome is settled), else when to
        ask again: a look is still outstanding, and a silent shop is no proof that all is well."""
        later = self._watch.closing(tx, case, now)
        if later is not None:
            return later
        if self._watch.outstanding(tx, case):
            cancel_timer(tx, WATCH, case["id"])
            self.learning.unknown(tx, case, now)
        else:
            self.learning.stayed(tx, case, now)
        return None

    def timer_handlers(self) -> dict[str, Handler]:
        """Timers of the follow-up that are handled in a transaction."""
        return {ASK: self.asking.on_ask_timer}

    def _tell_of_relapse(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Whoever had it last, else the service team."""
        codes = [f["code"] for f in case["faults"] if not f.get("cleared_at")] or [f["code"] for f in case["faults"]]
        words = in_both("fault", *codes)
        about = subject_words(case)
        text = {tag: NOTICES["relapse"][tag].format(order=about[tag], faults=words[tag]) for tag in LANGUAGES}
        key = f"relapse:{case['id']}:{case['episode']}"
        self._notices.put(tx, _who_had(tx, case) or SERVICE, "relapse", text, now, dedupe_key=key, case=case)


def _who_had(tx: sa.Connection, case: Case) -> tuple[str, str] | None:
    """The person who had the case last: by assignment, else the last one who did anything about it."""
    query = sa.select(assignments.c.staff_id).where(assignments.c.case_id == case["id"])
    staff_id = tx.scalar(query.order_by(assignments.c.seq.desc()).limit(1))
    if staff_id is not None:
        return ("person", str(staff_id))
    acted = sa.select(timeline.c.actor).where(
        timeline.c.case_id == case["id"], timeline.c.actor.startswith("staff:")
    )  # fmt: skip
    actor = tx.scalar(acted.order_by(timeline.c.seq.desc()).limit(1))
    return ("person", str(actor).partition(":")[2]) if actor else None
