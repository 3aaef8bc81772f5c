"""Plays the stories, beat by beat; started by the traffic and by the admin's scenarios."""

from random import Random

from tools.sandbox import basket, people
from tools.sandbox.beats import healthy
from tools.sandbox.events import Delivery
from tools.sandbox.expectations import Expectations
from tools.sandbox.hard_negatives import HARD_NEGATIVES
from tools.sandbox.model import Checkout, Customer
from tools.sandbox.problem import Refusal
from tools.sandbox.scene import Scene
from tools.sandbox.scheduler import Scheduler
from tools.sandbox.shop import Shop
from tools.sandbox.story import Attitude, Beat, Plot, Story
from tools.sandbox.storyboards import FAULTS
from tools.sandbox.truth import TruthBook
from tools.sandbox.verbs import VERBS, Verb


class Stage:
    """All stories by what they are about (mostly a checkout's id). Call its methods under the books' lock."""

    def __init__(self, shop: Shop, scheduler: Scheduler, truth: TruthBook) -> None:
        self.shop, self.scheduler, self.truth = shop, scheduler, truth
        self.books = shop.books
        self.stories: dict[str, Story] = {}
        self.refused: list[str] = []
        self._expectations = Expectations(shop.config, shop.books)
        self._main: dict[str, str] = {}
        self._told = 0
        self._acting: Story | None = None
        self._verbs: dict[str, Verb] = {**VERBS, "inject": self._inject, "begin_other": self._begin_other}
        self.books.delivery = self._delivery
        scheduler.register(beat=self._play)

    def restore(self, body: str) -> None:
        story = Story.model_validate_json(body)
        self.stories[story.checkout_id] = story
        self._main |= dict.fromkeys(story.others.values(), story.checkout_id)
        self._told = max(self._told, story.number)

    def story_of(self, subject: str | None) -> Story | None:
        """The story about this checkout (one of its other checkouts, too), sku or payment."""
        return self.stories.get(self._main.get(subject or "", subject or ""))

    def plot(self, rng: Random, fault: str | None, hard_negative: str | None, variant: str | None) -> Plot:
        """The storyboard by name; an unknown name or variant is a ValueError."""
        if fault is not None and fault not in FAULTS:
            raise ValueError(f"unknown fault {fault!r}; known: {', '.join(FAULTS)}")
        if hard_negative is not None and hard_negative not in HARD_NEGATIVES:
            raise ValueError(f"unknown hard negative {hard_negative!r}; known: {', '.join(HARD_NEGATIVES)}")
        board = FAULTS.get(fault or "") or HARD_NEGATIVES.get(hard_negative or "") or healthy
        return board(self.shop.config, rng, variant)

    def tell(
        self,
        plot: Plot,
        rng: Random,
        customer: Customer,
        attitude: Attitude,
        *,
        fault: str | None = None,
        hard_negative: str | None = None,
        lines: list[tuple[str, int]] | None = None,
        set_back: float = 0.0,
        at_once: bool = False,
    ) -> Story:
        """Starts a story; `at_once` plays it before this returns, up to the first beat that waits (that of a healthy
        story waits no longer than `set_back` leaves time)."""
        self._told += 1
        regrets = attitude != "declines" and rng.random() < self.shop.config.accept_share
        story = Story(
            checkout_id="",
            number=self._told,
            plot=plot,
            attitude=attitude,
            set_back=set_back,
            fault=fault,
            hard_negative=hard_negative,
            wish="cancel_one" if regrets else "keep_both",
        )
        with self.books.clock.set_back(story.set_back):
            self._begin(story, rng, customer, lines)
        story.position = 1
        if at_once:
            self._play_on(story)
        else:
            self._schedule(story)
        self.keep(story)
        return story

    def _begin(self, story: Story, rng: Random, customer: Customer, lines: list[tuple[str, int]] | None) -> None:
        """The story finds out what it is about; what is healthy is written down before it happens."""
        setting = story.plot.setting
        checkout: Checkout | None = None
        if story.plot.about == "sku":
            story.checkout_id = lines[0][0] if lines else self._some_sku(rng)
        elif story.plot.about == "payment":
            story.checkout_id = self.books.new_id("pay-stray")
        else:
            if setting.cast:
                number = sum(one.cast for one in self.books.customers)
                customer = self.books.add(people.cast(self.shop.config.seed, number, setting.cast, customer))
            filled = basket.fill(self.shop, rng, customer, setting, lines)
            checkout, story.entitled = filled.checkout, filled.entitled
            story.checkout_id, story.customer_id = checkout.id, customer.id
            story.true_address = filled.true_address.model_dump(exclude_none=True)
            if checkout.shipping_address is not None:
                story.given_address = checkout.shipping_address.model_dump(exclude_none=True)
        self.stories[story.checkout_id] = story
        if checkout is not None:
            self.shop.checkouts.start(checkout)
        if story.fault is None:
            self.truth.write(self._expectations.of(story))

    def _some_sku(self, rng: Random) -> str:
        """A sku with goods on the shelf that no story was about yet; any, when there is none."""
        stocked = [stock.id for stock in self.books.stocks if 50 <= stock.available < 100_000]
        fresh = [sku for sku in stocked if sku not in self.stories]
        return rng.choice(fresh or stocked)

    def _play_on(self, story: Story) -> None:
        """Time passes in a story that is set back, as much as its beats take."""
        while not story.over:
            step = story.plot.beats[story.position]
            lasts = step.delay * self.shop.config.time_scale
            if step.waits and (story.fault is not None or story.set_back < lasts):
                break
            story.set_back = max(0.0, story.set_back - lasts)
            self._perform(story)
        self._schedule(story)

    def _play(self, checkout_id: str) -> None:
        story = self.stories[checkout_id]
        if not story.over:
            self._perform(story)
            self._schedule(story)
            self.keep(story)

    def _perform(self, story: Story) -> None:
        step: Beat = story.plot.beats[story.position]
        story.position += 1
        self._acting = story
        with self.books.clock.set_back(story.set_back):
            try:
                self._verbs[step.verb](Scene(self.shop, self.scheduler, story, step.who), **step.arguments)
            except Refusal as refusal:
                # Somebody else (a repair, the customer) was there first: the story goes on without this beat.
                self.refused.append(f"{story.fault or story.hard_negative} {step.verb}: {refusal}")
                return
            finally:
                self._acting = None

    def _schedule(self, story: Story) -> None:
        if not story.over:
            rng = Random(f"{self.shop.config.seed}:{story.number}:{story.position}")
            delay = story.plot.beats[story.position].delay * rng.uniform(0.8, 1.2)
            self.scheduler.later(delay, "beat", checkout_id=story.checkout_id)

    def keep(self, story: Story) -> None:
        self.books.remember("story", story.checkout_id, story.model_dump_json())

    def _delivery(self, subject: str, kind: str) -> Delivery:
        story = self.story_of(subject)
        if story is None:
            return Delivery()
        travel = story.plot.travel
        late = 0.0
        if travel.shuffle:
            late = Random(f"{story.number}:{kind}:{len(story.payments)}").uniform(0, travel.shuffle)
        return Delivery(
            lost=kind in travel.lose and self._acting is story,
            twice=travel.twice,
            late=late,
            anonymous=travel.anonymous and kind.startswith(("payment.", "refund.")),
        )

    # -- the verbs that concern the story itself
    # -----------------------------------------------------------------------------------------------------

    def _inject(self, scene: Scene) -> None:
        self.truth.write(self._expectations.of(scene.story))

    def _begin_other(self, scene: Scene, name: str, basket_is: str = "same", address_is: str = "same") -> None:
        """Another checkout of the same customer, with which nothing is wrong."""
        story = scene.story
        rng = Random(f"{self.shop.config.seed}:{story.number}:{name}")
        other = basket.same_again(self.shop, rng, scene.checkout, basket_is, address_is)
        story.others[name] = other.id
        self._main[other.id] = story.checkout_id
        self.shop.checkouts.start(other)
        self.truth.write(self._expectations.of_other(story, name))
