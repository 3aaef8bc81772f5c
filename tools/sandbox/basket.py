"""What a customer puts together: the lines, prices, coupon and address of a new checkout; called by the
stage."""

from dataclasses import dataclass
from random import Random

from tools.sandbox import slips
from tools.sandbox.model import Address, Checkout, Coupon, Customer, Line, Product
from tools.sandbox.people import usual_total
from tools.sandbox.problem import invalid
from tools.sandbox.shop import WELCOME, Shop
from tools.sandbox.story import Setting

SHIPPING = {"CNY": 1_000, "USD": 599}
FREE_SHIPPING_FROM = {"CNY": 30_000, "USD": 7_500}
TAX_RATE = {"CNY": 0, "USD": 800}  # basis points; Chinese prices include the tax
COUPON_SHARE = 0.1
PERSONAL = 15  # per cent off, by a coupon made for one customer
COUPON_LIFETIME = 30 * 24 * 3600.0
MOST_PIECES = 300
ABROAD = {"CNY": "USD", "USD": "CNY"}


@dataclass(slots=True)
class Basket:
    """An unregistered checkout; the right address, if what was typed is not; the discount that the customer may
    count on, in minor units."""

    checkout: Checkout
    true_address: Address
    entitled: int


def fill(
    shop: Shop, rng: Random, customer: Customer, setting: Setting, wanted: list[tuple[str, int]] | None = None
) -> Basket:
    goods = _named(shop, wanted) if wanted else _choose(shop, rng, customer, setting)
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
    entitled = _price(shop, checkout, rng, setting, customer)
    true_address = customer.addresses[0].model_copy()
    if checkout.ships:
        checkout.shipping_address = _given(true_address, setting)
        if setting.slip and slips.is_right(setting.slip):
            true_address = checkout.shipping_address
    return Basket(checkout, true_address, entitled)


def same_again(shop: Shop, rng: Random, first: Checkout, basket: str, address: str) -> Checkout:
    """Another checkout of the same customer: the same basket and address, or (`other`) something else."""
    again = first.model_copy(
        deep=True,
        update={
            "id": shop.books.new_id("chk"),
            "version": 1,
            "status": "open",
            "created_at": "",
            "submitted_at": None,
            "payment_window_ends_at": None,
        },
    )
    if basket == "other":
        taken = {line.sku for line in first.lines}
        fresh = [p for p in _plenty(shop, first.currency) if p.requires_shipping and p.id not in taken]
        product = rng.choice(fresh)
        line = Line(line_id="L1", sku=product.id, quantity=1, unit_price=product.unit_price)
        again.lines, again.cart_lines = [line], [line.model_copy()]
        again.coupon_code, again.discount = None, 0
        again.shipping_fee = _shipping(again)
        again.recompute()
    if address == "other" and again.shipping_address is not None:
        other = {"recipient": "苏若溪" if again.currency == "CNY" else "Clara Jarrow", "text": None}
        again.shipping_address = slips.given(again.shipping_address, "sub_lane").model_copy(update=other)
    return again


def _price(shop: Shop, checkout: Checkout, rng: Random, setting: Setting, customer: Customer) -> int:
    """Sets fee, discount and tax; returns the discount that the customer may count on."""
    has_coupon = rng.random() < COUPON_SHARE if setting.coupon is None else bool(setting.coupon)
    checkout.shipping_fee = _shipping(checkout)
    checkout.tax_rate = TAX_RATE[checkout.currency]
    entitled = 0
    if setting.free:
        checkout.shipping_fee, entitled = 0, checkout.goods
        checkout.discount = entitled
    elif isinstance(setting.coupon, str):
        entitled = _personal_coupon(shop, checkout, rng, setting.coupon, customer)
    elif has_coupon:
        entitled = checkout.goods // 10
        checkout.coupon_code, checkout.discount = WELCOME, entitled
    checkout.recompute()
    return entitled


def _personal_coupon(shop: Shop, checkout: Checkout, rng: Random, what: str, customer: Customer) -> int:
    """A coupon for this customer alone (`not_eligible`: for another one), and how much of it comes off."""
    owner = customer.id
    if what == "not_eligible":
        owner = rng.choice([other.id for other in shop.books.customers if other.id != customer.id])
    until = shop.books.clock.after(COUPON_LIFETIME)
    coupon = Coupon(id=shop.books.new_id("OFF").upper(), customer_id=owner, percent=PERSONAL, expires_at=until)
    checkout.coupon_code = shop.books.add(coupon).id
    due = checkout.goods * PERSONAL // 100
    checkout.discount = {"personal": due, "discount_too_small": due // 3}.get(what, 0)
    return 0 if what == "not_eligible" else due


def _shipping(checkout: Checkout) -> int:
    free = not checkout.ships or checkout.goods >= FREE_SHIPPING_FROM[checkout.currency]
    return 0 if free else SHIPPING[checkout.currency]


def _plenty(shop: Shop, currency: str) -> list[Product]:
    sold = (product for product in shop.books.products if product.currency == currency and product.active)
    return [product for product in sold if shop.books.stocks.get(product.id).available >= 20]


def _choose(shop: Shop, rng: Random, customer: Customer, setting: Setting) -> list[tuple[Product, int]]:
    currency = ABROAD[customer.currency] if setting.abroad else customer.currency
    plenty = _plenty(shop, currency)
    if setting.digital:
        return [(rng.choice([product for product in plenty if not product.requires_shipping]), 1)]
    if setting.physical or setting.scarce or setting.address_lacks or setting.slip:
        plenty = [product for product in plenty if product.requires_shipping]
    if setting.scarce:
        sold = [product for product in shop.books.products if product.currency == currency and product.active]
        scarce = rng.choice([product for product in sold if shop.books.stocks.get(product.id).scarce])
        others = [(rng.choice(plenty), 1)] if setting.scarce == "part" else []
        return [(scarce, 1), *others]
    if setting.times_usual:
        return _fortune(shop, rng, plenty, int(usual_total(customer) * setting.times_usual))
    chosen = rng.sample(plenty, 6 if setting.many else rng.choice((1, 1, 1, 2, 2, 3)))
    return [(product, rng.choice((1, 1, 1, 2))) for product in chosen]


def _fortune(shop: Shop, rng: Random, plenty: list[Product], target: int) -> list[tuple[Product, int]]:
    """About so much money's worth of one of the dearest goods."""
    dearest = sorted(plenty, key=lambda product: product.unit_price, reverse=True)[:5]
    stocked = [p for p in dearest if shop.books.stocks.get(p.id).available > MOST_PIECES] or dearest[:1]
    product = rng.choice(stocked)
    most = min(MOST_PIECES, shop.books.stocks.get(product.id).available)
    return [(product, max(1, min(most, -(-target // product.unit_price))))]


def _named(shop: Shop, wanted: list[tuple[str, int]]) -> list[tuple[Product, int]]:
    goods = [(shop.books.products.get(sku), quantity) for sku, quantity in wanted]
    if len({product.currency for product, _ in goods}) != 1:
        raise invalid("currency", "a basket has one currency")
    return goods


def _given(true_address: Address, setting: Setting) -> Address:
    """The address as the customer types it; with `text_only`, the missing fields stand in the free text."""
    if setting.slip:
        return slips.given(true_address, setting.slip)
    gone: dict[str, None] = dict.fromkeys(setting.address_lacks)
    given = true_address.model_copy(update=gone)
    if not setting.text_only and setting.address_lacks:
        given.text = None
    return given
