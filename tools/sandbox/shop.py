"""The shop as a whole: its books and its rooms, stocked and peopled; built by the sandbox, used by API and
pipeline."""

from collections.abc import Callable
from datetime import timedelta

from tools.sandbox import catalogue, people
from tools.sandbox.books import Books
from tools.sandbox.checkouts import Checkouts
from tools.sandbox.clock import Clock, rfc3339
from tools.sandbox.config import Config
from tools.sandbox.gateway import Gateway
from tools.sandbox.journal import Journal
from tools.sandbox.marketing import Marketing
from tools.sandbox.model import Coupon, Message, Refund
from tools.sandbox.orders import Orders
from tools.sandbox.warehouse import Warehouse

WELCOME = "WELCOME10"


class Shop:
    """All rooms over one set of books. `on_refund` decides when a new refund settles (at once by default);
    `on_message` is told of every message that was sent for the first time, `on_note` of an order's every note."""

    def __init__(self, config: Config) -> None:
        self.config = config
        journal = Journal(config.state) if config.state else None
        self.books = Books(Clock(), config.run, journal)
        public_url = config.public_url or f"http://{config.host}:{config.port}"
        self.warehouse = Warehouse(self.books)
        self.gateway = Gateway(self.books, public_url)
        self.orders = Orders(self.books, self.gateway, self.warehouse)
        self.marketing = Marketing(self.books)
        self.checkouts = Checkouts(self.books, self.marketing)
        self.left_over = self.books.restore()
        self.on_refund: Callable[[Refund], None] = self._settle
        self.on_message: Callable[[Message], None] = lambda message: None
        self.on_note: Callable[[str], None] = lambda order_id: None
        if not self.books.products.by_id:
            self._open()

    def _open(self) -> None:
        products, stocks = catalogue.build()
        for product in products:
            self.books.add(product)
        restock = rfc3339(self.books.clock.now() + timedelta(days=3))
        for number, stock in enumerate(stocks):
            stock.restock_at = restock if stock.scarce and number % 4 == 1 else None
            self.books.add(stock)
        self.invite(self.config.crowd)
        self.books.add(Coupon(id=WELCOME, percent=10, reason="welcome", reusable=True))

    def invite(self, count: int) -> None:
        """Makes sure that so many customers shop here, those invented for a story not counted."""
        known = sum(not customer.cast for customer in self.books.customers)
        for number in range(known, count):
            self.books.add(people.invent(self.config.seed, number))

    def _settle(self, refund: Refund) -> None:
        self.gateway.settle(refund.id, True)
