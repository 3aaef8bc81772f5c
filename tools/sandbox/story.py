"""A story: what will happen to one checkout (or one sku, or one payment that nobody knows), as a list of beats;
written by the storyboards, played by the stage."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from tools.sandbox.model import Json

Attitude = Literal["answers", "declines", "silent", "words"]
Kind = Literal["checkout", "sku", "payment"]
Cast = Literal["frequent", "large_buyer"]


class Beat(BaseModel):
    """One thing that happens `delay` natural seconds after the one before; `waits` even in an instant
    story. `who` names another checkout of the same story, else it is about the story's own."""

    verb: str
    delay: float = 0.0
    arguments: dict[str, Any] = Field(default_factory=dict)
    waits: bool = False
    who: str = ""


class Setting(BaseModel):
    """How the customer, the basket, the address and the prices of the checkout differ from the ordinary.

    `cast` is somebody new, invented for this story; `times_usual` buys so many times what they usually spend;
    `abroad` buys in the other market's currency; `slip` and `coupon` name what is wrong (or odd) about them.
    """

    cast: Cast | None = None
    scarce: Literal["whole", "part"] | None = None
    digital: bool = False
    many: bool = False
    times_usual: float = 0.0
    abroad: bool = False
    address_lacks: list[str] = Field(default_factory=list)
    text_only: bool = False
    slip: str | None = None
    cart_differs: float = 0.0
    free: bool = False
    rounding: int = 0
    physical: bool = False
    coupon: bool | str | None = None
    guest: bool = False


class Travel(BaseModel):
    """How the story's events travel to the assistant."""

    lose: list[str] = Field(default_factory=list)
    twice: bool = False
    shuffle: float = 0.0
    anonymous: bool = False


class Plot(BaseModel):
    """What a fault or hard negative means: its beats, its setting, and what may come of it.

    `acceptable` are end states that are well by themselves, `with_owner` those that are if a named human has the
    case. `human_only`: no machine may settle it. `needs_customer`: not without the customer's doing or consent.
    `ships_after` are natural seconds; `forgets` is the step that the shop's own people don't take by themselves.
    """

    about: Kind = "checkout"
    beats: list[Beat]
    setting: Setting = Setting()
    travel: Travel = Travel()
    variant: str = ""
    acceptable: list[str] = Field(default_factory=list)
    with_owner: list[str] = Field(default_factory=list)
    machine_repairable: bool = True
    human_only: bool = False
    needs_customer: bool = False
    webhook_lost: bool = False
    stuck_hold: bool = False
    ships_by_itself: bool = True
    ships_after: float | None = None
    forgets: Literal["confirm", "ship"] | None = None


class Story(BaseModel):
    """A plot with its checkout and how far it got.

    `checkout_id` is what the story is about (the sku or the payment where it is about one), `others` the story's
    further checkouts by name, `payments` those it made by name. `entitled` is the discount in minor units that the
    customer may count on, `wish` what a customer who pressed twice wants, `stake` the money in minor units that a
    repair would move.
    """

    checkout_id: str
    number: int
    fault: str | None = None
    hard_negative: str | None = None
    plot: Plot
    attitude: Attitude = "answers"
    position: int = 0
    set_back: float = 0.0
    customer_id: str | None = None
    true_address: Json | None = None
    given_address: Json | None = None
    entitled: int = 0
    stake: int = 0
    wish: Literal["cancel_one", "keep_both"] = "cancel_one"
    others: dict[str, str] = Field(default_factory=dict)
    payments: dict[str, str] = Field(default_factory=dict)
    replies: int = 0

    @property
    def over(self) -> bool:
        return self.position >= len(self.plot.beats)
