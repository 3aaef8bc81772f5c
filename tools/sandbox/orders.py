"""Orders, what the shop has promised to deliver; a call changes only what it names; called by API and
pipeline."""

from tools.sandbox.books import Books
from tools.sandbox.checkouts import Prices, set_prices
from tools.sandbox.events import money, without_none
from tools.sandbox.gateway import Gateway
from tools.sandbox.geography import pickup_point_ids
from tools.sandbox.model import Address, Checkout, Json, Line, Order
from tools.sandbox.problem import forbidden, invalid
from tools.sandbox.warehouse import Warehouse

PROMISED_WITHIN = 24 * 3600.0
PICKUP_POINTS = pickup_point_ids()


def shares(checkout: Checkout, count: int) -> list[Json]:
    """The checkout's lines and amounts dealt out to so many orders (not more than lines); together they are the
    checkout's. Fees and as much discount as it can bear go to the first."""
    count = max(1, min(count, len(checkout.lines)))
    left = {"discount": checkout.discount, "tax": checkout.tax}
    found: list[Json] = []
    for number in range(count):
        lines = [line.model_copy() for line in checkout.lines[number::count]]
        goods = sum(line.unit_price * line.quantity for line in lines)
        discount = min(left["discount"], goods)
        tax = left["tax"]
        if number < count - 1:
            tax = min(tax, (checkout.tax_rate * (goods - discount) + 5_000) // 10_000)
        left = {"discount": left["discount"] - discount, "tax": left["tax"] - tax}
        first = {name: getattr(checkout, name) if number == 0 else 0 for name in ("shipping_fee", "fees", "rounding")}
        address = checkout.shipping_address.model_copy() if checkout.shipping_address else None
        rest = {"currency": checkout.currency, "tax_rate": checkout.tax_rate, "shipping_address": address}
        found.append({"lines": lines, "discount": discount, "tax": tax, **first, **rest})
    return found


class Orders:
    def __init__(self, books: Books, gateway: Gateway, warehouse: Warehouse) -> None:
        self.books, self.gateway, self.warehouse = books, gateway, warehouse

    def create(self, checkout_id: str, promised_within: float = PROMISED_WITHIN, parts: int = 1) -> Order:
        """The checkout's order, with its payments and reservations attached; reserves and takes nothing. The shop's
        own people may send it in `parts`; the last one is returned."""
        checkout = self.books.checkouts.get(checkout_id)
        existing = self.books.orders.of(checkout_id)
        if existing:
            raise forbidden("order_exists", f"{existing[-1].id} exists", order_id=existing[-1].id)
        if checkout.status in ("expired", "cancelled"):
            raise forbidden("checkout_expired", f"{checkout_id} is {checkout.status}")
        if checkout.status == "open" or not self.gateway.paid(checkout):
            raise forbidden("not_paid", f"{self.gateway.tendered(checkout_id)} of {checkout.total}")
        return self.promise(checkout, promised_within, parts)

    def promise(self, checkout: Checkout, within: float = PROMISED_WITHIN, parts: int = 1) -> Order:
        """What `create` does once nothing forbids it; a careless shop doesn't ask."""
        orders = [
            Order(
                id=self.books.new_id("ord"),
                checkout_id=checkout.id,
                customer_id=checkout.customer_id,
                expected_ship_at=self.books.clock.after(within),
                **part,
            )
            for part in shares(checkout, parts)
        ]
        for order in orders:
            self.books.add(order)
        checkout.status = "completed"
        self.books.touch(checkout)
        for held in self.books.reservations.of(checkout.id):
            if held.status == "held":
                held.expires_at = None
                self.books.touch(held)
        for order in orders:
            self.tell("order.created", order)
        return orders[-1]

    def confirm(self, order_id: str) -> Order:
        """Promises delivery and commits what is held."""
        order = self._in(order_id, ("created",))
        order.status = "confirmed"
        for held in self.books.reservations.of(order.checkout_id):
            if held.status == "held":
                self.warehouse.commit(held.id)
        return self._changed("order.confirmed", order)

    def hold(self, order_id: str, reason: str) -> Order:
        order = self._in(order_id, ("created", "confirmed"))
        order.held_from, order.status, order.hold_reason = order.status, "on_hold", reason
        return self._changed("order.held", order, reason)

    def unhold(self, order_id: str) -> Order:
        order = self.books.orders.get(order_id)
        if order.status != "on_hold":
            raise forbidden("not_on_hold", f"{order_id} is {order.status}")
        order.status, order.held_from, order.hold_reason = order.held_from or "created", None, None
        return self._changed("order.changed", order, "unhold")

    def cancel(self, order_id: str, reason: str) -> Order:
        """Ends the promise; money and stock stay where they are."""
        order = self._in(order_id, ("created", "confirmed", "on_hold"))
        order.status = "cancelled"
        return self._changed("order.cancelled", order, reason)

    def cancel_lines(self, order_id: str, quantities: list[tuple[str, int]], reason: str) -> Order:
        """Takes quantities off the order; taking everything is `cancel`."""
        order = self._in(order_id, ("created", "confirmed", "on_hold"))
        left = {line.line_id: line.quantity for line in order.lines}
        for line_id, quantity in quantities:
            if quantity > left.get(line_id, 0):
                raise invalid("quantity", f"{line_id} has {left.get(line_id, 0)}", line_id=line_id)
            left[line_id] -= quantity
        if not any(left.values()):
            raise forbidden("nothing_left", "cancel the order instead")
        for line in order.lines:
            line.quantity = left[line.line_id]
        order.lines = [line for line in order.lines if line.quantity]
        order.backorders = {key: at for key, at in order.backorders.items() if left.get(key)}
        order.recompute()
        return self._changed("order.changed", order, reason)

    def backorder(self, order_id: str, line_id: str, expected_at: str) -> Order:
        order = self._in(order_id, ("created", "confirmed", "on_hold"))
        self._line(order, line_id)
        order.backorders[line_id] = expected_at
        order.expected_ship_at = max(order.backorders.values())
        return self._changed("order.changed", order, "backorder")

    def set_address(self, order_id: str, address: Address) -> Order:
        order = self._in(order_id, ("created", "confirmed", "on_hold"))
        order.shipping_address = address
        return self._changed("order.changed", order, "address")

    def pickup(self, order_id: str, pickup_point_id: str) -> Order:
        order = self._in(order_id, ("created", "confirmed", "on_hold"))
        if pickup_point_id not in PICKUP_POINTS:
            raise invalid("unknown_pickup_point", pickup_point_id)
        order.pickup_point_id = pickup_point_id
        return self._changed("order.changed", order, "pickup")

    def reprice(self, order_id: str, prices: Prices, discount: int | None) -> Order:
        """The agreed prices; allowed after shipping too, for it moves no goods."""
        order = self._in(order_id, ("created", "confirmed", "on_hold", "shipped", "delivered"))
        set_prices(order, prices, discount)
        return self._changed("order.changed", order, "reprice")

    def substitute(self, order_id: str, line_id: str, to_sku: str, quantity: int, unit_price: int) -> Order:
        """`quantity` of the line becomes another sku; a part of it becomes a line of its own."""
        order = self._in(order_id, ("created", "confirmed", "on_hold"))
        line = self._line(order, line_id)
        if to_sku not in self.books.products or not self.books.products.get(to_sku).active:
            raise invalid("unknown_sku", to_sku)
        product = self.books.products.get(to_sku)
        if product.currency != order.currency:
            raise invalid("currency", f"{to_sku} is sold in {product.currency}")
        if quantity > line.quantity:
            raise invalid("quantity", f"{line_id} has {line.quantity}")
        if quantity == line.quantity:
            line.sku, line.unit_price, line.requires_shipping = to_sku, unit_price, product.requires_shipping
        else:
            line.quantity -= quantity
            part = Line(
                line_id=f"{line_id}-{len(order.lines) + 1}",
                sku=to_sku,
                quantity=quantity,
                unit_price=unit_price,
                requires_shipping=product.requires_shipping,
            )
            order.lines.append(part)
        order.recompute()
        return self._changed("order.changed", order, "substitute")

    def note(self, order_id: str, text: str) -> None:
        order = self.books.orders.get(order_id)
        order.notes.append(text)
        self.books.touch(order)

    def ship(self, order_id: str, at: str | None = None) -> Order:
        order = self._in(order_id, ("confirmed",))
        order.status, order.shipped_at = "shipped", at or self.books.clock.moment()
        self.warehouse.ship(order.checkout_id)
        return self._changed("order.shipped", order, time=order.shipped_at)

    def get_stuck(self, order_id: str, reason: str) -> Order:
        """The carrier reports that the parcel doesn't go on."""
        order = self._in(order_id, ("shipped",))
        order.exception = reason
        return self._changed("shipment.exception", order, reason)

    def deliver(self, order_id: str, at: str | None = None) -> Order:
        order = self._in(order_id, ("shipped",))
        order.status, order.delivered_at = "delivered", at or self.books.clock.moment()
        order.exception = None
        return self._changed("order.delivered", order, time=order.delivered_at)

    def short_of(self, order: Order) -> dict[str, int]:
        """Quantity per sku that nothing is set aside for, back-ordered lines left out."""
        need: dict[str, int] = {}
        for line in order.lines:
            if line.requires_shipping and line.line_id not in order.backorders:
                need[line.sku] = need.get(line.sku, 0) + line.quantity
        have = self.warehouse.covered(order.checkout_id)
        return {sku: quantity - have.get(sku, 0) for sku, quantity in need.items() if quantity > have.get(sku, 0)}

    def tell(self, kind: str, order: Order, reason: str | None = None, time: str | None = None) -> None:
        data: Json = {
            "checkout_id": order.checkout_id,
            "order_id": order.id,
            "total": money(order.total, order.currency),
            "expected_ship_at": order.expected_ship_at,
            "reason": reason,
        }
        self.books.emit(kind, order.checkout_id, without_none(data), time)

    def _changed(self, kind: str, order: Order, reason: str | None = None, time: str | None = None) -> Order:
        self.books.touch(order)
        self.tell(kind, order, reason, time)
        return order

    def _in(self, order_id: str, allowed: tuple[str, ...]) -> Order:
        order = self.books.orders.get(order_id)
        if order.status not in allowed:
            raise forbidden(f"already_{order.status}", f"{order_id} is {order.status}", order_status=order.status)
        return order

    def _line(self, order: Order, line_id: str) -> Line:
        for line in order.lines:
            if line.line_id == line_id:
                return line
        raise invalid("unknown_line", line_id)
