"""Purchase attempts, from the first basket to the submit button; called by the API and the pipeline."""

from tools.sandbox.books import Books
from tools.sandbox.events import lines, money, totals, without_none
from tools.sandbox.geography import serviceability
from tools.sandbox.marketing import Marketing
from tools.sandbox.model import Address, Checkout, Json, Line, Priced
from tools.sandbox.problem import forbidden, invalid, missing

Prices = list[tuple[str, int]]


def set_prices(priced: Priced, prices: Prices, discount: int | None) -> None:
    """New unit prices by line id, and a new discount if one is given; the total follows."""
    by_id = {line.line_id: line for line in priced.lines}
    for line_id, _ in prices:
        if line_id not in by_id:
            raise invalid("unknown_line", line_id)
    for line_id, unit_price in prices:
        by_id[line_id].unit_price = unit_price
    if discount is not None:
        priced.discount = discount
    priced.recompute()


class Checkouts:
    def __init__(self, books: Books, marketing: Marketing) -> None:
        self.books, self.marketing = books, marketing

    def start(self, checkout: Checkout) -> Checkout:
        self.books.add(checkout)
        who = without_none({"customer_id": checkout.customer_id, "contact": checkout.contact})
        self._tell("checkout.started", checkout, {**who, "lines": lines(checkout.cart_lines, checkout.currency)})
        return checkout

    def set_address(self, checkout_id: str, address: Address) -> Checkout:
        """The checkout's own address, by the customer or by a repair; the carrier is asked at once."""
        checkout = self.books.checkouts.get(checkout_id)
        if checkout.status in ("expired", "cancelled"):
            raise forbidden("checkout_expired", f"{checkout_id} is {checkout.status}")
        checkout.shipping_address = address
        self.books.touch(checkout)
        self._tell("checkout.updated", checkout, {"shipping_address": address.model_dump(exclude_none=True)})
        if checkout.status != "open":
            self.check_address(checkout)
        return checkout

    def check_address(self, checkout: Checkout) -> None:
        if not checkout.ships or checkout.shipping_address is None:
            return
        answer = serviceability(checkout.shipping_address)
        if answer["deliverable"]:
            self._tell("address.accepted", checkout, without_none({"reason": answer["reason"]}))
        else:
            self._tell("address.rejected", checkout, {"reason": answer["reason"], "missing": answer["missing"]})

    def submit(self, checkout_id: str, window_ends_at: str) -> Checkout:
        checkout = self.books.checkouts.get(checkout_id)
        checkout.status = "submitted"
        checkout.submitted_at = self.books.clock.moment()
        checkout.payment_window_ends_at = window_ends_at
        self.books.touch(checkout)
        address = checkout.shipping_address
        data: Json = {
            "customer_id": checkout.customer_id,
            "contact": checkout.contact,
            "lines": lines(checkout.lines, checkout.currency),
            "cart_lines": lines(checkout.cart_lines, checkout.currency),
            **totals(checkout),
            "coupon_code": checkout.coupon_code,
            "shipping_address": address.model_dump(exclude_none=True) if address else None,
        }
        self._tell("checkout.submitted", checkout, without_none(data))
        self._check_coupon(checkout)
        self.check_address(checkout)
        return checkout

    def reprice(self, checkout_id: str, prices: Prices, discount: int | None) -> Checkout:
        """The agreed price of each named line, in the cart and at the checkout alike."""
        checkout = self.books.checkouts.get(checkout_id)
        self._still_changeable(checkout)
        set_prices(checkout, prices, discount)
        agreed = dict(prices)
        for line in checkout.cart_lines:
            line.unit_price = agreed.get(line.line_id, line.unit_price)
        self.books.touch(checkout)
        self._tell("checkout.updated", checkout, {"lines": lines(checkout.lines, checkout.currency)})
        return checkout

    def expire(self, checkout_id: str, reason: str) -> Checkout:
        """Afterwards no order can appear from this checkout."""
        checkout = self.books.checkouts.get(checkout_id)
        self._still_changeable(checkout)
        checkout.status = "expired"
        self.books.touch(checkout)
        self._tell("checkout.expired", checkout, {"reason": reason})
        return checkout

    def cancel(self, checkout_id: str, reason: str) -> Checkout:
        """The customer presses cancel; nothing else follows from it."""
        checkout = self.books.checkouts.get(checkout_id)
        checkout.status = "cancelled"
        self.books.touch(checkout)
        self._tell("checkout.cancelled", checkout, {"reason": reason})
        return checkout

    def line(self, checkout_id: str, line_id: str) -> Line:
        for line in self.books.checkouts.get(checkout_id).lines:
            if line.line_id == line_id:
                return line
        raise missing("line", line_id)

    def _still_changeable(self, checkout: Checkout) -> None:
        orders = self.books.orders.of(checkout.id)
        if orders:
            raise forbidden("order_exists", f"{orders[-1].id} exists", order_id=orders[-1].id)
        if checkout.status in ("expired", "cancelled"):
            raise forbidden(f"already_{checkout.status}", checkout.id)

    def _check_coupon(self, checkout: Checkout) -> None:
        """Asks the promotion system; a discount that it should have given and didn't is told by nobody."""
        if not checkout.coupon_code:
            return
        status = self.marketing.apply(checkout, checkout.coupon_code)
        if status != "valid":
            self._tell("coupon.rejected", checkout, {"coupon_code": checkout.coupon_code, "reason": status})
        elif checkout.discount:
            self.tell_coupon(checkout, checkout.discount)

    def tell_coupon(self, checkout: Checkout, discount: int) -> None:
        shown = {"coupon_code": checkout.coupon_code, "discount": money(discount, checkout.currency)}
        self._tell("coupon.applied", checkout, shown)

    def _tell(self, kind: str, checkout: Checkout, data: Json) -> None:
        self.books.emit(kind, checkout.id, {"checkout_id": checkout.id, **data})
