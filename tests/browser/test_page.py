"""The live page in a real browser, with a stand-in API behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import (
    KEY,
    Desk,
    a_case,
    a_plan,
    a_step,
    at,
    awaiting_approval,
    evidence,
    served,
)
from tests.support.browser import opened_page

pytestmark = pytest.mark.browser
expect.set_options(timeout=8000)

FAULT = {"detected_at": at(-4), "confidence": 1.0, "evidence": [evidence()], "cleared_at": None}


@pytest.fixture
def desk() -> Iterator[Desk]:
    """The page in demo mode: it is signed in by itself."""
    with served(KEY) as one:
        yield one


@pytest.fixture
def locked() -> Iterator[Desk]:
    """The page as a deployment serves it: somebody has to sign in."""
    with served() as one:
        yield one


def fault(code: str, **changes: Any) -> dict[str, Any]:
    """A fault of a case."""
    return {**FAULT, "code": code, **changes}


def test_the_queue_says_in_words_what_is_wrong_and_how_it_stands(browser_page: Page, desk: Desk) -> None:
    owner = {"kind": "team", "id": "service", "name": "Service team"}
    desk.put(
        a_case("case_1", priority=80),
        a_case("case_2", severity="medium", faults=[fault("price_mismatch")], status="handed_off", owner=owner),
        a_case("case_3", status="resolved", resolution="repaired", resolved_at=at()),
    )
    browser_page.goto(desk.base_url)
    rows = browser_page.locator("#rows li")
    expect(rows).to_have_count(2)
    for words in ("High", "Paid, but no order", "¥1,299.00", "Being repaired"):
        expect(rows.nth(0)).to_contain_text(words)
    for words in ("Medium", "Cart and checkout prices differ", "Handed to a person", "Service team"):
        expect(rows.nth(1)).to_contain_text(words)
    counts = {"Live": "2", "For approval": "0", "With people": "1", "Solved": "1"}
    for name, count in counts.items():
        expect(browser_page.get_by_role("button", name=name)).to_contain_text(count)
    browser_page.get_by_role("button", name="Solved").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Repaired by the system alone")


def test_a_row_changes_in_place_and_a_solved_one_says_so_before_it_leaves(browser_page: Page, desk: Desk) -> None:
    desk.put(a_case("case_1", priority=80), a_case("case_2", priority=10))
    browser_page.goto(desk.base_url)
    row = browser_page.locator('[data-id="case_1"]')
    expect(row).to_contain_text("Being repaired")
    row.evaluate("node => { node.marked = true; }")
    browser_page.locator("#rows a").nth(1).focus()
    desk.put(a_case("case_1", priority=5, status="awaiting_customer"))
    expect(row).to_contain_text("Waiting for the customer")
    expect(browser_page.locator("#rows li").nth(1)).to_have_attribute("data-id", "case_1")
    assert row.evaluate("node => node.marked"), "the row was built anew"
    assert browser_page.evaluate("document.activeElement.closest('li').dataset.id") == "case_2"
    desk.put(a_case("case_1", status="resolved", resolution="repaired", resolved_at=at()))
    expect(row).to_contain_text("Repaired by the system alone")
    expect(row).to_have_count(0, timeout=12_000)


def test_a_deadline_counts_down_and_is_called_overdue(browser_page: Page, desk: Desk) -> None:
    desk.put(
        a_case("case_1", first_action_at=None, due_at=at(40)),
        a_case("case_2", priority=1, first_action_at=None, due_at=at(-30)),
    )
    browser_page.goto(desk.base_url)
    time = browser_page.locator('[data-id="case_1"] .row-time')
    expect(time).to_have_text(re.compile(r"due in 3\d s"))
    first = time.inner_text()
    expect(time).not_to_have_text(first)
    expect(browser_page.locator('[data-id="case_2"] .row-time.late')).to_have_text(re.compile("overdue by 3"))


def test_a_case_is_told_from_the_cause_to_the_evidence(browser_page: Page, desk: Desk) -> None:
    steps = [a_step(status="done"), a_step("case_1:1:1", undo=None, effect="The customer is told.")]
    desk.put(a_case(plan=steps))
    browser_page.goto(desk.base_url)
    browser_page.locator("#rows a").click()
    case = browser_page.locator("#case")
    expect(case.get_by_role("heading", name="Paid, but no order")).to_be_visible()
    expect(case).to_contain_text("the shop's order system created no order")
    expect(case.locator(".step")).to_have_text([
        re.compile(words) for words in
        ("Submit.*fine", "Payment.*fine", "Stock reservation.*fine", "Order creation.*broke here", "not reached")
    ])  # fmt: skip
    expect(case.locator(".plan-step")).to_have_text([
        re.compile("One order is created.*Done.*To undo: Cancel the order", re.DOTALL),
        re.compile("The customer is told.*Pending.*Can't be undone", re.DOTALL),
    ])  # fmt: skip
    browser_page.get_by_role("button", name="Order creation").click()
    expect(case.locator("#step-evidence")).to_contain_text("shop/order")
    case.locator(".timeline summary").click()
    expect(case.locator(".timeline")).to_contain_text("shop/evt-1")
    desk.cases["case_1"]["timeline"].append({"at": at(), "actor": "system", "what": "Resolved", "evidence": []})
    expect(case.locator(".timeline > li")).to_have_count(2)
    expect(case.locator(".timeline code")).to_be_visible()
    expect(case.locator("#step-evidence")).to_contain_text("shop/order")


def test_the_order_is_shown_as_each_system_sees_it(browser_page: Page, desk: Desk) -> None:
    desk.put(a_case())
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    browser_page.get_by_text("The order as each system sees it").click()
    rows = browser_page.locator(".order tbody tr")
    expect(rows.nth(0)).to_have_text(re.compile("Checkout.*Submitted.*Completed"))
    expect(rows.nth(1)).to_have_text(re.compile("Due.*none.*¥1,299.00"))
    expect(rows.nth(2)).to_have_text(re.compile("Payments.*none.*not read"))


def test_a_plan_is_approved_with_its_version(browser_page: Page, desk: Desk) -> None:
    desk.put(awaiting_approval(plan_version=3))
    desk.cases["case_1"]["plan_state"]["version"] = 3
    browser_page.goto(f"{desk.base_url}/#view=approval&case=case_1")
    expect(browser_page.locator("#case")).to_contain_text("more money than may move without a person")
    expect(browser_page.locator(".now .plan-step")).to_have_count(1)
    browser_page.get_by_role("button", name="Approve the plan").click()
    expect(browser_page.get_by_text("Approved. The assistant is carrying it out.")).to_be_visible()
    expect(browser_page.get_by_role("button", name="Approve the plan")).to_have_count(0)
    assert desk.acts == [("case_1", "approve", {"plan_version": 3})]


def test_a_rejection_needs_its_reason_and_keeps_it_while_the_page_goes_on(browser_page: Page, desk: Desk) -> None:
    desk.put(awaiting_approval())
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    browser_page.get_by_role("button", name="Reject…").click()
    browser_page.get_by_role("button", name="Reject", exact=True).click()
    assert desk.acts == []
    browser_page.get_by_label("Why not?").fill("The customer wants the money back")
    desk.cases["case_1"]["timeline"].append({"at": at(), "actor": "system", "what": "Looked", "evidence": []})
    expect(browser_page.locator(".timeline > li")).to_have_count(2)
    browser_page.get_by_role("button", name="Reject", exact=True).click()
    expect(browser_page.locator(".notice")).to_contain_text("Rejected")
    assert desk.acts == [("case_1", "reject", {"plan_version": 1, "reason": "The customer wants the money back"})]


def test_a_case_is_taken_over_and_given_back(browser_page: Page, desk: Desk) -> None:
    desk.put(a_case())
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    browser_page.get_by_role("button", name="Take it over").click()
    expect(browser_page.locator("#case .now")).to_contain_text("Li Wei has it")
    browser_page.get_by_role("button", name="Give it back").click()
    expect(browser_page.locator("#case .now")).to_contain_text("The assistant is working on it")
    assert [verb for _, verb, _ in desk.acts] == ["claim", "release"]


def test_what_changed_meanwhile_is_said_calmly_and_shown(browser_page: Page, desk: Desk) -> None:
    desk.put(awaiting_approval())
    desk.refuses["approve"] = (409, "plan_changed")
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    button = browser_page.get_by_role("button", name="Approve the plan")
    expect(button).to_be_visible()
    desk.put(a_case(plan_state=a_plan(version=2, summary="Refund in full instead."), plan_version=2))
    button.click()
    expect(browser_page.locator(".notice")).to_contain_text("so nothing was done")
    expect(browser_page.locator("#case")).to_contain_text("Refund in full instead.")
    assert desk.acts == []


def test_a_lost_connection_keeps_what_was_seen_and_recovers(browser_page: Page, desk: Desk) -> None:
    desk.put(a_case())
    browser_page.goto(desk.base_url)
    expect(browser_page.locator("#rows li")).to_have_count(1)
    browser_page.route("**/v1/**", lambda route: route.abort())
    expect(browser_page.locator("#banner")).to_contain_text("can't be reached; trying again")
    expect(browser_page.locator("#rows li")).to_have_count(1)
    browser_page.unroute("**/v1/**")
    expect(browser_page.locator("#banner")).to_be_hidden()
    desk.down = True
    expect(browser_page.locator("#banner")).to_contain_text("busy")


def test_signing_in_asks_for_the_key_and_keeps_it_in_the_tab_only(browser_page: Page, locked: Desk) -> None:
    locked.put(a_case())
    browser_page.goto(locked.base_url)
    expect(browser_page.get_by_role("dialog")).to_be_visible()
    browser_page.get_by_label("API key").fill("hw_wrong")
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("alert")).to_contain_text("not valid")
    browser_page.get_by_label("API key").fill(KEY)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.locator("#rows li")).to_have_count(1)
    browser_page.reload()
    expect(browser_page.locator("#rows li")).to_have_count(1)
    assert KEY not in browser_page.evaluate("JSON.stringify({...localStorage}) + document.cookie")
    locked.keys.clear()
    expect(browser_page.get_by_role("dialog")).to_be_visible()
    locked.keys.add(KEY)
    browser_page.reload()
    expect(browser_page.get_by_role("dialog")).to_be_visible()


def test_a_restarted_demo_says_to_reload(browser_page: Page, desk: Desk) -> None:
    browser_page.goto(desk.base_url)
    expect(browser_page.get_by_text("Demo: signed in by itself")).to_be_visible()
    desk.keys.clear()
    expect(browser_page.get_by_role("button", name="Reload the page")).to_be_visible()
    expect(browser_page.get_by_role("dialog")).to_have_count(0)


def test_the_page_speaks_the_browsers_language_and_can_be_switched(browser: Browser, desk: Desk) -> None:
    desk.put(a_case())
    with opened_page(browser, "zh-CN") as page:
        page.goto(f"{desk.base_url}/#case=case_1")
        expect(page.locator("#case h2")).to_have_text("已付款但订单缺失")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator(".step").nth(3)).to_contain_text("此处中断")
        page.get_by_role("button", name="English").click()
        expect(page.locator("#case h2")).to_have_text("Paid, but no order")
        page.reload()
        expect(page.locator("#case h2")).to_have_text("Paid, but no order")
    assert desk.languages == {"zh-CN", "en"}


def test_every_word_exists_in_both_languages(browser_page: Page, desk: Desk) -> None:
    browser_page.goto(desk.base_url)
    chinese, english = browser_page.evaluate("import('/ui/texts.js').then(texts => texts.LANGUAGES.map(texts.keysOf))")
    assert chinese == english


def test_an_answer_streams_in_with_its_sources(browser_page: Page, desk: Desk) -> None:
    desk.put(a_case())
    desk.answer = [
        ("tool", {"name": "get_case", "state": "started"}),
        ("message.delta", {"message_id": "m", "text": "A first model's half answ", "start": True}),
        ("message.delta", {"message_id": "m", "text": "Paid, but ", "start": True}),
        ("message.delta", {"message_id": "m", "text": "no order [1]."}),
        ("message.done", {"message_id": "m", "text": "Paid, but no order [1].", "sources": [evidence("case/case_1")]}),
        ("done", {}),
    ]
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    browser_page.get_by_label("Your question").fill("What is wrong?")
    browser_page.get_by_label("Your question").press("Enter")
    answer = browser_page.locator(".answer")
    expect(answer.locator("> p")).to_have_text("Assistant: Paid, but no order [1].")
    answer.get_by_text("Sources (1)").click()
    expect(answer).to_contain_text("case/case_1")
    assert desk.acts == [("case_1", "chat", {"text": "What is wrong?"})]
    desk.answer = [
        ("message.delta", {"message_id": "n", "text": "A first mod", "start": True}),
        ("message.delta", {"message_id": "n", "text": "The second one", "start": True}),
        ("error", {"code": "conversation_failed", "detail": "ask again"}),
        ("done", {}),
    ]
    browser_page.get_by_label("Your question").fill("And now?")
    browser_page.get_by_role("button", name="Ask").click()
    expect(browser_page.locator(".note")).to_contain_text("Please try again")
    expect(answer.nth(1).locator("> p")).to_have_text("Assistant: The second one")


def test_nothing_that_data_says_becomes_markup(browser_page: Page, desk: Desk) -> None:
    evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
    desk.put(
        awaiting_approval(
            id="case_1", customer_id=evil, owner={"kind": "team", "id": evil, "name": evil},
            plan=[a_step(effect=evil, undo=evil, arguments={"reason": evil})],
            timeline=[{"at": at(), "actor": evil, "what": evil, "evidence": [evidence(evil, value=evil)]}],
            messages=[{"occasion": evil, "channel": "sms", "state": "accepted", "at": at(), "replied_at": at(),
                       "choice": evil}],
            promises=[{"text": evil, "state": "open", "due_at": at()}],
        )
    )  # fmt: skip
    desk.answer = [("message.done", {"message_id": "m", "text": evil, "sources": [evidence(evil)]}), ("done", {})]
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    expect(browser_page.locator(".timeline > li")).to_contain_text("<img src=x")
    browser_page.get_by_role("button", name="What is wrong?").click()
    expect(browser_page.locator(".answer")).to_contain_text("<img src=x")
    assert browser_page.locator("img, main script").count() == 0
    assert "owned" not in browser_page.title()


def test_the_queue_is_worked_with_the_keyboard_alone(browser_page: Page, desk: Desk) -> None:
    desk.put(a_case("case_1", priority=80), awaiting_approval("case_2", priority=10))
    browser_page.goto(desk.base_url)
    expect(browser_page.locator("#rows li")).to_have_count(2)
    browser_page.locator("#rows a").first.focus()
    browser_page.keyboard.press("ArrowDown")
    browser_page.keyboard.press("Enter")
    expect(browser_page.locator("#rows a").nth(1)).to_have_attribute("aria-current", "true")
    approve = browser_page.get_by_role("button", name="Approve the plan")
    expect(approve).to_be_visible()
    for _ in range(30):
        browser_page.keyboard.press("Tab")
        if approve.evaluate("node => node === document.activeElement"):
            break
    browser_page.keyboard.press("Enter")
    expect(browser_page.locator(".notice")).to_contain_text("Approved")


def test_on_a_phone_one_thing_at_a_time_is_shown_and_nothing_sticks_out(browser_page: Page, desk: Desk) -> None:
    desk.put(awaiting_approval(faults=[fault("paid_order_missing"), fault("incomplete_information")]))
    browser_page.set_viewport_size({"width": 360, "height": 740})
    browser_page.goto(desk.base_url)
    row = browser_page.locator("#rows a")
    row.click()
    expect(browser_page.get_by_role("button", name="Approve the plan")).to_be_visible()
    expect(row).to_be_hidden()
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360
    browser_page.get_by_role("link", name="Back to the queue").click()
    expect(row).to_be_visible()
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360


CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_aa_asks_for(browser_page: Page, desk: Desk, scheme: Any) -> None:
    browser_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    states = ("pending", "running", "done", "failed", "skipped")
    steps = [a_step(f"case_1:1:{n}", status=state) for n, state in enumerate(states)]
    case = awaiting_approval(plan=steps, due_at=at(-5), first_action_at=None)
    case["root_cause"]["pipeline"][1]["state"] = "waiting"
    desk.put(case, a_case("case_2", severity="medium"), a_case("case_3", severity="low", status="awaiting_customer"))
    desk.answer = [("message.done", {"message_id": "m", "text": "So [1].", "sources": [evidence()]}),
                   ("error", {"detail": "broken"}), ("done", {})]  # fmt: skip
    desk.refuses["approve"] = (409, "plan_changed")
    browser_page.goto(f"{desk.base_url}/#case=case_1")
    browser_page.get_by_role("button", name="Stock reservation").click()
    browser_page.get_by_role("button", name="What is wrong?").click()
    expect(browser_page.locator(".note")).to_be_visible()
    browser_page.get_by_role("button", name="Approve the plan").click()
    expect(browser_page.locator(".notice")).to_be_visible()
    browser_page.get_by_role("button", name="Reject…").click()
    browser_page.mouse.move(0, 0)
    seen, poor = browser_page.evaluate(CONTRAST)
    assert seen > 60
    assert poor == []
