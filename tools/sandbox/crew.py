"""Everybody who works in the demo shop, put together once; the sandbox runs them, the admin door speaks to
them."""

from collections import Counter
from typing import Any

from tools.sandbox.books import Books
from tools.sandbox.chaos import Weather
from tools.sandbox.clerks import Clerks
from tools.sandbox.config import Config
from tools.sandbox.crowd import Crowd
from tools.sandbox.model import Address, Json, Message, Refund
from tools.sandbox.problem import invalid
from tools.sandbox.scheduler import Scheduler
from tools.sandbox.sender import Sender
from tools.sandbox.shop import Shop
from tools.sandbox.stage import Stage
from tools.sandbox.traffic import Traffic
from tools.sandbox.truth import TruthBook

IN_STATE = (
    "checkout",
    "order",
    "payment",
    "refund",
    "payment_link",
    "reservation",
    "message",
    "customer",
    "stock",
)
WITHOUT_OWNER = ("customer", "stock")


class Crew:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.shop = Shop(config)
        self.books: Books = self.shop.books
        self.truth = TruthBook(config.truth)
        self.weather = Weather(config.chaos, config.seed)
        self.scheduler = Scheduler(self.books, config.time_scale)
        self.sender = Sender(self.books, config.assistant_url, config.assistant_key)
        self.stage = Stage(self.shop, self.scheduler, self.truth)
        self.clerks = Clerks(self.shop, self.scheduler, self.stage)
        self.crowd = Crowd(self.shop, self.scheduler, self.stage)
        self.traffic = Traffic(self.shop, self.stage)
        self.shop.on_refund = self._refund_opened
        self.shop.on_message = self.crowd.hear
        self.shop.on_note = self.clerks.chase
        self._take_up()

    def _take_up(self) -> None:
        """Goes on where an earlier run with the same state file stopped."""
        left = self.shop.left_over
        for kind, key, _ in left:
            if kind in ("job", "unsent"):
                self.books.remember(kind, key, None)
        for kind, _, body in left:
            if kind == "story":
                self.stage.restore(body)
            elif kind == "job":
                self.scheduler.restore(body)
            elif kind == "unsent":
                self.sender.restore(body)
            elif kind == "traffic":
                self.traffic.made = int(body)

    def _refund_opened(self, refund: Refund) -> None:
        fate = self.weather.refund_fate(f"/payments/{refund.payment_id}/refund")
        if fate in ("now", "fails"):
            self.shop.gateway.settle(refund.id, fate == "now")
        elif fate == "later":
            after = (self.weather.settings.refund_settles_after or 0) / self.config.time_scale
            self.scheduler.later(after, "settle", refund_id=refund.id, succeeded=True)

    # -- for the admin door
    # --------------------------------------------------------------------------------------

    def ids_of(self, checkout_id: str) -> Json:
        """The ids around a checkout (of a sku or a stray payment: its own); nothing of its truth."""
        books = self.books
        story = self.stage.story_of(checkout_id)
        if checkout_id not in books.checkouts and story is not None:
            return {"checkout_id": None, "subject": {"kind": story.plot.about, "id": checkout_id}}
        return {
            "checkout_id": checkout_id,
            "subject": {"kind": "checkout", "id": checkout_id},
            "other_checkout_ids": list(story.others.values()) if story is not None else [],
            "customer_id": books.checkouts.get(checkout_id).customer_id,
            "order_ids": [order.id for order in books.orders.of(checkout_id)],
            "payment_ids": [payment.id for payment in books.payments.of(checkout_id)],
            "reservation_ids": [held.id for held in books.reservations.of(checkout_id)],
            "link_ids": [link.id for link in books.links.of(checkout_id)],
            "message_ids": [message.id for message in books.messages.of(checkout_id)],
        }

    def state(self, checkout_id: str | None = None) -> Json:
        """The books as the judge reads them: amounts as integers, every record with its currency."""
        books: Json = {"run": self.books.run, "now": self.books.clock.stamp()}
        for kind in IN_STATE:
            shelf = self.books.shelves[kind]
            chosen = list(shelf) if checkout_id is None or kind in WITHOUT_OWNER else shelf.of(checkout_id)
            if checkout_id is not None and kind == "checkout":
                chosen = [] if self._has_no_checkout(checkout_id) else [shelf.get(checkout_id)]
            if checkout_id is not None and kind == "refund":
                chosen = [one for payment in self.books.payments.of(checkout_id) for one in shelf.of(payment.id)]
            books[f"{kind}s"] = [{**record.model_dump(), **_total(record)} for record in chosen]
        return books

    def _has_no_checkout(self, subject: str) -> bool:
        story = self.stage.stories.get(subject)
        return story is not None and story.plot.about != "checkout"

    def stats(self) -> Json:
        return {
            "run": self.books.run,
            "rate": self.traffic.rate,
            "made": self.traffic.made,
            "finished": self.traffic.finished,
            "stories": len(self.stage.stories),
            "orders": Counter(order.status for order in self.books.orders),
            "checkouts": Counter(checkout.status for checkout in self.books.checkouts),
            "messages": len(self.books.messages.by_id),
            "writes": Counter(write.outcome for write in self.books.writes),
            "events": {
                "told": len(self.sender.told),
                "sent": self.sender.sent,
                "waiting": self.sender.waiting,
                "lost_on_purpose": self.sender.lost,
                "rejected": len(self.sender.rejected),
            },
            "beats_refused": len(self.stage.refused),
            "jobs_waiting": self.scheduler.waiting,
        }

    def idle(self, seconds: float) -> Json:
        jobs = self.scheduler.waiting_within(seconds)
        waiting = self.sender.waiting
        return {
            "idle": self.traffic.finished and not jobs and not waiting,
            "jobs": jobs,
            "events_waiting": waiting,
        }

    def customer_does(self, deed: Json) -> None:
        """See `CustomerDeed` of the admin door; a refusal of the shop is passed on."""
        name = deed["deed"]
        if name == "pay_link":
            self.shop.gateway.pay_link(deed.get("link_id", ""))
        elif name == "reply":
            self.crowd.reply(self._message(deed.get("dedupe_key", "")), deed.get("choice"), deed.get("text"))
        elif name == "cancel":
            self.shop.checkouts.cancel(deed.get("checkout_id", ""), "customer_request")
        elif name in ("correct_address", "come_back"):
            story = self.stage.story_of(deed.get("checkout_id", ""))
            if story is None:
                raise invalid("deed", "no story about this checkout")
            if name == "come_back":
                self.crowd.come_back(story)
            elif "address" in deed:
                self.shop.checkouts.set_address(story.checkout_id, Address.model_validate(deed["address"]))
            else:
                self.crowd.correct_address(story)
        else:
            raise invalid("deed", f"unknown deed {name!r}")

    def bank_does(self, deed: str, payment_id: str | None, refund_id: str | None, amount: int | None) -> Json:
        """See `GatewayDeed` of the admin door; the bank may do what the contract forbids, such as a late
        capture."""
        gateway = self.shop.gateway
        if deed in ("settle", "reject"):
            return gateway.settle(refund_id or "", deed == "settle").model_dump()
        payment = self.books.payments.get(payment_id or "")
        if deed == "capture":
            return gateway.capture(payment.id, amount).model_dump()
        if deed == "authorize":
            return gateway.authorize(payment.id).model_dump()
        if deed == "fail":
            return gateway.fail(payment.id, "bank_declined").model_dump()
        if deed == "dispute":
            return gateway.dispute(payment.id, amount or payment.captured).model_dump()
        raise invalid("deed", f"unknown deed {deed!r}")

    def _message(self, dedupe_key: str) -> Message:
        for message in self.books.messages:
            if message.dedupe_key == dedupe_key:
                return message
        raise invalid("dedupe_key", f"no message {dedupe_key}")


def _total(record: Any) -> Json:
    return {"total": record.total} if hasattr(record, "total") else {}
