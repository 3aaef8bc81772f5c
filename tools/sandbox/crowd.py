"""The simulated customers: they read messages and, after a while, pay, choose, correct an address, or say
nothing."""

import re
from random import Random

from tools.sandbox.geography import serviceability
from tools.sandbox.model import Address, Checkout, Json, Message
from tools.sandbox.problem import Refusal
from tools.sandbox.scheduler import Scheduler
from tools.sandbox.shop import Shop
from tools.sandbox.stage import Stage
from tools.sandbox.story import Story

LINK = re.compile(r"/pay/([A-Za-z0-9-]+)")


class Crowd:
    """Every sent message is read once; what follows depends on the story's attitude and is fixed by the
    seed."""

    def __init__(self, shop: Shop, scheduler: Scheduler, stage: Stage) -> None:
        self.shop, self.scheduler, self.stage = shop, scheduler, stage
        self.books = shop.books
        scheduler.register(read=self._read, come_back=self._come_back)

    def hear(self, message: Message) -> None:
        """A message was sent for the first time; the answer (if any) comes after the reply delay."""
        story = self.stage.stories.get(message.checkout_id or "")
        if story is not None and story.attitude != "silent":
            rng = self._dice(story, message)
            delay = self.shop.config.reply_delay * rng.uniform(0.5, 1.5)
            self.scheduler.later(delay, "read", message_id=message.id)

    def _read(self, message_id: str) -> None:
        message = self.books.messages.get(message_id)
        story = self.stage.stories[message.checkout_id or ""]
        checkout = self.books.checkouts.get(story.checkout_id)
        story.replies += 1
        self.stage.keep(story)
        rng = self._dice(story, message)
        willing = story.attitude == "answers"
        if willing and self._follow_link(message):
            return
        chosen = self._choose(message, rng, willing) if message.choices else None
        if not willing:
            return
        if checkout.status == "open" or (story.fault == "abandoned_checkout" and self._unpaid(checkout)):
            self.come_back(story)
        elif (chosen is None or chosen.startswith("no")) and self._lacks_address(checkout):
            self.correct_address(story)

    def _follow_link(self, message: Message) -> bool:
        for link_id in LINK.findall(message.text):
            link = self.books.links.by_id.get(link_id)
            if link is None or link.checkout_id != message.checkout_id or link.status != "open":
                continue
            try:
                self.shop.gateway.pay_link(link_id)
            except Refusal:
                continue
            return True
        return False

    def _choose(self, message: Message, rng: Random, willing: bool) -> str:
        wanted = [choice for choice in message.choices if not choice["id"].startswith("no")]
        declined = [choice for choice in message.choices if choice["id"].startswith("no")]
        accepts = willing and rng.random() < self.shop.config.accept_share
        chosen = (wanted if accepts and wanted else declined or wanted)[0]
        self.reply(message, chosen["id"], None)
        return str(chosen["id"])

    def reply(self, message: Message, choice: str | None, text: str | None) -> Json:
        """The customer answers a message by a choice or in words."""
        data: Json = {
            "checkout_id": message.checkout_id,
            "customer_id": message.customer_id,
            "in_reply_to": message.dedupe_key,
            "choice": choice,
            "text": text,
        }
        present = {key: value for key, value in data.items() if value is not None}
        return self.books.emit("customer.replied", message.checkout_id, present)

    def correct_address(self, story: Story) -> Checkout:
        """The customer types the address again, this time in full."""
        return self.shop.checkouts.set_address(story.checkout_id, Address.model_validate(story.true_address or {}))

    def come_back(self, story: Story) -> None:
        """Goes on where the customer left: submits, and pays what is due."""
        self.scheduler.later(0, "come_back", checkout_id=story.checkout_id)

    def _come_back(self, checkout_id: str) -> None:
        checkout = self.books.checkouts.get(checkout_id)
        pace, gateway = self.shop.config.pace, self.shop.gateway
        if checkout.status == "open":
            window = self.books.clock.after(pace.payment_window * self.shop.config.time_scale)
            self.shop.checkouts.submit(checkout_id, window)
        due = checkout.total - gateway.tendered(checkout_id)
        if checkout.status == "submitted" and due > 0:
            gateway.capture(gateway.request(checkout, due).id)

    def _unpaid(self, checkout: Checkout) -> bool:
        return checkout.status == "submitted" and not self.shop.gateway.paid(checkout)

    def _lacks_address(self, checkout: Checkout) -> bool:
        if not checkout.ships or checkout.status in ("expired", "cancelled"):
            return False
        return not serviceability(checkout.shipping_address or Address())["deliverable"]

    def _dice(self, story: Story, message: Message) -> Random:
        return Random(f"{self.shop.config.seed}:{story.number}:{message.dedupe_key}")
