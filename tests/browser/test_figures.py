"""The strip of figures, the cases behind a number, and what was learned with its undoing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import KEY, Desk, a_case, at, served
from tests.support.browser import opened_page

pytestmark = pytest.mark.browser
expect.set_options(timeout=8000)

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
EVIL = '<img src=x onerror="document.title=\'owned\'">'


@pytest.fixture
def desk() -> Iterator[Desk]:
    """The page in demo mode, with figures and something learned."""
    with served(KEY) as one:
        one.figures = figures()
        one.behind = [behind(n) for n in range(1, 61)]
        one.learned = learned()
        one.put(a_case())
        yield one


def figure(figure_id: str, name: str, value: Any, unit: str = "share", **changes: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": figure_id, "unit": unit, "value": value, "numerator": 59, "denominator": 60, "name": name,
        "definition": f"What {name} is.", "interval": None, "cases": {"numerator": 59, "denominator": 60}, "by": {},
    }  # fmt: skip
    return shown | changes


def figures() -> dict[str, Any]:
    high, low = {"value": 1.0, "numerator": 9, "denominator": 9}, {"value": 0.9999, "numerator": 9, "denominator": 9}
    money = [{"amount": 1_234_567, "currency": "CNY"}, {"amount": 9_900, "currency": "USD"}]
    nothing = {"numerator": 0, "denominator": 0, "cases": {"numerator": 0, "denominator": 0}}
    all_of_them = [
        figure("repair_rate", "repair rate", 0.98333),
        figure("automatic_repair_rate", "automatic repair rate", 0.9),
        figure("sla_attainment", "SLA attainment", 0.9999, by={"severity": {"high": high, "low": low}}),
        figure("csat", "customer satisfaction (CSAT)", None, **nothing),
        figure("handling_time_p95", "p95 handling time", 42.0, "seconds"),
        figure("relapse_rate", "relapse rate", 0.0),
        figure("value_saved", "value saved", money, "money"),
        figure("backlog", "backlog now", 3, "count"),
    ]
    return {one["id"]: one for one in all_of_them}


def behind(number: int, **changes: Any) -> dict[str, Any]:
    item = {
        "case_id": "case_1", "episode": 1, "ref": None, "at": at(-number), "severity": "high",
        "fault": "paid_order_missing", "status": "resolved", "resolution": "repaired", "proven_at": at(),
        "in_numerator": number > 1, "measure": None,
    }  # fmt: skip
    return item | changes


def learned(**changes: Any) -> dict[str, Any]:
    item: dict[str, Any] = {
        "fault": "paid_order_missing", "title": {}, "option": "create_order+confirm_order", "outcomes": 12,
        "watched": 2, "undone": 0, "stayed": {"hits": 9, "of": 10, "rate": 0.9, "low": 0.6, "high": 0.98},
        "rating": {"mean": 4.25, "n": 4}, "cases": ["case_1"],
        "effect": {"places": 0.1, "words": {"en": "9 of 10 turned out well.", "zh-CN": "10 例中 9 例效果良好。"}},
    }  # fmt: skip
    return {"items": [item | changes], "rankings": {}}


def opened(page: Page, desk: Desk, where: str = "") -> None:
    page.goto(f"{desk.base_url}/{where}")
    expect(page.locator("#figures li")).to_have_count(7)


def test_the_strip_shows_every_figure_with_its_definition_and_a_dash_for_none(browser_page: Page, desk: Desk) -> None:
    opened(browser_page, desk)
    strip = browser_page.locator("#figures li")
    told = [
        r"Repair rate98\.3%59 of 60", r"Automatic repair rate90%", r"SLA attainment99\.9%High 100%Medium –Low 99\.9%",
        r"Customer satisfaction \(CSAT\)–nothing yet", r"P95 handling time42 s60 cases", r"Relapse rate0%",
        r"Value saved.*12,346\+ \$99",
    ]  # fmt: skip
    expect(strip).to_have_text([re.compile(words) for words in told])
    tooltip = strip.nth(0).locator("button").get_attribute("title")
    assert tooltip == "What repair rate is.\n59 of 60"


def test_a_number_opens_its_cases_and_each_leads_to_its_case(browser_page: Page, desk: Desk) -> None:
    opened(browser_page, desk)
    button = browser_page.locator('[data-figure="repair_rate"]')
    button.click()
    drawer = browser_page.get_by_role("dialog", name="Repair rate")
    items = drawer.locator(".behind li")
    expect(drawer).to_contain_text("What repair rate is.")
    expect(items).to_have_count(50)
    drawer.get_by_role("button", name="Show more").click()
    expect(items).to_have_count(59)
    drawer.get_by_role("button", name="All (60)").click()
    expect(items.nth(0)).to_contain_text(re.compile("High.*Paid, but no order.*Repaired.*not counted", re.DOTALL))
    browser_page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert browser_page.evaluate("document.activeElement.dataset.figure") == "repair_rate"
    button.click()
    items.nth(0).locator("a").click()
    expect(browser_page.locator("#case h2")).to_have_text("Paid, but no order")
    expect(browser_page.locator("#drawer")).to_be_hidden()


def test_an_assistant_without_figures_has_no_strip_and_all_else(browser_page: Page, desk: Desk) -> None:
    desk.figures = None
    browser_page.goto(f"{desk.base_url}/")
    expect(browser_page.locator("#rows li")).to_have_count(1)
    expect(browser_page.locator("#figures")).to_be_hidden()


def test_what_was_learned_is_shown_and_undone_with_a_reason(browser_page: Page, desk: Desk) -> None:
    opened(browser_page, desk)
    browser_page.get_by_role("button", name="What was learned").click()
    option = browser_page.locator(".learned-option")
    told = (
        r"Order created once, order confirmed.*Cases: 12 · 90% stayed resolved \(9 of 10\) · still watched: 2 · "
        r"rated 4\.3 on average.*9 of 10 turned out well"
    )
    expect(option).to_contain_text(re.compile(told, re.DOTALL))
    desk.refuses["undo"] = (403, "forbidden")
    option.get_by_role("button", name="Stop counting…").click()
    option.get_by_label("Why?").fill("The shop was broken that day")
    option.get_by_role("button", name="Stop counting", exact=True).click()
    expect(option.get_by_role("alert")).to_contain_text("Your key may not do this")
    desk.refuses.clear()
    option.get_by_role("button", name="Stop counting", exact=True).click()
    expect(browser_page.locator("#drawer [role=status]")).to_have_text("These results no longer count.")
    expect(option).to_contain_text("no longer counted: 12")
    expect(option.get_by_role("button", name="Stop counting…")).to_have_count(0)
    body = {"fault": "paid_order_missing", "option": "create_order+confirm_order"}
    assert desk.acts == [("learned", "undo", {**body, "reason": "The shop was broken that day"})]


def test_nothing_of_it_becomes_markup(browser_page: Page, desk: Desk) -> None:
    assert desk.figures is not None
    desk.figures["repair_rate"] |= {"name": EVIL, "definition": EVIL}
    desk.behind = [behind(2, fault=EVIL, severity=EVIL, resolution=EVIL, case_id=EVIL)]
    desk.learned = learned(fault=EVIL, option=EVIL, cases=[EVIL])
    opened(browser_page, desk)
    browser_page.locator("#figures button").first.click()
    expect(browser_page.locator(".behind li")).to_contain_text("<img src=x")
    browser_page.locator("#learned-open").click()
    expect(browser_page.locator(".learned h3")).to_contain_text("<img src=x")
    assert browser_page.locator("img").count() == 0
    assert "owned" not in browser_page.title()


def test_in_chinese_all_of_it_is_chinese(browser: Browser, desk: Desk) -> None:
    with opened_page(browser, "zh-CN") as page:
        opened(page, desk)
        expect(page.locator("#figures li").nth(2)).to_contain_text("高 100%中 –低 99.9%")
        page.get_by_role("button", name="学到了什么").click()
        told = re.compile("补建订单一次、确认订单.*平均 4.3 分", re.DOTALL)
        expect(page.locator(".learned-option")).to_contain_text(told)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_and_drawers_have_the_contrast_of_wcag_aa_and_fit_a_phone(
    browser_page: Page, desk: Desk, scheme: Any
) -> None:
    browser_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    browser_page.set_viewport_size({"width": 360, "height": 740})
    opened(browser_page, desk)
    for opener in ('[data-figure="repair_rate"]', "#learned-open"):
        browser_page.locator(opener).click()
        expect(browser_page.locator("#drawer-content .hint").first).to_be_visible()
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360
        browser_page.mouse.move(0, 0)
        assert browser_page.evaluate(CONTRAST)[1] == []
        browser_page.keyboard.press("Escape")
