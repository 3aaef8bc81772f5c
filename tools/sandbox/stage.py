"""Plays the stories: each verb of a beat is a method here; started by the traffic and by the admin's
scenarios."""

from datetime import timedelta
from random import Random
from typing import Any

from tools.sandbox import basket
from tools.sandbox.clock import parse, rfc3339
from tools.sandbox.events import Delivery, money
from tools.sandbox.hard_negatives import HARD_NEGATIVES
from tools.sandbox.model import Checkout, Customer, Order, PaymentKind
from tools.sandbox.problem import Refusal, missing
from tools.sandbox.scheduler import Scheduler
from tools.sandbox.shop import Shop
from tools.sandbox.story import Attitude, Beat, Plot, Story
from tools.sandbox.storyboards import FAULTS, healthy
from tools.sandbox.truth import TruthBook

HOLD_SLACK = 5.0


class Stage:
    """All stories by checkout id. Call its methods under the books' lock."""

    def __init__(self, shop: Shop, scheduler: Scheduler, truth: TruthBook) -> None:
        self.shop, self.scheduler, self.truth = shop, scheduler, truth
        self.books = shop.books
        self.stories: dict[str, Story] = {}
        self._told = 0
        self._acting: str | None = None
        self.books.delivery = self._delivery
        scheduler.register(beat=self._play)

    def restore(self, body: str) -> None:
        story = Story.model_validate_json(body)
        self.stories[story.checkout_id] = story
        self._told = max(self._told, story.number)

    def plot(self, rng: Random, fault: str | None, hard_negative: str | None, variant: str | None) -> Plot:
        """The storyboard by name; an unknown name or variant is a ValueError."""
        if fault is not None and fault not in FAULTS:
            raise ValueError(f"unknown fault {fault!r}; known: {', '.join(FAULTS)}")
        if hard_negative is not None and hard_negative not in HARD_NEGATIVES:
            raise ValueError(f"unknown hard negative {hard_negative!r}; known: {', '.join(HARD_NEGATIVES)}")
        board = FAULTS.get(fault or "") or HARD_NEGATIVES.get(hard_negative or "") or healthy
        return board(self.shop.config, rng, variant)

    def tell(
        self,
        plot: Plot,
        rng: Random,
        customer: Customer,
        attitude: Attitude,
        *,
        fault: str | None = None,
        hard_negative: str | None = None,
        lines: list[tuple[str, int]] | None = None,
        set_back: float = 0.0,
        at_once: bool = False,
    ) -> Story:
        """Starts a story; `at_once` plays it up to the first beat that waits, before this returns."""
        checkout, true_address = basket.fill(self.shop, rng, customer, plot.setting, lines)
        self._told += 1
        story = Story(
            checkout_id=checkout.id,
            number=self._told,
            plot=plot,
            attitude=attitude,
            set_back=set_back,
            fault=fault,
            hard_negative=hard_negative,
            true_address=true_address.model_dump(exclude_none=True),
        )
        self.stories[checkout.id] = story
        if fault is None:
            self._record(story, checkout)
        with self.books.clock.set_back(story.set_back):
            self.shop.checkouts.start(checkout)
        story.position = 1
        if at_once:
            self._play_on(story)
        else:
            self._schedule(story)
        self.keep(story)
        return story

    def _play_on(self, story: Story) -> None:
        while not story.over and not story.plot.beats[story.position].waits:
            self._perform(story)
        self._schedule(story)

    def _play(self, checkout_id: str) -> None:
        story = self.stories[checkout_id]
        if not story.over:
            self._perform(story)
            self._schedule(story)
            self.keep(story)

    def _perform(self, story: Story) -> None:
        step: Beat = story.plot.beats[story.position]
        story.position += 1
        self._acting = story.checkout_id
        with self.books.clock.set_back(story.set_back):
            try:
                getattr(self, f"_{step.verb}")(story, **step.arguments)
            except Refusal:
                # Somebody else (a repair, the customer) was there first: the story goes on without this beat.
                return
            finally:
                self._acting = None

    def _schedule(self, story: Story) -> None:
        if not story.over:
            rng = Random(f"{self.shop.config.seed}:{story.number}:{story.position}")
            delay = story.plot.beats[story.position].delay * rng.uniform(0.8, 1.2)
            self.scheduler.later(delay, "beat", checkout_id=story.checkout_id)

    def keep(self, story: Story) -> None:
        self.books.remember("story", story.checkout_id, story.model_dump_json())

    def _delivery(self, checkout_id: str, kind: str) -> Delivery:
        story = self.stories.get(checkout_id)
        if story is None:
            return Delivery()
        travel = story.plot.travel
        late = 0.0
        if travel.shuffle:
            late = Random(f"{story.number}:{kind}:{len(story.payments)}").uniform(0, travel.shuffle)
        return Delivery(
            lost=kind in travel.lose and self._acting == checkout_id,
            twice=travel.twice,
            late=late,
            anonymous=travel.anonymous and kind.startswith(("payment.", "refund.")),
        )

    # -- the verbs
    # -----------------------------------------------------------------------------------------------

    def _fill_in(self, story: Story) -> None:
        checkout = self._checkout(story)
        data: dict[str, Any] = {"checkout_id": checkout.id}
        if checkout.shipping_address:
            data["shipping_address"] = checkout.shipping_address.model_dump(exclude_none=True)
        if checkout.coupon_code:
            data["coupon_code"] = checkout.coupon_code
        self.books.touch(checkout)
        self.books.emit("checkout.updated", checkout.id, data)

    def _submit(self, story: Story, window: float) -> None:
        seconds = window * self.shop.config.time_scale
        self.shop.checkouts.submit(story.checkout_id, self.books.clock.after(seconds))
        self.scheduler.later(window + HOLD_SLACK, "close_window", checkout_id=story.checkout_id)

    def _request_payment(
        self,
        story: Story,
        *,
        name: str,
        share: float = 1.0,
        rest: bool = False,
        extra: int = 0,
        surcharge: float = 0.0,
        kind: PaymentKind = "money",
        method: str | None = None,
    ) -> None:
        checkout = self._checkout(story)
        if checkout.status != "submitted":
            return
        amount = int(checkout.total * share) + extra
        if rest:
            amount = checkout.total - self.shop.gateway.tendered(checkout.id)
        interest = int(amount * surcharge)
        usual = "wechat_pay" if checkout.currency == "CNY" else "card"
        payment = self.shop.gateway.request(checkout, amount + interest, method or usual, kind, interest)
        story.payments[name] = payment.id

    def _reserve(self, story: Story, forever: bool = False) -> None:
        checkout = self._checkout(story)
        if checkout.status != "submitted":
            return
        slack = HOLD_SLACK * self.shop.config.time_scale
        until = rfc3339(parse(checkout.payment_window_ends_at or "") + timedelta(seconds=slack))
        goods = [(line.sku, line.quantity) for line in checkout.lines if line.requires_shipping]
        if goods:
            self.shop.warehouse.reserve(checkout.id, goods, self.books.clock.after(86_400) if forever else until)

    def _reserve_what_is_there(self, story: Story) -> None:
        """Holds every line that stock covers and reports the others as failed."""
        checkout = self._checkout(story)
        short = []
        for line in checkout.lines:
            if self.books.stocks.get(line.sku).available >= line.quantity:
                self.shop.warehouse.reserve(checkout.id, [(line.sku, line.quantity)])
            else:
                short.append({"sku": line.sku, "quantity": line.quantity})
        data = {"checkout_id": checkout.id, "lines": short, "reason": "out_of_stock"}
        self.books.emit("inventory.reservation_failed", checkout.id, data)

    def _authorize(self, story: Story, name: str) -> None:
        self.shop.gateway.authorize(self._pending(story, name))

    def _capture(self, story: Story, name: str) -> None:
        self.shop.gateway.capture(self._pending(story, name))

    def _fail(self, story: Story, name: str, code: str) -> None:
        self.shop.gateway.fail(self._pending(story, name), code)

    def _create_order(self, story: Story) -> None:
        self.shop.orders.create(story.checkout_id)

    def _cancel_order(self, story: Story) -> None:
        """As a careless shop does it: the goods go back on the shelf, the money is forgotten."""
        self.shop.orders.cancel(self._order(story).id, "customer_request")
        for held in self.books.reservations.of(story.checkout_id):
            if held.status in ("held", "committed") and not held.shipped:
                self.shop.warehouse.release(held.id, "order_cancelled")

    def _expire_checkout(self, story: Story) -> None:
        self.shop.checkouts.expire(story.checkout_id, "payment_window_over")

    def _misprice_order(self, story: Story, extra: int) -> None:
        order = self._order(story)
        line = order.lines[0]
        self.shop.orders.reprice(order.id, [(line.line_id, line.unit_price + extra)], None)

    def _deliver_before_shipping(self, story: Story) -> None:
        order = self._order(story)
        if order.status == "created":
            self.shop.orders.confirm(order.id)
        now = parse(self.books.clock.moment())
        self.shop.orders.ship(order.id, rfc3339(now))
        self.shop.orders.deliver(order.id, rfc3339(now - timedelta(hours=1)))

    def _think(self, story: Story) -> None:
        """The customer hesitates; whoever wants to put something right has had time for it."""

    def _inject(self, story: Story) -> None:
        self._record(story, self._checkout(story))

    # -- helpers
    # -------------------------------------------------------------------------------------------------

    def _checkout(self, story: Story) -> Checkout:
        return self.books.checkouts.get(story.checkout_id)

    def _order(self, story: Story) -> Order:
        orders = self.books.orders.of(story.checkout_id)
        if not orders:
            raise missing("order", f"of {story.checkout_id}")
        return orders[-1]

    def _pending(self, story: Story, name: str) -> str:
        """The story's payment, if it still waits for an answer; a repair may have cancelled it."""
        payment = self.books.payments.get(story.payments.get(name, ""))
        if payment.status != "pending":
            raise missing("pending payment", payment.id)
        return payment.id

    def _record(self, story: Story, checkout: Checkout) -> None:
        unwilling = story.attitude != "answers"
        needs_customer = story.fault == "partial_payment" or (
            story.fault == "incomplete_information" and story.plot.variant != "implied"
        )
        unmoved = {"partial_payment": "underpaid+owner", "incomplete_information": "undeliverable+owner"}
        acceptable = [*story.plot.acceptable]
        if unwilling and needs_customer and story.fault in unmoved:
            acceptable.append(unmoved[story.fault])
        row = {
            "checkout_id": checkout.id,
            "fault": story.fault,
            "hard_negative": story.hard_negative,
            "variant": story.plot.variant or None,
            "machine_repairable": story.plot.machine_repairable and not (unwilling and needs_customer),
            "acceptable": acceptable,
            "injected_at": self.books.clock.moment() if story.fault else None,
            "agreed_total": money(_better_total(checkout), checkout.currency),
            "customer_id": checkout.customer_id,
            "customer": story.attitude,
        }
        self.truth.write(row)


def _better_total(checkout: Checkout) -> int:
    """The whole payable total at the lower of the two prices that the customer was shown for each line."""
    shown = {line.line_id: line.unit_price for line in checkout.cart_lines}
    better = checkout.model_copy(deep=True)
    for line in better.lines:
        line.unit_price = min(line.unit_price, shown.get(line.line_id, line.unit_price))
    better.recompute()
    return min(better.total, checkout.total)
