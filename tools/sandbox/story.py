"""A story: what will happen to one checkout, as a list of beats; written by the storyboards, played by the
stage."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from tools.sandbox.model import Json

Attitude = Literal["answers", "declines", "silent"]


class Beat(BaseModel):
    """One thing that happens `delay` natural seconds after the one before; `waits` even in an instant
    story."""

    verb: str
    delay: float = 0.0
    arguments: dict[str, Any] = Field(default_factory=dict)
    waits: bool = False


class Setting(BaseModel):
    """How the basket, the address and the prices of the checkout differ from the ordinary."""

    scarce: Literal["whole", "part"] | None = None
    digital: bool = False
    address_lacks: list[str] = Field(default_factory=list)
    text_only: bool = False
    cart_differs: float = 0.0
    free: bool = False
    rounding: int = 0
    physical: bool = False
    coupon: bool | None = None
    guest: bool = False


class Travel(BaseModel):
    """How the story's events travel to the assistant."""

    lose: list[str] = Field(default_factory=list)
    twice: bool = False
    shuffle: float = 0.0
    anonymous: bool = False


class Plot(BaseModel):
    """What a fault or hard negative means: its beats, its setting, and what may come of it."""

    beats: list[Beat]
    setting: Setting = Setting()
    travel: Travel = Travel()
    variant: str = ""
    acceptable: list[str] = Field(default_factory=list)
    machine_repairable: bool = True
    webhook_lost: bool = False
    stuck_hold: bool = False
    ships_by_itself: bool = True


class Story(BaseModel):
    """A plot with its checkout and how far it got; `facts` names the payments it made."""

    checkout_id: str
    number: int
    fault: str | None = None
    hard_negative: str | None = None
    plot: Plot
    attitude: Attitude = "answers"
    position: int = 0
    set_back: float = 0.0
    true_address: Json | None = None
    payments: dict[str, str] = Field(default_factory=dict)
    replies: int = 0

    @property
    def over(self) -> bool:
        return self.position >= len(self.plot.beats)
