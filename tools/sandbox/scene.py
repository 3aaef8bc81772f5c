"""What a verb of a story gets to see and do: the shop, the story, and the checkout that the beat is about."""

from dataclasses import dataclass

from tools.sandbox.model import Checkout, Order, Payment
from tools.sandbox.problem import missing
from tools.sandbox.scheduler import Scheduler
from tools.sandbox.shop import Shop
from tools.sandbox.story import Story


@dataclass(slots=True)
class Scene:
    """`who` is the name of the story's other checkout that this beat is about, empty for its own."""

    shop: Shop
    scheduler: Scheduler
    story: Story
    who: str = ""

    @property
    def checkout_id(self) -> str:
        return self.story.others[self.who] if self.who else self.story.checkout_id

    @property
    def checkout(self) -> Checkout:
        return self.shop.books.checkouts.get(self.checkout_id)

    @property
    def order(self) -> Order:
        """The checkout's last order, or a 404."""
        orders = self.shop.books.orders.of(self.checkout_id)
        if not orders:
            raise missing("order", f"of {self.checkout_id}")
        return orders[-1]

    def payment(self, name: str) -> Payment:
        return self.shop.books.payments.get(self.story.payments.get(self.who + name, ""))

    def pending(self, name: str) -> str:
        """The id of the story's payment, if it still waits for an answer; a repair may have cancelled it."""
        payment = self.payment(name)
        if payment.status != "pending":
            raise missing("pending payment", payment.id)
        return payment.id
