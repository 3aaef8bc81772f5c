"""Verbs of stories: what customers do at the checkout, and what happens to their coupons and accounts."""

from datetime import timedelta
from typing import Any, Literal

from tools.sandbox.clock import parse, rfc3339
from tools.sandbox.model import Address
from tools.sandbox.scene import Scene

HOLD_SLACK = 5.0  # natural seconds after the payment window until what is held is given back


def start(scene: Scene) -> None:
    """The first basket; the stage has told of it."""


def fill_in(scene: Scene) -> None:
    checkout, books = scene.checkout, scene.shop.books
    data: dict[str, Any] = {"checkout_id": checkout.id}
    if checkout.shipping_address:
        data["shipping_address"] = checkout.shipping_address.model_dump(exclude_none=True)
    if checkout.coupon_code:
        data["coupon_code"] = checkout.coupon_code
    books.touch(checkout)
    books.emit("checkout.updated", checkout.id, data)


def submit(scene: Scene, window: float) -> None:
    seconds = window * scene.shop.config.time_scale
    if scene.checkout.status not in ("open", "submitted"):
        return
    scene.shop.checkouts.submit(scene.checkout_id, scene.shop.books.clock.after(seconds))
    scene.scheduler.later(window + HOLD_SLACK, "close_window", checkout_id=scene.checkout_id)


def correct_address(scene: Scene) -> None:
    address = Address.model_validate(scene.story.true_address or {})
    scene.shop.checkouts.set_address(scene.checkout_id, address)


def reject_and_accept_address(scene: Scene) -> None:
    """The carrier can't make up its mind."""
    books, checkout = scene.shop.books, scene.checkout
    for _ in range(3):
        books.emit("address.rejected", checkout.id, {"checkout_id": checkout.id, "reason": "street_unclear"})
        books.emit("address.accepted", checkout.id, {"checkout_id": checkout.id})


def show_coupon(scene: Scene) -> None:
    """The page shows the discount before the button is pressed."""
    scene.shop.checkouts.tell_coupon(scene.checkout, scene.story.entitled)


def expire_coupon(scene: Scene) -> None:
    scene.shop.marketing.expire(scene.checkout.coupon_code or "")


def spend_coupon(scene: Scene) -> None:
    """Another attempt of the customer's uses the coupon up and comes to nothing."""
    scene.shop.marketing.use(scene.checkout.coupon_code or "", scene.checkout_id)
    scene.shop.checkouts.expire(scene.checkout_id, "payment_window_over")


def replace_checkout(scene: Scene) -> None:
    """The customer begins anew: the shop closes the attempt that was left unpaid."""
    scene.shop.checkouts.cancel(scene.checkout_id, "replaced")


def expire_checkout(scene: Scene) -> None:
    scene.shop.checkouts.expire(scene.checkout_id, "payment_window_over")


def block_account(scene: Scene, status: Literal["suspended", "closed"]) -> None:
    books = scene.shop.books
    customer = books.customers.get(scene.checkout.customer_id or "")
    customer.status = status
    books.touch(customer)


def think(scene: Scene) -> None:
    """The customer hesitates; whoever wants to put something right has had time for it."""


def hold_until(scene: Scene) -> str:
    """Until when the checkout's goods are set aside."""
    slack = timedelta(seconds=HOLD_SLACK * scene.shop.config.time_scale)
    return rfc3339(parse(scene.checkout.payment_window_ends_at or scene.shop.books.clock.moment()) + slack)
