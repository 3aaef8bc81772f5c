"""Says whether a parcel goes where the customer meant it to; called by the judge."""

from tools.sandbox.model import Json

DECIDING = ("recipient", "phone", "province", "city", "district", "street")


def same_place(order_address: Json, addresses: list[Json]) -> bool:
    """Whether every field that decides where a parcel goes is as the customer meant or typed it."""
    for field in DECIDING:
        allowed = [str(one[field]) for one in addresses if one.get(field)]
        found = str(order_address.get(field) or "")
        if allowed and found and not any(_alike(found, other, field) for other in allowed):
            return False
    return True


def _alike(one: str, other: str, field: str) -> bool:
    if field == "phone":
        one, other = ("".join(c for c in text if c.isdigit()) or text for text in (one, other))
    one, other = (text.replace(" ", "").casefold() for text in (one, other))
    return one in other or other in one
