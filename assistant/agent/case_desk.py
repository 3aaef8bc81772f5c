"""CaseDesk: what the staff's conversation about one case works with; its tools can't reach beyond it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.agent.ports import CaseReader, HelpSearch, StaffDesk
from assistant.security.principals import Principal
from knowledge.library.library import Library


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """Bound to a case and to whoever asks. Without `actions` or `help_search` the tools that need them aren't there."""

    case_id: str
    principal: Principal
    reader: CaseReader
    library: Library
    actions: StaffDesk | None = None
    help_search: HelpSearch | None = None
