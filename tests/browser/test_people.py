"""What people see of people: notices as they come in, whose a case is, its promise of time, what the customer heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import KEY, Desk, a_case, a_notice, at, evidence, served
from tests.support.browser import opened_page

pytestmark = pytest.mark.browser
expect.set_options(timeout=8000)

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
BEA = {"kind": "person", "id": "bea", "name": "Bea Long"}
EVIL = '<img src=x onerror="document.title=\'owned\'">'


@pytest.fixture
def desk() -> Iterator[Desk]:
    """The page in demo mode: it is signed in by itself."""
    with served(KEY) as one:
        yield one


def opened(page: Page, desk: Desk, where: str = "") -> None:
    """The page, once it follows the inbox."""
    page.goto(f"{desk.base_url}/{where}")
    expect(page.locator("#bell")).to_be_visible()


def handed(**changes: Any) -> dict[str, Any]:
    """Bea's case, with everything that it knows of people."""
    level = {
        "promise": "acted_and_told", "since": at(-20), "due_at": at(40), "measured_seconds": 20.0,
        "left_seconds": 40.0, "waited_seconds": 0.0, "met": None, "missed": False, "at_risk": False, "paused": False,
        "counts": True,
    }  # fmt: skip
    why: dict[str, Any] = {
        "staff_id": "bea", "why": "Bea knows this fault.", "terms": {}, "at": at(-9), "accepted_at": None,
    }  # fmt: skip
    return a_case(status="handed_off", owner=BEA, assignment=why, service_level=level, **changes)


def message(**changes: Any) -> dict[str, Any]:
    told = {
        "occasion": "out_of_stock:tea", "channel": "sms", "via": "sms", "state": "delivered", "at": at(-60),
        "delivered_at": at(-50), "failure": None, "replied_at": None, "choice": None,
    }  # fmt: skip
    return told | changes


def test_a_notice_appears_by_itself_and_leads_to_its_case(browser_page: Page, desk: Desk) -> None:
    desk.put(a_case())
    desk.tell(a_notice(1, read_at=at()))
    opened(browser_page, desk)
    count, rows = browser_page.locator("#bell-count"), browser_page.locator("#notices li")
    expect(count).to_be_hidden()
    browser_page.evaluate("window.sameDocument = true")
    desk.tell(a_notice(2, text="Order o2 is broken."))
    expect(count).to_have_text("1")
    expect(browser_page.get_by_role("button", name="Notices, 1 unread")).to_be_visible()
    expect(browser_page.locator("#toast")).to_contain_text("Order o2 is broken.")
    browser_page.locator("#bell").click()
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(re.compile("High-severity case.*Order o2 is broken.*unread", re.DOTALL))
    desk.tell(a_notice(3, kind="assigned", text="This one is yours.", sends=[
        {"channel": "email", "state": "accepted", "at": at(), "failure": None},
        {"channel": "chat", "state": "unconfirmed", "at": at(), "failure": None},
    ]))  # fmt: skip
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("E-mail: sent · Chat: unknown, not sent again")
    rows.nth(0).locator("a").click()
    expect(browser_page.locator("#case h2")).to_have_text("Paid, but no order")
    expect(browser_page.locator("#inbox")).to_be_hidden()
    expect(count).to_have_text("1")
    assert [n["seq"] for n in desk.notices if n["read_at"]] == [1, 3]
    assert browser_page.evaluate("window.sameDocument"), "the page was loaded anew"


def test_all_is_read_at_once_and_older_ones_are_fetched(browser_page: Page, desk: Desk) -> None:
    desk.tell(*(a_notice(n) for n in range(1, 41)))
    opened(browser_page, desk)
    expect(browser_page.locator("#bell-count")).to_have_text("40")
    browser_page.locator("#bell").click()
    expect(browser_page.locator("#notices li")).to_have_count(30)
    browser_page.get_by_role("button", name="Older notices").click()
    expect(browser_page.locator("#notices li")).to_have_count(40)
    browser_page.get_by_role("button", name="Mark all as read").click()
    expect(browser_page.locator("#bell-count")).to_be_hidden()
    expect(browser_page.locator("#notices .unread")).to_have_count(0)
    browser_page.keyboard.press("Escape")
    expect(browser_page.locator("#inbox")).to_be_hidden()
    assert browser_page.evaluate("document.activeElement.id") == "bell"
    assert all(n["read_at"] for n in desk.notices)


def test_a_stream_that_is_cut_is_taken_up_again_without_a_second_copy(browser_page: Page, desk: Desk) -> None:
    desk.tell(a_notice(1))
    opened(browser_page, desk)
    expect(browser_page.locator("#bell-count")).to_have_text("1")
    while not desk.streams:  # the list is shown a moment before the stream is open
        browser_page.wait_for_timeout(20)
    desk.cut = True
    desk.tell(a_notice(2))
    expect(browser_page.locator("#bell-count")).to_have_text("2")
    desk.tell(a_notice(3))
    expect(browser_page.locator("#bell-count")).to_have_text("3")
    browser_page.locator("#bell").click()
    expect(browser_page.locator("#notices li")).to_have_count(3)
    assert desk.streams >= 2


def test_an_assistant_without_notices_has_no_bell_and_all_else(browser_page: Page, desk: Desk) -> None:
    browser_page.route("**/v1/notices**", lambda route: route.fulfill(status=404, json={"code": "not_found"}))
    older = a_case(promises=[message()])
    del older["messages"]
    desk.put(older)
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    expect(browser_page.locator("#case")).to_contain_text("What the customer was told")
    expect(browser_page.locator("#case .level")).to_be_hidden()
    expect(browser_page.locator("#bell")).to_be_hidden()


def test_a_case_says_whose_it_is_and_why_and_goes_back_or_on(browser_page: Page, desk: Desk) -> None:
    desk.put(handed())
    opened(browser_page, desk, "#case=case_1")
    now = browser_page.locator("#case .now")
    expect(now).to_contain_text(re.compile("Bea Long has it.*Bea knows this fault.*not taken up yet", re.DOTALL))
    browser_page.get_by_role("button", name="Hand to a person…").click()
    browser_page.get_by_label("A word for whoever takes over").fill("Please call the shop")
    browser_page.get_by_role("button", name="Hand over").click()
    expect(browser_page.locator(".notice")).to_contain_text("Handed over")
    expect(now).to_contain_text("anyone of “Service team” can take it")
    expect(browser_page.get_by_role("button", name="Hand to a person…")).to_have_count(0)
    browser_page.get_by_role("button", name="Take it over").click()
    expect(now).to_contain_text("Li Wei has it")
    browser_page.get_by_role("button", name="Give it back").click()
    expect(now).to_contain_text("The assistant is working on it")
    browser_page.get_by_role("button", name="Hand to a person…").click()
    browser_page.get_by_role("button", name="Hand over").click()
    expect(now).to_contain_text("anyone of")
    assert desk.acts == [
        ("case_1", "handoff", {"note": "Please call the shop"}), ("case_1", "claim", {}), ("case_1", "release", {}),
        ("case_1", "handoff", {}),
    ]  # fmt: skip


def test_the_promise_of_time_ticks_stands_still_and_is_settled(browser_page: Page, desk: Desk) -> None:
    one = handed()
    desk.put(one)
    opened(browser_page, desk, "#case=case_1")
    level = browser_page.locator("#case .level")
    expect(level).to_have_text(re.compile(r"First action taken and people told.*due in 3\d s"))
    first = level.inner_text()
    expect(level).not_to_have_text(first)
    told: list[tuple[dict[str, Any], str]] = [
        ({"paused": True, "waited_seconds": 600.0}, r"the clock stands still.*waited 10 min for the customer"),
        ({"missed": True, "due_at": at(-90)}, r"overdue by 9\d s"),
        ({"met": True, "measured_seconds": 3.0}, r"in time, after 3\.0 s"),
        ({"met": False, "missed": True}, r"not in time"),
    ]
    for change, words in told:
        desk.put({**one, "service_level": {**one["service_level"], **change}})
        expect(level).to_have_text(re.compile(words))
    desk.put({**one, "service_level": {**one["service_level"], "counts": False}})
    expect(level).to_be_hidden()


def test_what_the_customer_heard_and_was_promised_stands_on_the_case(browser_page: Page, desk: Desk) -> None:
    promise = {"text": "A person answers you", "due_at": at(3600), "state": "open", "owner": BEA, "kind": "reply"}
    desk.put(handed(
        messages=[message(), message(occasion="address", channel="email", state="failed", failure="opted_out",
                                     delivered_at=None)],
        promises=[promise, {**promise, "text": "The money is back", "state": "broken"}],
    ))  # fmt: skip
    opened(browser_page, desk, "#case=case_1")
    told = browser_page.locator(".told li")
    expect(told).to_have_text([
        re.compile(r"Out of stock, a choice.*Text message · delivered.*delivered \d\d:", re.DOTALL),
        re.compile(r"E-mail · not delivered.*the customer has opted out", re.DOTALL),
        re.compile(r"A person answers you.*Open.*Bea Long", re.DOTALL),
        re.compile(r"The money is back.*Broken", re.DOTALL),
    ])  # fmt: skip


def test_the_summary_tells_the_story_with_its_evidence(browser_page: Page, desk: Desk) -> None:
    desk.put(handed())
    opened(browser_page, desk, "#case=case_1")
    browser_page.get_by_text("Hand-off summary").click()
    expect(browser_page.locator(".summary")).to_have_text("There is no summary yet.")
    desk.summary = {
        "facts": [{"topic": "what", "text": "Paid, and no order exists.", "evidence": [evidence("shop/evt-7")]}],
        "text": "Paid, and no order exists.", "next_steps": ["Refund in full."],
    }  # fmt: skip
    desk.cases["case_1"]["timeline"].append({"at": at(), "actor": "system", "what": "Looked", "evidence": []})
    expect(browser_page.locator(".steps li")).to_have_text("Refund in full.")
    expect(browser_page.locator(".summary-text")).to_have_count(0)  # it says the facts once more
    browser_page.locator(".story summary").click()
    expect(browser_page.locator(".story")).to_contain_text("shop/evt-7")


def levels(**changes: Any) -> dict[str, Any]:
    day = {"settled": 214, "met": 213, "share": 0.9953, "p95_seconds": 4.1, "worst_seconds": 71.0}
    one = {"running": 3, "paused": 0, "missed": 0, "least_left_seconds": 31.2, "last_day": day, "last_hour": {}}
    names = {"high": "acted_and_told", "medium": "queued", "low": "done_or_handed"}
    return {severity: {**one, "promise": name, **changes} for severity, name in names.items()}


def test_the_overview_shows_how_the_promises_of_time_stand(browser_page: Page, desk: Desk) -> None:
    desk.levels = levels()
    opened(browser_page, desk)
    tiles = browser_page.locator(".levels .tile")
    expect(tiles).to_have_count(3)
    expect(tiles.nth(0)).to_contain_text(re.compile(r"High.*99\.5%.*214 cases, p95 4\.1 s, longest 71 s.*3 running"))
    desk.levels = levels(missed=2)
    expect(tiles.nth(1).locator(".late")).to_have_text("2 overdue and still to be done")


def test_nothing_that_people_or_shops_wrote_becomes_markup(browser_page: Page, desk: Desk) -> None:
    owner = {"kind": "person", "id": EVIL, "name": EVIL}
    case = handed(
        messages=[message(occasion=EVIL, channel=EVIL, state=EVIL, failure=EVIL, replied_at=at(), choice=EVIL)],
        promises=[{"text": EVIL, "due_at": at(), "state": EVIL, "owner": owner, "kind": EVIL}],
    )
    case["owner"], case["assignment"]["why"] = owner, EVIL
    desk.put(case)
    facts = [{"text": EVIL, "evidence": [evidence(EVIL)]}]
    desk.summary = {"facts": facts, "text": f"So: {EVIL}", "next_steps": [EVIL]}
    opened(browser_page, desk, "#case=case_1")
    browser_page.get_by_text("Hand-off summary").click()
    expect(browser_page.locator(".summary-text")).to_contain_text("<img src=x")
    desk.tell(a_notice(1, text=EVIL, kind=EVIL, severity=EVIL, case_id=EVIL,
                       sends=[{"channel": EVIL, "state": EVIL, "at": at(), "failure": None}]))  # fmt: skip
    expect(browser_page.locator("#toast")).to_contain_text("<img src=x")
    browser_page.locator("#bell").click()
    expect(browser_page.locator("#notices li")).to_contain_text("<img src=x")
    assert browser_page.locator("img").count() == 0
    assert "owned" not in browser_page.title()


def test_in_chinese_all_of_it_is_chinese(browser: Browser, desk: Desk) -> None:
    desk.put(handed(messages=[message()]))
    desk.tell(a_notice(1, text="高优先级：已付款但订单缺失。"))
    with opened_page(browser, "zh-CN") as page:
        opened(page, desk, "#case=case_1")
        expect(page.locator("#case .level")).to_contain_text("着手处理并通知相关人员")
        expect(page.locator(".told li")).to_contain_text("短信 · 已送达")
        page.get_by_role("button", name="通知，1 条未读").click()
        expect(page.locator("#notices li")).to_contain_text(re.compile("高优先级个案.*未读", re.DOTALL))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_notices_and_promises_have_the_contrast_of_wcag_aa(browser_page: Page, desk: Desk, scheme: Any) -> None:
    browser_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    desk.put(handed(messages=[message(), message(state="failed")], promises=[
        {"text": "x", "due_at": at(), "state": state, "owner": BEA, "kind": "reply"} for state in ("open", "broken")
    ]))  # fmt: skip
    desk.tell(*(a_notice(n, severity=severity) for n, severity in enumerate(("high", "medium", "low", None), 1)))
    desk.levels = levels(missed=1)
    opened(browser_page, desk)
    expect(browser_page.locator(".levels .tile")).to_have_count(3)
    assert browser_page.evaluate(CONTRAST)[1] == []
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    expect(browser_page.locator("#case .level")).to_be_visible()
    desk.tell(a_notice(9))
    expect(browser_page.locator("#toast")).to_be_visible()
    assert browser_page.evaluate(CONTRAST)[1] == []
    browser_page.locator("#bell").click()
    expect(browser_page.locator("#notices li")).to_have_count(5)
    browser_page.mouse.move(0, 0)
    assert browser_page.evaluate(CONTRAST)[1] == []


def test_on_a_phone_the_inbox_fits(browser_page: Page, desk: Desk) -> None:
    desk.put(handed(messages=[message()]))
    desk.tell(a_notice(1, text="A" * 200))
    browser_page.set_viewport_size({"width": 360, "height": 740})
    opened(browser_page, desk, "#case=case_1")
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360
    browser_page.locator("#bell").click()
    expect(browser_page.locator("#notices li")).to_be_visible()
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360
    box = browser_page.locator("#inbox").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
