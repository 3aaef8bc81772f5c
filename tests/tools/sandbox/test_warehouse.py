"""Stock: all or nothing, and what is set aside always equals what the reservations say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tools.sandbox.config import Config
from tools.sandbox.crew import Crew
from tools.sandbox.harness import Running
from tools.sandbox.invariants import check_stock
from tools.sandbox.problem import Refusal
from tools.sandbox.traffic import Options

SKUS = ["CN-TEA-1", "CN-KETTLE-2", "CN-BACKPACK-6"]
DEEDS = st.tuples(
    st.sampled_from(["reserve", "release", "commit", "expire", "ship", "receive", "resync"]),
    st.sampled_from(SKUS),
    st.integers(1, 400),
)


def test_a_reservation_is_all_or_nothing(demo: Running) -> None:
    checkout_id = demo.scenario("abandoned_checkout")["checkout_id"]
    lines = [{"sku": SKUS[0], "quantity": 1}, {"sku": SKUS[2], "quantity": 1}]
    before = demo.shop.get("/stock", params={"sku": SKUS[0]}).json()
    refused = demo.write("/reservations", {"checkout_id": checkout_id, "lines": lines})
    assert (refused.status_code, refused.json()["code"], refused.json()["sku"]) == (
        409,
        "out_of_stock",
        SKUS[2],
    )
    assert demo.shop.get("/stock", params={"sku": SKUS[0]}).json() == before
    held = demo.write("/reservations", {"checkout_id": checkout_id, "lines": lines[:1]})
    assert held.status_code == 201
    assert [one["status"] for one in held.json()] == ["held"]
    released = demo.write(f"/reservations/{held.json()[0]['id']}/release")
    assert released.json()["status"] == "released"
    assert demo.write(f"/reservations/{held.json()[0]['id']}/release").json()["code"] == "already_released"
    assert demo.shop.get("/stock", params={"sku": SKUS[0]}).json() == before


def test_resync_sets_the_storefront_right(demo: Running) -> None:
    demo.admin.post("/_sandbox/stock", json={"sku": SKUS[1], "shop_listed": 9_999}).raise_for_status()
    assert demo.shop.get("/stock", params={"sku": SKUS[1]}).json()[0]["shop_listed"] == 9_999
    stock = demo.write(f"/stock/{SKUS[1]}/resync").json()
    assert stock["shop_listed"] == stock["available"]


def test_several_skus_in_one_call(demo: Running) -> None:
    answer = demo.shop.get("/stock", params=[("sku", SKUS[0]), ("sku", SKUS[2])]).json()
    assert [one["sku"] for one in answer] == [SKUS[0], SKUS[2]]
    assert answer[1]["available"] == 0


@settings(max_examples=25, deadline=None)
@given(deeds=st.lists(DEEDS, max_size=30))
def test_the_counters_always_agree_with_the_reservations(deeds: list[tuple[str, str, int]]) -> None:
    crew = Crew(Config(seed=1))
    checkout_id = crew.traffic.scenario("abandoned_checkout", None, Options()).checkout_id
    warehouse, reservations = crew.shop.warehouse, crew.books.reservations
    for deed, sku, quantity in deeds:
        mine = [one.id for one in reservations.of(checkout_id) if one.sku == sku]
        try:
            if deed == "reserve":
                warehouse.reserve(checkout_id, [(sku, quantity), (SKUS[0], 1)])
            elif deed == "ship":
                warehouse.ship(checkout_id)
            elif deed == "receive":
                warehouse.receive(sku, quantity)
            elif deed == "resync":
                warehouse.resync(sku)
            elif mine and deed == "expire" and reservations.get(mine[-1]).status == "held":
                warehouse.expire(mine[-1])
            elif mine and deed in ("release", "commit"):
                getattr(warehouse, deed)(mine[-1])
        except Refusal as refusal:
            assert refusal.status == 409
        assert list(check_stock(crew.state())) == []
