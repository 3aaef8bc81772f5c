"""What the demo prints: the welcome, one line per case, running totals, and the summary; in Chinese or English."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from knowledge.phrases import language_of, render
from knowledge.phrases.labels import fault_title, label

Case = Mapping[str, Any]
ENDED = ("resolved", "closed")
WORKING = ("open", "diagnosing", "repairing")
REPAIRED = ("repaired", "repaired_with_approval")

TEXTS: dict[str, dict[str, str]] = {
    "starting_shop": {"zh-CN": "正在启动演示商城……", "en": "Starting the demo shop …"},
    "starting_assistant": {"zh-CN": "正在启动助手……", "en": "Starting the assistant …"},
    "ready": {"zh-CN": "就绪（{seconds} 秒）", "en": "ready ({seconds} s)"},
    "title": {"zh-CN": "Helloword 助手 · 演示", "en": "Helloword Assistant · demo"},
    "page": {"zh-CN": "实时页面  {url}   （自动登录）", "en": "Live page  {url}   (signed in by itself)"},
    "shop": {
        "zh-CN": "演示商城  {url}   每秒 {rate} 单，其中约 {share} 会出问题；顾客会答复消息",
        "en": "Demo shop  {url}   {rate} orders a second, about {share} of them break; its customers answer messages",
    },
    "home": {"zh-CN": "数据目录  {home}", "en": "Data       {home}"},
    "staff": {"zh-CN": "客服人员  {names}", "en": "Staff      {names}"},
    "look": {"zh-CN": "看什么", "en": "What to look at"},
    "look.1": {
        "zh-CN": "打开实时页面：队列会自己更新；点开一个个案，看断在哪一步、方案和经过。",
        "en": "Open the live page: the queue moves by itself. Open a case: where it broke, the plan, what happened.",
    },
    "look.2": {
        "zh-CN": "“待审批”：超过自动处理限额的方案等您批准或驳回。",
        "en": "“For approval”: plans above the limit wait for you to approve or reject them.",
    },
    "look.3": {
        "zh-CN": "在个案里提问，例如“出了什么问题？”；回答会注明依据。",
        "en": "Ask a case, for instance “What is wrong?”; the answer names its sources.",
    },
    "look.4": {
        "zh-CN": "“已转人工”：给了谁、为什么；铃铛里是通知。约一分钟后，概览页会出现评价和“学到了什么”。",
        "en": "“With people”: who got it and why; the bell has the notices. After a minute the overview shows ratings "
        "and what was learned.",
    },
    "look.5": {
        "zh-CN": "像顾客一样聊天，顾客编号见个案：\n     {chat}",
        "en": "Chat as a customer, whose id the case shows:\n     {chat}",
    },
    "look.6": {
        "zh-CN": "下面每个破损订单一行。Ctrl-C 结束，并由商城核对所有订单的最终状态。",
        "en": "Below is a line for each broken order. Ctrl-C ends it, and the shop then judges how every order ended.",
    },
    "team.service": {"zh-CN": "客服团队", "en": "the service team"},
    "and": {"zh-CN": "、", "en": ", "},
    "after": {"zh-CN": "{what}，{time}", "en": "{what}, {time}"},
    "verified": {"zh-CN": "回读核实", "en": "verified by read-back"},
    "to_people": {"zh-CN": "转交{owner}", "en": "handed to {owner}"},
    "because": {"zh-CN": "{what}（{why}）", "en": "{what} ({why})"},
    "for_you": {"zh-CN": "等您审批：{url}", "en": "waits for your approval: {url}"},
    "seconds": {"zh-CN": "{n} 秒", "en": "{n} s"},
    "sum.orders": {"zh-CN": "{n} 单，其中 {broken} 单出过问题", "en": "{n} orders, {broken} broken"},
    "sum.alone": {
        "zh-CN": "系统自动修复 {n}（中位用时 {median}）",
        "en": "{n} repaired by the assistant alone (median {median})",
    },
    "sum.approved": {"zh-CN": "经审批修复 {n}", "en": "{n} repaired with approval"},
    "sum.others": {"zh-CN": "其他方式结束 {n}", "en": "{n} ended otherwise"},
    "sum.working": {"zh-CN": "处理中 {n}", "en": "{n} in work"},
    "sum.customer": {"zh-CN": "等待顾客 {n}", "en": "{n} waiting for the customer"},
    "sum.approval": {"zh-CN": "待审批 {n}", "en": "{n} waiting for approval"},
    "sum.people": {"zh-CN": "转人工 {n}", "en": "{n} with people"},
    "sum.promises": {
        "zh-CN": "对顾客的承诺：已兑现 {kept}，未到期 {open}，逾期 {broken}",
        "en": "promises to customers: {kept} kept, {open} open, {broken} broken",
    },
    "sum.csat": {"zh-CN": "顾客满意度 {share}（{n} 个评分）", "en": "customer satisfaction {share} (ratings: {n})"},
    "stopping": {
        "zh-CN": "正在结束：不再有新订单，等待手头的个案处理完（再按一次 Ctrl-C 立即结束）。",
        "en": "Stopping: no new orders; finishing the cases at hand (Ctrl-C again ends it at once).",
    },
    "judging": {
        "zh-CN": "商城掌握真相，由它核对每个订单的最终状态：",
        "en": "The shop knows the truth, and judges how every order ended:",
    },
    "not_judged": {"zh-CN": "未核对最终状态。", "en": "How the orders ended was not judged."},
    "bye": {"zh-CN": "已结束。", "en": "Ended."},
    "kept": {"zh-CN": "数据保留在 {home}。", "en": "The data stays in {home}."},
}


class Report:
    """Prints to a terminal or to a plain file alike; a case is told once at each point of rest."""

    def __init__(self, console: Console, language: str, page_url: str) -> None:
        self._console, self.language, self._page = console, language_of(language), page_url
        self._told: set[tuple[str, int, str, str]] = set()
        self._handling: dict[str, float] = {}

    def say(self, key: str, style: str = "", indent: int = 0, **values: Any) -> None:
        """One of the sentences above."""
        self.line(Text(" " * indent + self.words(key, **values), style=style))

    def line(self, text: Text | str = "") -> None:
        """A line as it is: never wrapped, so that it can be cut, grepped and copied."""
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)

    def words(self, key: str, **values: Any) -> str:
        """A sentence in this report's language."""
        return render(TEXTS, key, self.language, **values)

    def welcome(
        self, *, shop_url: str, rate: float, share: float, home: str, staff: Sequence[str] = (), chat: str = ""
    ) -> None:
        """What runs where, and what to look at."""
        self.line()
        self.say("title", "bold")
        self.say("page", "bold", 2, url=self._page)
        self.say("shop", "", 2, url=shop_url, rate=f"{rate:g}", share=f"{share:.0%}")
        self.say("home", "", 2, home=home)
        if staff:
            self.say("staff", "", 2, names=self.words("and").join(staff))
        self.line()
        self.say("look", "bold")
        for number in range(1, 7):
            self.line(f"  {number}. " + self.words(f"look.{number}", chat=chat))
        self.line()

    # -- cases ------------------------------------------------------------------------------------------------------

    def tell(self, cases: Iterable[Case], now: datetime) -> None:
        """Prints what is new about these cases; what waits for people has come to do so just `now`."""
        fresh = [(_rested_at(case, now), case) for case in cases if self._is_news(case)]
        for at, case in sorted(fresh, key=lambda one: one[0]):
            self.line(self._line_of(case, at))

    def _is_news(self, case: Case) -> bool:
        status = "ended" if case["status"] in ENDED else case["status"]
        if status not in ("ended", "handed_off", "awaiting_approval"):
            return False
        holder = case["owner"]["id"] if status == "handed_off" and case["owner"] else ""
        news = (case["id"], case["episode"], status, holder)
        if news in self._told:
            return False
        self._told.add(news)
        if case["resolution"] in REPAIRED:
            self._handling[case["id"]] = _seconds_until(_rested_at(case), case)
        return True

    def _line_of(self, case: Case, at: datetime) -> Text:
        mark, style, outcome = self._outcome(case, at)
        line = Text(f"{at.astimezone():%H:%M:%S}  ", style="dim")
        line.append(mark, style=style)
        line.append(f" {self._titles(case)}")
        line.append(f" → {outcome}", style="" if mark == "✓" else style)
        return line

    def _outcome(self, case: Case, at: datetime) -> tuple[str, str, str]:
        if case["status"] == "awaiting_approval":
            return "?", "yellow", self.words("for_you", url=f"{self._page}/#view=approval&case={case['id']}")
        took = self._duration(_seconds_until(at, case))
        if case["status"] == "handed_off":
            given = self.words("to_people", owner=self._owner(case))
            why = (case.get("assignment") or {}).get("why") if (case["owner"] or {}).get("kind") == "person" else None
            if why:
                given = self.words("because", what=given, why=why.rstrip("。."))
            return "»", "cyan", self.words("after", what=given, time=took)
        told = label("resolution", case["resolution"], self.language)
        if case["resolution"] in REPAIRED:
            done = [label("action", a, self.language) for a in _done(case)]
            told = " → ".join(filter(None, [self.words("and").join(done), self.words("verified")]))
        return "✓", "green", self.words("after", what=told, time=took)

    def _owner(self, case: Case) -> str:
        owner = case["owner"] or {}
        known = f"team.{owner.get('id')}" if owner.get("kind") == "team" else ""
        return self.words(known) if known in TEXTS else str(owner.get("name", "—"))

    def _titles(self, case: Case) -> str:
        codes = dict.fromkeys(fault["code"] for fault in case["faults"])
        return " + ".join(fault_title(code, self.language) for code in codes)

    def _duration(self, seconds: float) -> str:
        return self.words("seconds", n=f"{seconds:.1f}")

    # -- totals -----------------------------------------------------------------------------------------------------

    def totals(
        self, running: float, orders: int, counts: Mapping[str, Mapping[str, int]], promises: Counter[str],
        csat: Mapping[str, Any] | None,
    ) -> None:  # fmt: skip
        """One line of sums; `running` is in seconds, `promises` by state, `csat` the figure, where there is one."""
        status, ended = Counter(counts["status"]), Counter(counts["resolution"])
        median = self._duration(statistics.median(self._handling.values())) if self._handling else "—"
        sums = {
            "alone": ended["repaired"],
            "approved": ended["repaired_with_approval"],
            "others": ended.total() - sum(ended[name] for name in REPAIRED),
            "working": sum(status[name] for name in WORKING),
            "customer": status["awaiting_customer"],
            "approval": status["awaiting_approval"],
            "people": status["handed_off"],
        }
        told = [self.words("sum.orders", n=orders, broken=status.total())]
        told += [self.words(f"sum.{name}", n=n, median=median) for name, n in sums.items() if n]
        told += self._towards_customers(promises, csat)
        self.line(Text(f"{int(running // 60)}:{int(running % 60):02d}  {' · '.join(told)}", style="bold"))

    def _towards_customers(self, promises: Counter[str], csat: Mapping[str, Any] | None) -> list[str]:
        """What they were promised and how that went, and how they rated us; nothing while there is nothing."""
        told = []
        if promises:
            kept, waiting, broken = promises["kept"], promises["open"], promises["broken"]
            told.append(self.words("sum.promises", kept=kept, open=waiting, broken=broken))
        if csat and csat["denominator"]:
            told.append(self.words("sum.csat", share=f"{csat['value']:.0%}", n=csat["denominator"]))
        return told


def _done(case: Case) -> list[str]:
    """The actions that were performed, each once, in order."""
    return list(dict.fromkeys(step["action"] for step in case["plan"] if step["status"] == "done"))


def _rested_at(case: Case, now: datetime | None = None) -> datetime:
    return datetime.fromisoformat(case["resolved_at"]) if case["resolved_at"] or now is None else now


def _seconds_until(at: datetime, case: Case) -> float:
    """Seconds since the fault could be seen."""
    return max(0.0, (at - datetime.fromisoformat(case["detectable_at"])).total_seconds())
