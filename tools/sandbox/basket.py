"""What a customer puts together: the lines, prices, coupon and address of a new checkout; called by the
stage."""

from random import Random

from tools.sandbox.model import Address, Checkout, Customer, Line, Product
from tools.sandbox.problem import invalid
from tools.sandbox.shop import WELCOME, Shop
from tools.sandbox.story import Setting

SHIPPING = {"CNY": 1_000, "USD": 599}
FREE_SHIPPING_FROM = {"CNY": 30_000, "USD": 7_500}
TAX_RATE = {"CNY": 0, "USD": 800}  # basis points; Chinese prices include the tax
COUPON_SHARE = 0.1


def fill(
    shop: Shop, rng: Random, customer: Customer, setting: Setting, wanted: list[tuple[str, int]] | None = None
) -> tuple[Checkout, Address]:
    """An unregistered checkout for the customer, and the address as it would be without anything lacking."""
    goods = _named(shop, wanted) if wanted else _choose(shop, rng, customer.currency, setting)
    lines = [
        Line(
            line_id=f"L{number}",
            sku=product.id,
            quantity=quantity,
            unit_price=product.unit_price,
            requires_shipping=product.requires_shipping,
        )
        for number, (product, quantity) in enumerate(goods, 1)
    ]
    cart = [line.model_copy() for line in lines]
    lines[0].unit_price += int(lines[0].unit_price * setting.cart_differs)
    true_address = customer.addresses[0].model_copy()
    checkout = Checkout(
        id=shop.books.new_id("chk"),
        customer_id=customer.id,
        currency=goods[0][0].currency,
        lines=lines,
        cart_lines=cart,
        rounding=setting.rounding,
    )
    if setting.guest:
        checkout.customer_id = None
        checkout.contact = {name: getattr(customer, name) for name in ("email", "phone", "language")}
    _price(checkout, rng, setting)
    if checkout.ships:
        checkout.shipping_address = _given(true_address, setting)
    return checkout, true_address


def _price(checkout: Checkout, rng: Random, setting: Setting) -> None:
    has_coupon = rng.random() < COUPON_SHARE if setting.coupon is None else setting.coupon
    if checkout.ships and checkout.goods < FREE_SHIPPING_FROM[checkout.currency]:
        checkout.shipping_fee = SHIPPING[checkout.currency]
    if setting.free:
        checkout.shipping_fee, checkout.discount = 0, checkout.goods
    elif has_coupon:
        checkout.coupon_code, checkout.discount = WELCOME, checkout.goods // 10
    checkout.tax_rate = TAX_RATE[checkout.currency]
    checkout.recompute()


def _choose(shop: Shop, rng: Random, currency: str, setting: Setting) -> list[tuple[Product, int]]:
    sold = [product for product in shop.books.products if product.currency == currency and product.active]
    if setting.digital:
        return [(rng.choice([product for product in sold if not product.requires_shipping]), 1)]
    plenty = [product for product in sold if shop.books.stocks.get(product.id).available >= 20]
    if setting.physical or setting.scarce or setting.address_lacks:
        plenty = [product for product in plenty if product.requires_shipping]
    if setting.scarce:
        scarce = rng.choice([product for product in sold if shop.books.stocks.get(product.id).scarce])
        others = [(rng.choice(plenty), 1)] if setting.scarce == "part" else []
        return [(scarce, 1), *others]
    chosen = rng.sample(plenty, rng.choice((1, 1, 1, 2, 2, 3)))
    return [(product, rng.choice((1, 1, 1, 2))) for product in chosen]


def _named(shop: Shop, wanted: list[tuple[str, int]]) -> list[tuple[Product, int]]:
    goods = [(shop.books.products.get(sku), quantity) for sku, quantity in wanted]
    if len({product.currency for product, _ in goods}) != 1:
        raise invalid("currency", "a basket has one currency")
    return goods


def _given(true_address: Address, setting: Setting) -> Address:
    """The address as the customer types it; with `text_only`, the missing fields stand in the free text."""
    gone: dict[str, None] = dict.fromkeys(setting.address_lacks)
    given = true_address.model_copy(update=gone)
    if not setting.text_only and setting.address_lacks:
        given.text = None
    return given
