"""Verbs of stories: what the gateway, the bank and the shop's cashiers do."""

from tools.sandbox.events import money
from tools.sandbox.model import PaymentKind
from tools.sandbox.scene import Scene


def request_payment(
    scene: Scene,
    *,
    name: str,
    share: float = 1.0,
    rest: bool = False,
    extra: int = 0,
    surcharge: float = 0.0,
    kind: PaymentKind = "money",
    method: str | None = None,
) -> None:
    checkout, gateway = scene.checkout, scene.shop.gateway
    if checkout.status != "submitted":
        return
    amount = int(checkout.total * share) + extra
    if rest:
        amount = checkout.total - gateway.tendered(checkout.id)
    interest = int(amount * surcharge)
    usual = "wechat_pay" if checkout.currency == "CNY" else "card"
    payment = gateway.request(checkout, amount + interest, method or usual, kind, interest)
    scene.story.payments[scene.who + name] = payment.id


def authorize(scene: Scene, name: str) -> None:
    scene.shop.gateway.authorize(scene.pending(name))


def capture(scene: Scene, name: str) -> None:
    scene.shop.gateway.capture(scene.pending(name))


def fail(scene: Scene, name: str, code: str) -> None:
    scene.shop.gateway.fail(scene.pending(name), code)


def dispute(scene: Scene, name: str, share: float) -> None:
    payment = scene.payment(name)
    scene.shop.gateway.dispute(payment.id, max(1, int(payment.captured * share)))


def refund_everything(scene: Scene) -> None:
    gateway = scene.shop.gateway
    for payment in scene.shop.books.payments.of(scene.checkout_id):
        if payment.refundable:
            expected = payment.refunded + payment.refund_pending
            opened = gateway.refund(payment.id, payment.refundable, payment.currency, "customer_request", expected)
            gateway.settle(opened.id, True)


def tell_stray(scene: Scene, kind: str) -> None:
    """The gateway tells of a payment that is in nobody's books."""
    payment_id = scene.story.checkout_id
    amount = money(4_200 + 7 * scene.story.number, "CNY")
    data = {"payment_id": payment_id, "amount": amount, "method": "card", "kind": "money"}
    scene.shop.books.emit(kind, payment_id, data)
