"""The shop's own people and machines, who carry orders on whenever something changed; woken by the shop's
events."""

from tools.sandbox.geography import serviceability
from tools.sandbox.model import Checkout, Json, Order
from tools.sandbox.problem import Refusal
from tools.sandbox.scheduler import Scheduler
from tools.sandbox.shop import Shop
from tools.sandbox.stage import Stage

WAKING = (
    "order.created",
    "order.changed",
    "order.confirmed",
    "order.shipped",
    "inventory.reserved",
    "checkout.updated",
    "payment.captured",
    "payment.authorized",
)


class Clerks:
    """At most one look at a checkout is pending at a time; each look does at most one thing."""

    def __init__(self, shop: Shop, scheduler: Scheduler, stage: Stage) -> None:
        self.shop, self.scheduler, self.stage = shop, scheduler, stage
        self.books = shop.books
        self._looking: set[str] = set()
        shop.books.listeners.append(self._hear)
        scheduler.register(look=self._look, close_window=self._close_window, settle=self._settle)

    def wake(self, checkout_id: str) -> None:
        """Comes by soon, how soon depends on what would be next."""
        if checkout_id in self._looking or checkout_id not in self.books.checkouts:
            return
        pace = self.shop.config.pace
        orders = self._orders(checkout_id)
        order = orders[0] if orders else None
        story = self.stage.story_of(checkout_id)
        ships = pace.ship if story is None or story.plot.ships_after is None else story.plot.ships_after
        delays = {"created": pace.confirm, "confirmed": ships, "shipped": pace.deliver}
        self._looking.add(checkout_id)
        self.scheduler.later(
            delays.get(order.status, pace.order) if order else pace.order, "look", checkout_id=checkout_id
        )

    def _hear(self, kind: str, data: Json) -> None:
        if kind in WAKING and data.get("checkout_id"):
            self.wake(data["checkout_id"])

    def _look(self, checkout_id: str) -> None:
        self._looking.discard(checkout_id)
        story = self.stage.story_of(checkout_id)
        if story is not None and not story.plot.ships_by_itself:
            return
        if story is not None and story.fault is not None and not self.shop.config.resume_pipeline:
            return
        orders = self._orders(checkout_id)
        if orders:
            forgotten = story.plot.forgets if story is not None else None
            for order in orders:
                self._carry_on(order, forgotten)
        elif story is None or (story.over and not story.plot.webhook_lost) or story.replies:
            self._order_what_was_paid(self.books.checkouts.get(checkout_id))

    def chase(self, order_id: str) -> None:
        """A note on an order: whoever reads it goes and looks why nothing was sent."""
        order = self.books.orders.get(order_id)
        story = self.stage.story_of(order.checkout_id)
        if story is not None and story.fault == "fulfilment_stalled" and story.plot.forgets == "ship":
            story.plot.forgets = None
            self.stage.keep(story)
            self.wake(order.checkout_id)

    def _carry_on(self, order: Order, forgotten: str | None) -> None:
        ready = self._deliverable(order) and not self.shop.orders.short_of(order) and not self._blocked(order)
        if order.status == "created" and ready and forgotten != "confirm":
            if self.shop.gateway.paid(self._checkout(order)):
                self.shop.orders.confirm(order.id)
        elif order.status == "confirmed" and ready and not order.backorders and forgotten != "ship":
            if self._has_paid_anything(order):
                self._take_authorised(order)
                self.shop.orders.ship(order.id)
        elif order.status == "shipped":
            self._take_authorised(order)
            self.shop.orders.deliver(order.id)

    def _blocked(self, order: Order) -> bool:
        customer = self.books.customers.by_id.get(order.customer_id or "")
        return customer is not None and customer.status != "active"

    def _has_paid_anything(self, order: Order) -> bool:
        checkout = self.books.checkouts.get(order.checkout_id)
        return self.shop.gateway.tendered(checkout.id) > 0 or self.shop.gateway.paid(checkout)

    def _order_what_was_paid(self, checkout: Checkout) -> None:
        """A customer paid after all (by a link, say): set the goods aside and make the order."""
        if checkout.status != "submitted" or not self.shop.gateway.paid(checkout) or not checkout.total:
            return
        have = self.shop.warehouse.covered(checkout.id)
        lacking = [
            (line.sku, line.quantity)
            for line in checkout.lines
            if line.requires_shipping and have.get(line.sku, 0) < line.quantity
        ]
        if lacking:
            try:
                self.shop.warehouse.reserve(checkout.id, lacking)
            except Refusal:
                return
        self.shop.orders.create(checkout.id)

    def _take_authorised(self, order: Order) -> None:
        """Card authorisations are captured when the parcel leaves, payment on delivery when it arrives."""
        for payment in self.books.payments.of(order.checkout_id):
            due = payment.kind not in ("on_delivery", "pay_later") or order.status == "shipped"
            if payment.status == "authorized" and due:
                self.shop.gateway.capture(payment.id)

    def _close_window(self, checkout_id: str) -> None:
        """The payment window is over: a sound shop expires what nobody paid and gives the goods back."""
        story = self.stage.story_of(checkout_id)
        checkout = self.books.checkouts.get(checkout_id)
        if checkout.status != "submitted" or (story is not None and story.plot.stuck_hold):
            return
        if any(
            payment.status in ("pending", "authorized", "captured") for payment in self.books.payments.of(checkout_id)
        ):
            return
        self.shop.checkouts.expire(checkout_id, "payment_window_over")
        for held in self.books.reservations.of(checkout_id):
            if held.status == "held":
                self.shop.warehouse.expire(held.id)

    def _settle(self, refund_id: str, succeeded: bool) -> None:
        self.shop.gateway.settle(refund_id, succeeded)

    def _deliverable(self, order: Order) -> bool:
        if not order.ships or order.pickup_point_id:
            return True
        return order.shipping_address is not None and bool(serviceability(order.shipping_address)["deliverable"])

    def _orders(self, checkout_id: str) -> list[Order]:
        return [order for order in self.books.orders.of(checkout_id) if order.status != "cancelled"]

    def _checkout(self, order: Order) -> Checkout:
        """The checkout with the order's own prices: what must be paid before the order is confirmed."""
        return self.books.checkouts.get(order.checkout_id).model_copy(
            update={
                "lines": order.lines,
                "discount": order.discount,
                "tax": order.tax,
                "shipping_fee": order.shipping_fee,
            }
        )
