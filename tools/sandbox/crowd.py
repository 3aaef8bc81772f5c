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
WORDS = {
    ("zh-CN", True): "好的，就这样办吧。",
    ("en", True): "Yes please, go ahead.",
    ("zh-CN", False): "不用了，谢谢。",
    ("en", False): "No, thank you.",
}
LEFT_UNPAID = ("abandoned_checkout", "repeated_submission", "payment_failed")  # a reminder brings them back
MONEY_BACK = ("no_refund", "no_cancel")  # of what declines, what an unwilling customer prefers
BOTH = {"cancel_one", "keep_both"}
RATED = {"rate:1", "rate:5"}


class Crowd:
    """Every sent message is read once; what follows depends on the story's attitude and is fixed by the
    seed."""

    def __init__(self, shop: Shop, scheduler: Scheduler, stage: Stage) -> None:
        self.shop, self.scheduler, self.stage = shop, scheduler, stage
        self.books = shop.books
        scheduler.register(read=self._read, come_back=self._come_back)

    def hear(self, message: Message) -> None:
        """A message was sent for the first time; the answer (if any) comes after the reply delay."""
        story = self.stage.story_of(message.checkout_id)
        if story is not None and story.attitude != "silent":
            rng = self._dice(story, message)
            delay = self.shop.config.reply_delay * rng.uniform(0.5, 1.5)
            self.scheduler.later(delay, "read", message_id=message.id)

    def _read(self, message_id: str) -> None:
        message = self.books.messages.get(message_id)
        story = self.stage.story_of(message.checkout_id)
        if story is None:
            return
        checkout = self.books.checkouts.get(message.checkout_id or "")
        story.replies += 1
        self.stage.keep(story)
        rng = self._dice(story, message)
        if story.attitude == "words":
            self._say(message, rng.random() < self.shop.config.accept_share)
            return
        willing = story.attitude == "answers"
        if willing and self._follow_link(message):
            return
        chosen = self._choose(story, message, rng, willing) if message.choices else None
        if not willing:
            return
        declined = chosen is not None and chosen.startswith("no")
        left = checkout.status == "open" or (story.fault in LEFT_UNPAID and self._unpaid(checkout))
        if left and not declined:
            self.come_back(story)
        elif (chosen is None or declined) and chosen not in MONEY_BACK and self._lacks_address(checkout):
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

    def _choose(self, story: Story, message: Message, rng: Random, willing: bool) -> str:
        """One of the choices by its id: of two orders what the story wishes, an address that is offered (it is the one
        of old, which is right), how it was (good or bad), else the first of what is offered or of what declines."""
        offered = [choice["id"] for choice in message.choices]
        chosen: str
        wanted = [choice for choice in offered if not choice.startswith("no")]
        declined = [choice for choice in offered if choice.startswith("no")]
        accepts = willing and rng.random() < self.shop.config.accept_share
        if set(offered) >= BOTH:
            chosen = story.wish if willing else "keep_both"
        elif set(offered) >= RATED:
            chosen = "rate:5" if accepts else "rate:2"
        elif "use_address" in wanted and willing:
            chosen = "use_address"
        elif not willing and set(declined) & set(MONEY_BACK):
            chosen = next(choice for choice in declined if choice in MONEY_BACK)
        else:
            chosen = (wanted if accepts and wanted else declined or wanted)[0]
        self.reply(message, chosen, None)
        return chosen

    def _say(self, message: Message, yes: bool) -> None:
        """An answer in words, without pressing anything."""
        self.reply(message, None, WORDS[message.language, yes])

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
