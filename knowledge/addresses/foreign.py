"""American, British, Australian and German addresses, split only where their form leaves no doubt; pure."""

from __future__ import annotations

import re

from knowledge.addresses.streets import Span

Parts = list[tuple[str, str, Span]]

_US_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|"
    "RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR"
)
_STREET = r"(?P<rest>[^,]*\d[^,]*(?:,[^,]*)*?|[^,]+(?:,[^,]*)*?)"
_CITY = r"(?P<city>[^\W\d](?:[^\W\d]|[ .'-])+)"
_FORMS: dict[str, re.Pattern[str]] = {
    "US": re.compile(
        rf"\s*{_STREET}\s*,\s*{_CITY}\s*,\s*(?P<province>{_US_STATES})\s+(?P<postcode>\d{{5}}(?:-\d{{4}})?)"
        r"(?:\s*,?\s*(?P<country>USA|U\.S\.A\.|United States(?: of America)?|US))?\s*"
    ),
    "GB": re.compile(
        rf"\s*{_STREET}\s*,\s*{_CITY}\s*,?\s+(?P<postcode>[A-Z]{{1,2}}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{{2}})"
        r"(?:\s*,?\s*(?P<country>UK|United Kingdom|England|Scotland|Wales|GB|Great Britain))?\s*"
    ),
    "AU": re.compile(
        rf"\s*{_STREET}\s*,\s*{_CITY}\s*,?\s+(?P<province>NSW|VIC|QLD|TAS|ACT)\s+(?P<postcode>\d{{4}})"
        r"(?:\s*,?\s*(?P<country>Australia|AU))?\s*"
    ),
    "DE": re.compile(
        rf"\s*{_STREET}\s*,\s*(?P<postcode>\d{{5}})\s+{_CITY}(?:\s*,?\s*(?P<country>Deutschland|Germany|DE))?\s*"
    ),
}
_NAMES = {"usa": "US", "united states": "US", "uk": "GB", "united kingdom": "GB", "australia": "AU", "germany": "DE",
          "deutschland": "DE"}  # fmt: skip


def parse_foreign(text: str, country: str | None = None) -> Parts:
    """`(part, value, span)` where exactly one country's form fits the whole text; otherwise nothing.

    A German form needs the country's name, stated here or in `country`: five digits before a city are no proof.
    """
    wanted = _NAMES.get((country or "").strip().casefold(), (country or "").strip().upper())
    fitting = [(code, found) for code, form in _FORMS.items() if (found := form.fullmatch(text))]
    fitting = [(code, found) for code, found in fitting if not wanted or code == wanted]
    if len(fitting) != 1:
        return []
    code, found = fitting[0]
    if code == "DE" and not wanted and not found["country"]:
        return []
    names = [name for name in ("rest", "city", "province", "postcode", "country") if found.groupdict().get(name)]
    parts = [(name, code if name == "country" else found[name].strip(), found.span(name)) for name in names]
    return parts if found["rest"].strip() else []
