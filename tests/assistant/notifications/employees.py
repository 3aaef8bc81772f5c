"""Members of staff for tests of who is told what."""

from __future__ import annotations

from typing import Any

from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables_people import staff
from tests.assistant.conftest import NOW

NIGHT = [{"days": [0, 1, 2, 3, 4, 5, 6], "start": "22:00", "end": "23:00"}]  # UTC; NOW is 08:00


def employ(
    store: Store, staff_id: str, role: str = "agent", *, vault: Vault | None = None,
    contact: dict[str, Any] | None = None, **more: Any,
) -> str:  # fmt: skip
    """Adds one, always on shift unless said otherwise; `contact` goes into the vault."""
    row = {
        "id": staff_id, "name": staff_id.title(), "role": role, "languages": ["en", "zh-CN"], "skills": ["*"],
        "time_zone": "UTC", "shifts": [], "capacity": 10, "away": False, "active": True, "reads": "en",
        "contact_ref": None, "key_id": None, "last_assigned_at": None, "created_at": NOW, "updated_at": NOW,
        "version": 1,
    }  # fmt: skip
    with store.begin() as tx:
        if vault is not None and contact is not None:
            row["contact_ref"] = vault.put(tx, f"s:{staff_id}", "contact", contact, NOW)
        tx.execute(staff.insert().values(**{**row, **more}))
    return staff_id
