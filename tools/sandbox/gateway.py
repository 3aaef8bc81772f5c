"""The payment gateway: payments, refunds and payment links; called by the API, the pipeline and the
customers."""

from tools.sandbox.books import Books
from tools.sandbox.clock import rfc3339
from tools.sandbox.events import money, without_none
from tools.sandbox.model import Checkout, Json, Payment, PaymentKind, PaymentLink, Refund
from tools.sandbox.problem import forbidden, invalid

LINK_LIFETIME = 24 * 3600.0
AUTHORISATION_LIFETIME = 7 * 24 * 3600.0
ACCEPTED_LATER = ("on_delivery", "pay_later")


class Gateway:
    """Moves money by the books; whether a refund settles at once is decided by whoever opened it."""

    def __init__(self, books: Books, public_url: str) -> None:
        self.books, self.public_url = books, public_url

    def request(
        self,
        checkout: Checkout,
        amount: int,
        method: str = "card",
        kind: PaymentKind = "money",
        surcharge: int = 0,
    ) -> Payment:
        payment = Payment(
            id=self.books.new_id("pay"),
            checkout_id=checkout.id,
            currency=checkout.currency,
            amount=amount,
            method=method,
            kind=kind,
            surcharge=surcharge,
        )
        self.books.add(payment)
        self._tell("payment.requested", payment, amount)
        return payment

    def authorize(self, payment_id: str) -> Payment:
        """The bank (or, for payment on delivery and later, the shop) accepts; nothing is taken yet."""
        payment = self.books.payments.get(payment_id)
        payment.status = "authorized"
        if payment.kind not in ACCEPTED_LATER:
            payment.authorized_until = self.books.clock.after(AUTHORISATION_LIFETIME)
        self.books.touch(payment)
        self._tell("payment.authorized", payment, payment.amount)
        return payment

    def capture(self, payment_id: str, amount: int | None = None) -> Payment:
        """Takes the money, once per payment; the rest of an authorisation is given up."""
        payment = self.books.payments.get(payment_id)
        payment.status = "captured"
        payment.captured = payment.amount if amount is None else amount
        payment.authorized_until = None
        self.books.touch(payment)
        self._tell("payment.captured", payment, payment.captured, capture_id=self.books.new_id("cap"))
        return payment

    def capture_authorized(self, payment_id: str, amount: int, currency: str) -> Payment:
        """The contract's `capture`: only of a valid authorisation, never more than it."""
        payment = self.books.payments.get(payment_id)
        self._same_currency(payment.currency, currency)
        if payment.status != "authorized":
            code = "already_captured" if payment.status == "captured" else "not_authorized"
            raise forbidden(code, f"{payment_id} is {payment.status}")
        if payment.authorized_until and payment.authorized_until < rfc3339(self.books.clock.now()):
            raise forbidden("authorization_expired", payment_id)
        if amount > payment.amount:
            raise forbidden("exceeds_authorized", f"{payment.amount} authorised")
        return self.capture(payment_id, amount)

    def fail(self, payment_id: str, failure_code: str) -> Payment:
        payment = self.books.payments.get(payment_id)
        payment.status, payment.failure_code = "failed", failure_code
        self.books.touch(payment)
        self._tell("payment.failed", payment, payment.amount, failure_code=failure_code)
        return payment

    def cancel(self, payment_id: str) -> Payment:
        payment = self.books.payments.get(payment_id)
        if payment.status not in ("requires_action", "pending", "authorized"):
            raise forbidden(f"already_{payment.status}", payment_id)
        payment.status, payment.authorized_until = "cancelled", None
        self.books.touch(payment)
        self._tell("payment.cancelled", payment, payment.amount)
        return payment

    def dispute(self, payment_id: str, amount: int) -> Payment:
        """A charge-back: the bank takes `amount` back from what is left."""
        payment = self.books.payments.get(payment_id)
        taken = min(amount, payment.refundable)
        payment.disputed += taken
        self.books.touch(payment)
        self._tell("payment.disputed", payment, taken)
        return payment

    def refund(self, payment_id: str, amount: int, currency: str, reason: str, expected: int) -> Refund:
        """Opens a refund (pending); `expected` is refunded + pending as the caller last read it."""
        payment = self.books.payments.get(payment_id)
        self._same_currency(payment.currency, currency)
        if expected != payment.refunded + payment.refund_pending:
            raise forbidden(
                "refunded_changed",
                f"{payment.refunded} refunded, {payment.refund_pending} pending",
                refunded=money(payment.refunded, currency),
                refund_pending=money(payment.refund_pending, currency),
            )
        if amount > payment.refundable:
            raise forbidden("exceeds_captured", f"{payment.refundable} left of {payment.captured} captured")
        payment.refund_pending += amount
        self.books.touch(payment)
        refund = Refund(
            id=self.books.new_id("ref"),
            payment_id=payment_id,
            currency=currency,
            amount=amount,
            reason=reason,
        )
        self.books.add(refund)
        self._tell_refund("refund.requested", refund)
        return refund

    def settle(self, refund_id: str, succeeded: bool) -> Refund:
        """The bank's answer to a pending refund; a second answer changes nothing."""
        refund = self.books.refunds.get(refund_id)
        if refund.status != "pending":
            return refund
        payment = self.books.payments.get(refund.payment_id)
        payment.refund_pending -= refund.amount
        payment.refunded += refund.amount if succeeded else 0
        refund.status = "succeeded" if succeeded else "failed"
        self.books.touch(payment)
        self.books.touch(refund)
        self._tell_refund(f"refund.{refund.status}", refund)
        return refund

    def open_link(self, checkout_id: str, amount: int, currency: str) -> PaymentLink:
        checkout = self.books.checkouts.get(checkout_id)
        self._same_currency(checkout.currency, currency)
        if checkout.status in ("expired", "cancelled"):
            raise forbidden("checkout_expired", f"{checkout_id} is {checkout.status}")
        key = self.books.new_id("link")
        return self.books.add(
            PaymentLink(
                id=key,
                checkout_id=checkout_id,
                currency=currency,
                amount=amount,
                url=f"{self.public_url}/pay/{key}",
                expires_at=self.books.clock.after(LINK_LIFETIME),
            )
        )

    def cancel_link(self, link_id: str) -> PaymentLink:
        link = self.look_at_link(link_id)
        if link.status != "open":
            raise forbidden(f"already_{link.status}", link_id)
        link.status = "cancelled"
        return self.books.touch(link)

    def look_at_link(self, link_id: str) -> PaymentLink:
        """The link as it stands now: one whose time has passed is expired."""
        link = self.books.links.get(link_id)
        if link.status == "open" and link.expires_at < rfc3339(self.books.clock.now()):
            link.status = "expired"
            self.books.touch(link)
        return link

    def pay_link(self, link_id: str, method: str = "card") -> Payment:
        """The customer pays by the link: single use, and only while it is open."""
        link = self.look_at_link(link_id)
        if link.status != "open":
            raise forbidden(f"already_{link.status}", link_id)
        payment = self.request(self.books.checkouts.get(link.checkout_id), link.amount, method)
        link.status, link.payment_id = "paid", payment.id
        self.books.touch(link)
        return self.capture(payment.id)

    def tendered(self, checkout_id: str) -> int:
        """What the checkout has towards its total: captured and not given back, and valid authorisations;
        surcharges (instalment interest) are left out. Source: the product's definition of *paid*."""
        return sum(self._worth(payment) for payment in self.books.payments.of(checkout_id))

    def paid(self, checkout: Checkout) -> bool:
        accepted = any(
            payment.kind in ACCEPTED_LATER and payment.status in ("authorized", "captured")
            for payment in self.books.payments.of(checkout.id)
        )
        return accepted or self.tendered(checkout.id) >= checkout.total

    def _worth(self, payment: Payment) -> int:
        if payment.status == "captured":
            return max(0, payment.refundable - payment.surcharge)
        if payment.status == "authorized" and payment.kind not in ACCEPTED_LATER:
            valid = payment.authorized_until is None or payment.authorized_until > rfc3339(self.books.clock.now())
            return payment.amount - payment.surcharge if valid else 0
        return 0

    def _same_currency(self, ours: str, theirs: str) -> None:
        if ours != theirs:
            raise invalid("currency", f"{ours} expected, {theirs} given")

    def _tell(
        self,
        kind: str,
        payment: Payment,
        amount: int,
        capture_id: str | None = None,
        failure_code: str | None = None,
    ) -> None:
        data: Json = {
            "checkout_id": payment.checkout_id,
            "payment_id": payment.id,
            "amount": money(amount, payment.currency),
            "method": payment.method,
            "kind": payment.kind,
            "capture_id": capture_id,
            "surcharge": money(payment.surcharge, payment.currency) if payment.surcharge else None,
            "failure_code": failure_code,
        }
        self.books.emit(kind, payment.checkout_id, without_none(data))

    def _tell_refund(self, kind: str, refund: Refund) -> None:
        checkout_id = self.books.payments.get(refund.payment_id).checkout_id
        data: Json = {
            "checkout_id": checkout_id,
            "payment_id": refund.payment_id,
            "refund_id": refund.id,
            "amount": money(refund.amount, refund.currency),
            "reason": refund.reason,
        }
        self.books.emit(kind, checkout_id, data)
