"""The warehouse: what is on the shelves and for whom it is set aside; called by the API, the orders and the
pipeline."""

from tools.sandbox.books import Books
from tools.sandbox.model import Json, Reservation, Stock
from tools.sandbox.problem import forbidden, invalid

REFILL_BELOW, REFILL_BY = 300, 700


class Warehouse:
    def __init__(self, books: Books) -> None:
        self.books = books

    def reserve(
        self, checkout_id: str, wanted: list[tuple[str, int]], expires_at: str | None = None
    ) -> list[Reservation]:
        """Holds all of `wanted` (sku, quantity) or nothing; 409 `out_of_stock` names the first sku that
        lacks."""
        checkout = self.books.checkouts.get(checkout_id)
        if checkout.status in ("expired", "cancelled"):
            raise forbidden("checkout_expired", f"{checkout_id} is {checkout.status}")
        total: dict[str, int] = {}
        for sku, quantity in wanted:
            total[sku] = total.get(sku, 0) + quantity
        for sku, quantity in total.items():
            if sku not in self.books.stocks:
                raise invalid("unknown_sku", sku, sku=sku)
            if self.books.stocks.get(sku).available < quantity:
                raise forbidden("out_of_stock", f"{sku}: {quantity} wanted", sku=sku)
        until = expires_at if self.books.orders.of(checkout_id) == [] else None
        return [self._hold(checkout_id, sku, quantity, until) for sku, quantity in wanted]

    def _hold(self, checkout_id: str, sku: str, quantity: int, expires_at: str | None) -> Reservation:
        stock = self.books.stocks.get(sku)
        stock.reserved += quantity
        self._sync(stock)
        held = Reservation(
            id=self.books.new_id("res"),
            checkout_id=checkout_id,
            sku=sku,
            quantity=quantity,
            expires_at=expires_at,
        )
        self.books.add(held)
        self._tell("inventory.reserved", held)
        return held

    def release(self, reservation_id: str, reason: str | None = None) -> Reservation:
        """Gives held or committed, not yet shipped stock back."""
        held = self.books.reservations.get(reservation_id)
        if held.shipped:
            raise forbidden("already_shipped", reservation_id)
        if held.status not in ("held", "committed"):
            raise forbidden(f"already_{held.status}", reservation_id)
        return self._give_back(held, "released", reason)

    def expire(self, reservation_id: str) -> Reservation:
        return self._give_back(self.books.reservations.get(reservation_id), "expired", "hold expired")

    def _give_back(self, held: Reservation, status: str, reason: str | None) -> Reservation:
        stock = self.books.stocks.get(held.sku)
        stock.reserved -= held.quantity
        self._sync(stock)
        held.status = "expired" if status == "expired" else "released"
        self.books.touch(held)
        self._tell(f"inventory.{status}", held, reason)
        return held

    def commit(self, reservation_id: str) -> Reservation:
        held = self.books.reservations.get(reservation_id)
        if held.status != "held":
            raise forbidden(f"already_{held.status}", reservation_id)
        held.status, held.expires_at = "committed", None
        self.books.touch(held)
        self._tell("inventory.committed", held)
        return held

    def ship(self, checkout_id: str) -> None:
        """What is committed for the checkout leaves the house."""
        for held in self.books.reservations.of(checkout_id):
            if held.status == "committed" and not held.shipped:
                stock = self.books.stocks.get(held.sku)
                stock.on_hand -= held.quantity
                stock.reserved -= held.quantity
                stock.shipped += held.quantity
                self._sync(stock)
                held.shipped = True
                self.books.touch(held)
                if not stock.scarce and stock.on_hand < REFILL_BELOW:
                    self.receive(stock.id, REFILL_BY)

    def receive(self, sku: str, quantity: int) -> Stock:
        """Goods come in (a negative quantity: were found missing)."""
        stock = self.books.stocks.get(sku)
        stock.on_hand += quantity
        stock.received += quantity
        self._sync(stock)
        self.level(stock)
        return stock

    def resync(self, sku: str) -> Stock:
        """The storefront's figure is set to the inventory system's."""
        stock = self.books.stocks.get(sku)
        stock.drifted, stock.shop_listed = False, max(0, stock.available)
        self.books.touch(stock)
        self.level(stock)
        return stock

    def drift(self, sku: str, shop_listed: int) -> Stock:
        """The storefront goes on showing a wrong figure until the next resync."""
        stock = self.books.stocks.get(sku)
        stock.drifted, stock.shop_listed = True, shop_listed
        self.books.touch(stock)
        return stock

    def covered(self, checkout_id: str) -> dict[str, int]:
        """Quantity per sku that is held, committed or already shipped for the checkout."""
        have: dict[str, int] = {}
        for held in self.books.reservations.of(checkout_id):
            if held.status in ("held", "committed"):
                have[held.sku] = have.get(held.sku, 0) + held.quantity
        return have

    def level(self, stock: Stock) -> None:
        figures = {"on_hand": stock.on_hand, "available": stock.available, "shop_listed": stock.shop_listed}
        self.books.emit("inventory.level", stock.id, {"sku": stock.id, **figures})

    def _sync(self, stock: Stock) -> None:
        if not stock.drifted:
            stock.shop_listed = max(0, stock.available)
        self.books.touch(stock)

    def _tell(self, kind: str, held: Reservation, reason: str | None = None) -> None:
        data: Json = {
            "checkout_id": held.checkout_id,
            "reservation_id": held.id,
            "lines": [{"sku": held.sku, "quantity": held.quantity}],
        }
        self.books.emit(kind, held.checkout_id, data | ({"reason": reason} if reason else {}))
