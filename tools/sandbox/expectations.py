"""What may come of a story, written down before anybody repairs anything: one row of the truth; called by the
stage."""

from collections import defaultdict

from tools.sandbox.books import Books
from tools.sandbox.config import Config
from tools.sandbox.events import money
from tools.sandbox.model import Checkout
from tools.sandbox.story import Story
from tools.sandbox.truth import Row

FEW = 3  # broken orders of one customer; with more, policy wants a human


class Expectations:
    """Remembers how much repairs would give each customer: policy's limit is cumulative per customer and day."""

    def __init__(self, config: Config, books: Books) -> None:
        self.config, self.books = config, books
        self._given: dict[tuple[str, str], int] = defaultdict(int)
        self._broken: dict[str, int] = defaultdict(int)

    def of(self, story: Story) -> Row:
        """The row about what the story is about: a checkout, a sku or a payment that nobody knows."""
        plot = story.plot
        about = self.books.checkouts.by_id.get(story.checkout_id) if plot.about == "checkout" else None
        by_machine = story.fault is not None and self._by_machine(story, about)
        acceptable = _acceptable(story)
        if not by_machine:
            acceptable += [f"{state}+owner" for state in plot.with_owner]
        row: Row = {
            "checkout_id": story.checkout_id,
            "subject": {"kind": plot.about, "id": story.checkout_id},
            "fault": story.fault,
            "hard_negative": story.hard_negative,
            "variant": plot.variant or None,
            "machine_repairable": by_machine,
            "human_only": plot.human_only,
            "acceptable": acceptable,
            "injected_at": self.books.clock.moment() if story.fault else None,
            "agreed_total": None,
            "customer_id": story.customer_id,
            "customer": story.attitude,
            "others": sorted(story.others.values()),
            "addresses": [one for one in (story.true_address, story.given_address) if one],
        }
        if about is not None:
            row |= {"agreed_total": money(better_total(about, story.entitled), about.currency)}
            row["customer_id"] = about.customer_id
        return row

    def of_other(self, story: Story, name: str) -> Row:
        """The row about another checkout of the story, with which nothing is wrong."""
        checkout = self.books.checkouts.get(story.others[name])
        acceptable = ["fulfilled", "unpaid_released"]
        if story.fault == "duplicate_order":
            acceptable.append("cancelled_refunded")
        return {
            "checkout_id": checkout.id,
            "subject": {"kind": "checkout", "id": checkout.id},
            "fault": None,
            "hard_negative": story.hard_negative,
            "variant": name,
            "machine_repairable": False,
            "human_only": False,
            "acceptable": acceptable,
            "injected_at": None,
            "agreed_total": money(better_total(checkout), checkout.currency),
            "customer_id": checkout.customer_id,
            "customer": story.attitude,
            "others": [story.checkout_id],
            "addresses": [],
        }

    def _by_machine(self, story: Story, checkout: Checkout | None) -> bool:
        """Whether policy lets a machine finish it: no human, a willing customer where one is needed, money within
        the limit, and not the latest of a customer's many broken orders."""
        plot = story.plot
        if plot.human_only or not plot.machine_repairable:
            return False
        if checkout is None:
            return True
        customer = checkout.customer_id or checkout.id
        self._broken[customer] += 1
        if self._broken[customer] > FEW:
            return False
        if plot.needs_customer and story.attitude != "answers":
            return False
        if story.fault == "abandoned_checkout" and not self._may_remind(checkout):
            return False
        moved = stake(story, checkout, self.books)
        self._given[customer, checkout.currency] += moved
        limit = self.config.machine_limit.get(checkout.currency, 0)
        return moved == 0 or self._given[customer, checkout.currency] <= limit

    def _may_remind(self, checkout: Checkout) -> bool:
        customer = self.books.customers.by_id.get(checkout.customer_id or "")
        return customer is not None and customer.marketing_consent


def stake(story: Story, checkout: Checkout, books: Books) -> int:
    """Minor units that the costliest repair in question gives the customer: refunds, price cuts, coupons."""
    taken = sum(payment.refundable for payment in books.payments.of(checkout.id))
    agreed = better_total(checkout, story.entitled)
    orders = books.orders.of(checkout.id)
    match story.fault:
        case "paid_out_of_stock" | "refund_missing":
            return taken
        case "duplicate_order":
            return taken if story.wish == "cancel_one" else 0
        case "duplicate_charge" | "amount_mismatch" | "price_mismatch" | "coupon_misapplied":
            dearest = max([checkout.total, *(order.total for order in orders)])
            return max(taken - agreed, dearest - agreed)
        case _:
            return 0


def better_total(checkout: Checkout, entitled: int = 0) -> int:
    """The whole payable total at the lower of the two prices that the customer was shown for each line, and with
    the discount that was shown or is due (`entitled`, minor units)."""
    shown = {line.line_id: line.unit_price for line in checkout.cart_lines}
    better = checkout.model_copy(deep=True)
    better.discount = max(better.discount, entitled)
    for line in better.lines:
        line.unit_price = min(line.unit_price, shown.get(line.line_id, line.unit_price))
    better.recompute()
    return min(better.total, checkout.total)


def _acceptable(story: Story) -> list[str]:
    """The plot's own; of two orders, what the customer wants decides: both go on where he doesn't say."""
    if story.fault != "duplicate_order":
        return [*story.plot.acceptable]
    if story.attitude == "words":
        return ["fulfilled", "cancelled_refunded"]
    if story.attitude == "silent":
        return ["fulfilled"]
    return ["cancelled_refunded"] if story.wish == "cancel_one" else ["fulfilled"]
