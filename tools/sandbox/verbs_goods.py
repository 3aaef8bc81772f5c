"""Verbs of stories: what the warehouse, the order desk and the carrier do, and how they fail."""

from datetime import timedelta

from tools.sandbox.clock import parse, rfc3339
from tools.sandbox.orders import PROMISED_WITHIN
from tools.sandbox.scene import Scene
from tools.sandbox.verbs_checkout import hold_until

RESTOCKED_AFTER = timedelta(days=3)


def reserve(scene: Scene, forever: bool = False) -> None:
    checkout, shop = scene.checkout, scene.shop
    goods = [(line.sku, line.quantity) for line in checkout.lines if line.requires_shipping]
    if checkout.status == "submitted" and goods:
        until = shop.books.clock.after(86_400) if forever else hold_until(scene)
        shop.warehouse.reserve(checkout.id, goods, until)


def reserve_missing(scene: Scene) -> None:
    """Sets aside what nobody (no repair either) has set aside yet, where an order still wants it."""
    shop = scene.shop
    if scene.order.status == "created":
        lacking = shop.orders.short_of(scene.order)
        if lacking:
            shop.warehouse.reserve(scene.checkout_id, list(lacking.items()))


def reserve_what_is_there(scene: Scene) -> None:
    """Holds every line that stock covers and reports the others as failed."""
    checkout, shop = scene.checkout, scene.shop
    short = []
    for line in checkout.lines:
        if shop.books.stocks.get(line.sku).available >= line.quantity:
            shop.warehouse.reserve(checkout.id, [(line.sku, line.quantity)])
        else:
            short.append({"sku": line.sku, "quantity": line.quantity})
    data = {"checkout_id": checkout.id, "lines": short, "reason": "out_of_stock"}
    shop.books.emit("inventory.reservation_failed", checkout.id, data)


def create_order(scene: Scene, promise: float | None = None, parts: int = 1, backordered: bool = False) -> None:
    """`promise` is in natural seconds: when the parcel should leave."""
    shop = scene.shop
    within = PROMISED_WITHIN if promise is None else promise * shop.config.time_scale
    order = shop.orders.create(scene.checkout_id, within, parts)
    if backordered:
        expected = rfc3339(parse(shop.books.clock.moment()) + RESTOCKED_AFTER)
        for line in order.lines:
            shop.orders.backorder(order.id, line.line_id, expected)


def order_unpaid(scene: Scene) -> None:
    """A careless shop orders and confirms what nobody paid."""
    if scene.checkout.status == "submitted" and not scene.shop.books.orders.of(scene.checkout_id):
        order = scene.shop.orders.promise(scene.checkout)
        scene.shop.orders.confirm(order.id)


def confirm_order(scene: Scene) -> None:
    if scene.order.status == "created":
        scene.shop.orders.confirm(scene.order.id)


def ship_order(scene: Scene) -> None:
    scene.shop.orders.ship(scene.order.id)


def ship_and_deliver(scene: Scene) -> None:
    confirm_order(scene)
    ship_order(scene)
    scene.shop.orders.deliver(scene.order.id)


def get_stuck(scene: Scene, reason: str) -> None:
    scene.shop.orders.get_stuck(scene.order.id, reason)


def hold_order(scene: Scene) -> None:
    scene.shop.orders.hold(scene.order.id, "somebody wants to look at it")


def unhold_order(scene: Scene) -> None:
    scene.shop.orders.unhold(scene.order.id)


def cancel_order(scene: Scene) -> None:
    """The goods go back on the shelf; whether the money goes back is another story."""
    scene.shop.orders.cancel(scene.order.id, "customer_request")
    for held in scene.shop.books.reservations.of(scene.checkout_id):
        if held.status in ("held", "committed") and not held.shipped:
            scene.shop.warehouse.release(held.id, "order_cancelled")


def misprice_order(scene: Scene, extra: int) -> None:
    line = scene.order.lines[0]
    scene.shop.orders.reprice(scene.order.id, [(line.line_id, line.unit_price + extra)], None)


def deliver_before_shipping(scene: Scene) -> None:
    confirm_order(scene)
    now = parse(scene.shop.books.clock.moment())
    scene.shop.orders.ship(scene.order.id, rfc3339(now))
    scene.shop.orders.deliver(scene.order.id, rfc3339(now - timedelta(hours=1)))


def drift(scene: Scene, by: int) -> None:
    """The storefront's figure goes its own way (not below nothing), and the warehouse tells both."""
    stock = scene.shop.books.stocks.get(scene.story.checkout_id)
    scene.shop.warehouse.drift(stock.id, max(0, stock.available + by))
    scene.shop.warehouse.level(stock)


def tell_level(scene: Scene) -> None:
    scene.shop.warehouse.level(scene.shop.books.stocks.get(scene.story.checkout_id))


def catch_up(scene: Scene) -> None:
    scene.shop.warehouse.resync(scene.story.checkout_id)
