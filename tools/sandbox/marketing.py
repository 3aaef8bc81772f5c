"""Coupons and messages to customers; called by the API and by the pipeline."""

from tools.sandbox.books import Books
from tools.sandbox.clock import rfc3339
from tools.sandbox.events import money
from tools.sandbox.model import Checkout, Coupon, Json, Message
from tools.sandbox.problem import forbidden


class Marketing:
    def __init__(self, books: Books) -> None:
        self.books = books
        self._sent: dict[str, str] = {}

    def look_at(self, code: str, customer_id: str | None, checkout_id: str | None) -> Json:
        """The coupon as this customer and checkout would find it; an unknown code is an answer, not a 404."""
        if code not in self.books.coupons:
            return {"code": code, "status": "unknown", "used_by_checkout_id": None, "discount": None}
        coupon = self.books.coupons.get(code)
        checkout = self.books.checkouts.by_id.get(checkout_id or "")
        return {
            "code": code,
            "status": self._status(coupon, customer_id, checkout_id),
            "used_by_checkout_id": coupon.used_by_checkout_id,
            "discount": self._discount(coupon, checkout),
            "percent": coupon.percent,
            "customer_id": coupon.customer_id,
            "expires_at": coupon.expires_at,
        }

    def create(self, coupon: Coupon) -> Json:
        self.books.customers.get(coupon.customer_id or "")
        self.books.add(coupon)
        return self.look_at(coupon.id, coupon.customer_id, None)

    def release(self, code: str, checkout_id: str) -> Json:
        """The coupon may be used again, if this checkout is the one that used it."""
        coupon = self.books.coupons.get(code)
        if coupon.used_by_checkout_id != checkout_id:
            used_by = coupon.used_by_checkout_id
            raise forbidden("not_used_by_checkout", f"used by {used_by}", used_by_checkout_id=used_by)
        coupon.used_by_checkout_id = None
        self.books.touch(coupon)
        return self.look_at(code, coupon.customer_id, checkout_id)

    def send(self, message: Message) -> Message:
        """Sends once per `dedupe_key`: a repetition answers with the first message and sends nothing."""
        first = self._find(message.dedupe_key)
        if first is not None:
            first.repeats += 1
            return self.books.touch(first)
        if message.customer_id:
            self.books.customers.get(message.customer_id)
        if message.checkout_id:
            self.books.checkouts.get(message.checkout_id)
        self._sent[message.dedupe_key] = message.id
        return self.books.add(message)

    def _find(self, dedupe_key: str) -> Message | None:
        if len(self._sent) < len(self.books.messages.by_id):
            self._sent = {message.dedupe_key: message.id for message in self.books.messages}
        return self.books.messages.by_id.get(self._sent.get(dedupe_key, ""))

    def apply(self, checkout: Checkout, code: str) -> str:
        """The checkout uses the coupon up, if it may; the coupon's status before that."""
        status = str(self.look_at(code, checkout.customer_id, checkout.id)["status"])
        if status == "valid" and not self.books.coupons.get(code).reusable:
            self.use(code, checkout.id)
        return status

    def use(self, code: str, checkout_id: str) -> None:
        coupon = self.books.coupons.get(code)
        coupon.used_by_checkout_id = checkout_id
        self.books.touch(coupon)

    def expire(self, code: str) -> None:
        """The coupon has just run out."""
        coupon = self.books.coupons.get(code)
        coupon.expires_at = self.books.clock.moment()
        self.books.touch(coupon)

    def _status(self, coupon: Coupon, customer_id: str | None, checkout_id: str | None) -> str:
        if coupon.used_by_checkout_id:
            return "valid" if coupon.used_by_checkout_id == checkout_id else "used"
        if coupon.expires_at and coupon.expires_at < rfc3339(self.books.clock.now()):
            return "expired"
        if coupon.customer_id and customer_id and coupon.customer_id != customer_id:
            return "not_eligible"
        return "valid"

    def _discount(self, coupon: Coupon, checkout: Checkout | None) -> Json | None:
        if coupon.amount is not None:
            most = checkout.goods if checkout is not None else coupon.amount
            return money(min(coupon.amount, most), coupon.currency or "CNY")
        if checkout is None:
            return None
        return money(checkout.goods * (coupon.percent or 0) // 100, checkout.currency)
