"""What we can change outside: every write verb as data, found by its name; repair is their only performer."""

from __future__ import annotations

from typing import Any

from tools.actions import checkouts, coupons, inventory, messages, orders, payments
from tools.actions.action import Action

_FAMILIES = (orders, checkouts, payments, inventory, coupons, messages)

ACTIONS: dict[str, Action[Any]] = {action.name: action for family in _FAMILIES for action in family.ACTIONS}

__all__ = ["ACTIONS", "Action"]
