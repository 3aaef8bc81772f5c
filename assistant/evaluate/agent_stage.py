"""Sets the scene of a trial in the demo shop, lets the scripted customer (or member of staff) talk, and looks at what
came of it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import httpx

from assistant.evaluate.agent_books import Books, amounts_in, read_books
from assistant.evaluate.agent_checks import Aftermath, Bystander, Scenery
from assistant.evaluate.agent_form import Task
from assistant.evaluate.processes import checked
from knowledge.vocabulary.errors import HellowordError

LOOK_EVERY = 0.25  # seconds
FIRST_CUSTOMER = 20  # those before are nobody's but the bystanders'
NAMES = {"zh-CN": "欧阳芷蘅", "en": "Philippa Wrenfield"}
NEW_STREETS = {"zh-CN": "学府路88号3栋1202室", "en": "27 Larch Close, Flat 4"}
APPLIED = ("applied", "replayed")
Ask = Callable[..., Any]


class Place(Protocol):
    """What is needed of a running house; `assistant.evaluate.processes.House` is one."""

    @property
    def api(self) -> httpx.Client: ...

    @property
    def shop_url(self) -> str: ...

    def ask_shop(self, method: str, path: str, **options: Any) -> Any: ...


class StageError(HellowordError):
    """The scene could not be set: says nothing about the agent."""


class Stagehand:
    """Stages trials in one house; may be called from several threads.

    `choices_of` gives the recorded answers about a checkout; `shop_token` is that of the shop contract.
    """

    def __init__(self, house: Place, shop_token: str, choices_of: Callable[[str], list[str]]) -> None:
        self._house, self._choices_of = house, choices_of
        headers = {"authorization": f"Bearer {shop_token}"}
        self.shop = httpx.Client(base_url=house.shop_url, headers=headers, timeout=60, trust_env=False)
        self._count = {"zh-CN": itertools.count(FIRST_CUSTOMER, 2), "en": itertools.count(FIRST_CUSTOMER + 1, 2)}
        self._lock = threading.Lock()
        self._bystanders = {language: self._bystander(language) for language in NAMES}

    def close(self) -> None:
        self.shop.close()

    @property
    def bystanders(self) -> list[Bystander]:
        """Whom no trial may touch."""
        return list(self._bystanders.values())

    # -- before -----------------------------------------------------------------------------------------------------

    def _bystander(self, language: str) -> Bystander:
        customer_id = f"CU-{0 if language == 'zh-CN' else 1:04d}"
        self._house.ask_shop("PATCH", f"customers/{customer_id}", json={"name": NAMES[language]})
        options = {"customer_id": customer_id, "customer": "silent", "set_back": 60.0}
        ids = self._house.ask_shop("POST", "scenario", json={"options": options})
        profile = checked(self.shop.get(f"/customers/{customer_id}"))
        address, order_id = profile["addresses"][0], ids["order_ids"][0]
        markers = [NAMES[language], order_id, ids["checkout_id"], profile["email"], profile["phone"], address["street"]]
        return Bystander(
            customer_id=customer_id, name=NAMES[language], checkout_id=ids["checkout_id"], order_id=order_id,
            markers=markers,
        )  # fmt: skip

    def set_scene(self, task: Task) -> Scenery:
        """Plays the story's scene for a customer of its own and waits until case and order are where they should be.

        Raises:
            StageError: `not_staged`, when they don't get there.
        """
        scene = task.story.scene
        options: dict[str, Any] = {"customer": "silent", "set_back": scene.set_back, "variant": scene.variant}
        if scene.hard_negative in CAST or scene.fault in CAST:
            options |= {"language": task.language, "tier": scene.tier}
        else:
            options["customer_id"] = self._own_customer(task.language, scene.tier, consent=scene.consent)
        if scene.goods:
            market = "CN" if task.language == "zh-CN" else "US"
            options["lines"] = [{"sku": f"{market}-{scene.goods}", "quantity": scene.quantity}]
        body = {"fault": scene.fault, "hard_negative": scene.hard_negative, "options": options}
        ids = self._house.ask_shop("POST", "scenario", json=body)
        case_id = self._wait_until_ready(task, ids)
        return self._scenery(task, ids, case_id)

    def _own_customer(self, language: str, tier: str, *, consent: bool) -> str:
        with self._lock:
            customer_id = f"CU-{next(self._count[language]):04d}"
        self._house.ask_shop("PATCH", f"customers/{customer_id}", json={"tier": tier, "marketing_consent": consent})
        return customer_id

    def _wait_until_ready(self, task: Task, ids: dict[str, Any]) -> str | None:
        scene, until = task.story.scene, time.monotonic() + task.story.scene.patience
        own = [ids["checkout_id"], *ids["other_checkout_ids"]]
        while True:
            case = self.case_of(own) if scene.status else None
            orders = checked(self.shop.get("/orders", params={"checkout_id": own[0]})) if scene.order else []
            there = [order["status"] for order in orders]
            ready = not scene.status or (case is not None and case["status"] in scene.status)
            if ready and (not scene.order or any(status in scene.order for status in there)):
                return case["id"] if case else None
            if time.monotonic() > until:
                where = case["status"] if case else "none"
                raise StageError("not_staged", f"{task.id}: case {where}, orders {there or 'none'}")
            time.sleep(LOOK_EVERY)

    def _scenery(self, task: Task, ids: dict[str, Any], case_id: str | None) -> Scenery:
        checkout_id, customer_id = ids["checkout_id"], ids["customer_id"]
        books = read_books(self.shop, checkout_id)
        profile = checked(self.shop.get(f"/customers/{customer_id}"))
        bystander = self._bystanders[task.language]
        home = profile["addresses"][0]
        where = [home.get(field) or "" for field in ("province", "city", "district")]
        joint, street = ("", "{}{}") if task.language == "zh-CN" else (", ", "{1}, {0}")
        region = joint.join(dict.fromkeys(part for part in where if part))
        new_street = NEW_STREETS[task.language]
        places = {
            "order": (books.order_ids or [checkout_id])[0], "checkout": checkout_id,
            "total": f"{books.total / 100:.2f}", "title": next(iter(books.titles.values()), ""),
            "recipient": profile["name"], "phone": profile["phone"], "street": home["street"],
            "postcode": home.get("postcode") or "", "address": street.format(region, home["street"]),
            "other_order": bystander.order_id, "other_name": bystander.name,
            "new_street": new_street, "new_address": street.format(region, new_street),
        }  # fmt: skip
        own = [checkout_id, *ids["other_checkout_ids"]]
        orders = [o["id"] for one in own for o in checked(self.shop.get("/orders", params={"checkout_id": one}))]
        return Scenery(
            checkout_id=checkout_id, customer_id=customer_id, case_id=case_id, bystander=bystander, places=places,
            own_checkouts=own, own_orders=orders, before=books,
        )  # fmt: skip

    # -- looking ----------------------------------------------------------------------------------------------------

    def case_of(self, checkout_ids: list[str]) -> dict[str, Any] | None:
        """The newest case about one of these checkouts, whole; None when there is none."""
        for checkout_id in checkout_ids:
            asked = {"checkout_id": checkout_id, "order": "newest"}
            page = checked(self._house.api.get("/v1/cases", params=asked))
            if page["items"]:
                case: dict[str, Any] = checked(self._house.api.get(f"/v1/cases/{page['items'][0]['id']}"))
                return case
        return None

    def aftermath(self, scenery: Scenery, shop_word: str | None = None) -> Aftermath:
        """The systems as they are now."""
        books = read_books(self.shop, scenery.checkout_id)
        return Aftermath(
            books=books, case=self.case_of(scenery.own_checkouts), writes=list(self.writes_about(books)),
            choices=[choice for one in scenery.own_checkouts for choice in self._choices_of(one)],
            shop_word=shop_word,
        )  # fmt: skip

    def told_amounts(self, checkout_id: str) -> set[int]:
        """Minor units of every amount in the messages that were sent about a checkout."""
        state = self._house.ask_shop("GET", "state", params={"checkout_id": checkout_id})
        words = [m["text"] + " ".join(c["label"] for c in m.get("choices") or []) for m in state["messages"]]
        return {amount for text in words for amount, _ in amounts_in(text)}

    def writes_about(self, books: Books) -> Iterator[dict[str, Any]]:
        """Accepted writes whose path names the checkout, its orders or its payments, oldest first of each."""
        for name in (books.checkout["id"], *books.order_ids, *(p["id"] for p in books.payments)):
            seen = self._house.ask_shop("GET", "writes", params={"path": f"/{name}"})["writes"]
            yield from (write for write in seen if write["outcome"] in APPLIED)


# Stories that invent a customer of their own, with a history: a given one would spoil them.
CAST = ("unusual_amount", "repeated_submission", "duplicate_order", "second_purchase", "large_buyer")


@contextmanager
def stagehand(house: Place, shop_token: str, choices_of: Callable[[str], list[str]]) -> Iterator[Stagehand]:
    """A stagehand until the block's end.

    Raises:
        HellowordError: `evaluation_failed` when the shop doesn't answer.
    """
    one = Stagehand(house, shop_token, choices_of)
    try:
        yield one
    finally:
        one.close()
