"""The carriers that the settings ask for, and errors that name the setting that is wrong."""

from __future__ import annotations

import pytest

from tools.connectors.carrier import Letter
from tools.connectors.carriers import build_carriers

SMTP, FROM = "smtp://u:geheim@mail.example", "Shop <service@shop.example>"
SMS = "http://kannel.example:13013/cgi-bin/sendsms?username=u&password=geheim&country=86"


def test_only_what_is_set_is_built() -> None:
    assert build_carriers("", "", "", "", "", b"") == []
    both = build_carriers(SMTP, FROM, SMS, "10690000", "https://care.example", b"secret")
    assert [(c.channel, c.name) for c in both] == [("email", "smtp"), ("sms", "sms")]
    letter = Letter("k", "", "", "en")
    refs = [carrier.provider_ref(letter) for carrier in both]
    assert refs == [c.provider_ref(letter) for c in build_carriers(SMTP, FROM, SMS, "", "", b"")]


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        (("smtp:/geheim", FROM, "", "", "", b""), "smtp_url"),
        ((SMTP, "", "", "", "", b""), "smtp_from"),
        ((SMTP, "nobody", "", "", "", b""), "smtp_from"),
        (("", "", "geheim", "", "", b""), "sms_url"),
        (("", "", SMS, "a name that is too long", "", b""), "sms_from"),
        (("", "", SMS, "", "care.example", b"s"), "public_url"),
        (("", "", SMS, "", "https://care.example/?a", b"s"), "public_url"),
        (("", "", SMS, "", "https://care.example", b""), "sms_url"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    given: tuple[str, str, str, str, str, bytes], setting: str
) -> None:  # fmt: skip
    with pytest.raises(ValueError, match=f"^{setting}: ") as raised:
        build_carriers(*given)
    assert "geheim" not in str(raised.value)
