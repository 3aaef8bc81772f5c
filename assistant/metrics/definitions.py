"""THE place of definitions: every figure of row S19 as data; API, report, page and Prometheus all count by these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec

from assistant.metrics import predicates as is_
from knowledge.vocabulary.codes import LIVE_STATUSES, Resolution
from knowledge.vocabulary.money import Money

Unit = Literal["share", "seconds", "money", "count", "points"]
Kind = Literal["share", "mean", "p95", "money", "count", "change"]
Source = Literal["episodes", "answers", "given", "promises", "messages"]
Words = dict[str, str]

SATISFIED = 4  # of 5: CSAT counts the two best answers
_ARRIVING = ("accepted", "delivered")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. Every entry of its source whose time `at` lies in the period and that `among` takes is counted.

    `hits` are those of the numerator, `measure` what is averaged (seconds) or added up (money in minor units). One
    without `at` tells how things stand at this moment, whatever the period. Definitions say all of this in words.
    """

    id: str
    name: Words
    definition: Words
    unit: Unit
    kind: Kind
    source: Source = "episodes"
    at: Callable[[Any], datetime | None] | None
    among: Callable[[Any], bool]
    hits: Callable[[Any], bool] = lambda entry: True
    measure: Callable[[Any], float | Money | None] = lambda entry: None
    by: tuple[str, ...] = ("severity",)  # breakdowns that always come with it


def _w(zh: str, en: str) -> Words:
    return {"zh-CN": zh, "en": en}


def _ending(id: str, name: Words, definition: Words, **more: Any) -> Figure:
    """A figure of what ended in the period."""
    usual: dict[str, Any] = {"unit": "share", "kind": "share", "at": lambda e: e.resolved_at, "among": is_.was_broken}
    return Figure(id=id, name=name, definition=definition, **usual | more)


VOLUMES = (
    Figure(
        id="cases_detected", name=_w("新增个案", "cases detected"), unit="count", kind="count",
        definition=_w(
            "本期内检测到的个案数；重新打开的个案再计一次。",
            "Cases detected in the period; one that was opened again counts again.",
        ),
        at=lambda e: e.detected_at, among=lambda e: True,
    ),
    _ending(
        "cases_ended", _w("结案数", "cases ended"),
        _w(
            "本期内结案的个案数，不含被合并的；同一轮处理中又继续处理的不算结案。",
            "Cases that ended in the period, merged ones apart; one that was gone on with in the same episode had not "
            "ended.",
        ),
        unit="count", kind="count", among=is_.not_merged,
    ),
    Figure(
        id="backlog", name=_w("当前积压", "backlog now"), unit="count", kind="count", by=("severity", "status"),
        definition=_w(
            "此刻尚未结案的个案数，与所选时段无关。",
            "Cases that are not ended at this moment, whatever the period.",
        ),
        at=None, among=lambda e: e.status in LIVE_STATUSES,
    ),
)  # fmt: skip

REPAIR = (
    _ending(
        "repair_rate", _w("修复率", "repair rate"),
        _w(
            "分母：本期结案的个案，不含被合并的和误报；分子：其中以修复、替代方案、人工解决或取消并退款结案，且最后一次写操作之后的"
            "回读证实各系统已一致的个案。未经回读证实的（包括只发了提醒的）一律不计。",
            "Of the cases that ended in the period (merged ones and false alarms apart), those that ended as repaired, "
            "with an alternative, by a person, or cancelled and refunded, and that a read-back after the last write "
            "proved whole. Nothing that no read-back proved is counted; a reminder sent is not a repair.",
        ),
        hits=is_.proven,
    ),
    _ending(
        "automatic_repair_rate", _w("自动修复率", "automatic repair rate"),
        _w(
            "分母同修复率；分子：其中完全由系统自动修复（无人审批）并经回读证实的个案。",
            "Of the same cases as the repair rate, those that the system repaired alone, without anybody's approval, "
            "and that a read-back proved whole.",
        ),
        hits=is_.by_itself,
    ),
    _ending(
        "automatic_repair_rate_repairable",
        _w("可自动修复故障的自动修复率", "automatic repair rate of repairable faults"),
        _w(
            "同自动修复率，但分母只含主要故障有自动处理方案、且发生时间足够近因而允许处理的个案。",
            "As the automatic repair rate, among cases only whose leading fault has a playbook and that were recent "
            "enough to be touched.",
        ),
        among=is_.repairable, hits=is_.by_itself,
    ),
    _ending(
        "repairs_unproven", _w("未证实的修复", "repairs not proven"),
        _w(
            "本期以修复类结果结案、但没有回读证实的个案数；不计入修复率的分子。",
            "Cases that ended in the period as if repaired and that no read-back has proved: not counted as repairs.",
        ),
        unit="count", kind="count",
        among=lambda e: is_.was_broken(e) and e.resolution in is_.REPAIRS and not is_.proven(e),
    ),
    _ending(
        "relapse_rate", _w("复发率", "relapse rate"),
        _w(
            "分母：本期结案且未被合并的个案；分子：其中在观察期内又重新打开的。仍在观察中的个案以后还可能复发。",
            "Of the cases that ended in the period (merged ones apart), those that were opened again while they were "
            "still watched. What is still watched may yet come back.",
        ),
        among=is_.not_merged, hits=is_.relapsed,
    ),
    _ending(
        "hand_off_rate", _w("转人工率", "hand-off rate"),
        _w(
            "分母：本期结案且未被合并的个案；分子：其中曾转给人员或团队的。",
            "Of the cases that ended in the period (merged ones apart), those that were handed to a person or team on "
            "the way.",
        ),
        among=is_.not_merged, hits=lambda e: e.handed_off_at is not None,
    ),
    _ending(
        "self_cleared_rate", _w("自行消除率", "self-cleared rate"),
        _w(
            "分母：本期结案且未被合并的个案；分子：其中故障自行消除、系统未做修复的。",
            "Of the cases that ended in the period (merged ones apart), those whose fault went away by itself.",
        ),
        among=is_.not_merged, hits=lambda e: e.resolution == Resolution.SELF_CLEARED,
    ),
    _ending(
        "false_alarm_rate", _w("误报率", "false-alarm rate"),
        _w(
            "分母：本期结案且未被合并的个案；分子：其中被判定为误报的。",
            "Of the cases that ended in the period (merged ones apart), those that turned out to be false alarms.",
        ),
        among=is_.not_merged, hits=lambda e: e.resolution == Resolution.FALSE_ALARM,
    ),
)  # fmt: skip

TIMES = (
    _ending(
        "handling_time_mean", _w("平均处理时长", "mean handling time"),
        _w(
            "本期结案的个案（不含被合并的和误报）从故障可被检测到结案的平均秒数，等待顾客答复的时间除外。分子为总秒数，分母为个案数。",
            "Seconds from when the fault was detectable to the end, waits for the customer's answer apart: the mean of "
            "the cases that ended in the period (merged ones and false alarms apart). Numerator: their sum; "
            "denominator: cases.",
        ),
        unit="seconds", kind="mean", measure=is_.handling_seconds,
    ),
    _ending(
        "handling_time_p95", _w("处理时长 P95", "p95 handling time"),
        _w(
            "同一批个案处理时长的第 95 百分位（最近秩法）：95% 的个案不超过此秒数。分子为达到或超过该值的个案数。",
            "The 95th percentile (nearest rank) of the same times: 95 in 100 cases took no longer. Numerator: cases "
            "that took that long or longer.",
        ),
        unit="seconds", kind="p95", measure=is_.handling_seconds,
    ),
    _ending(
        "customer_wait_mean", _w("平均等待顾客时长", "mean wait for the customer"),
        _w(
            "同一批个案等待顾客答复的平均秒数；不含在处理时长内，在此单列。",
            "Seconds that the same cases waited for the customer's answer, on average: not part of the handling time, "
            "and so shown apart.",
        ),
        unit="seconds", kind="mean", measure=lambda e: e.waited_seconds,
    ),
    Figure(
        id="first_action_time_mean", name=_w("平均首次行动时长", "mean time to first action"),
        unit="seconds", kind="mean",
        definition=_w(
            "本期内首次采取行动的个案，从故障可被检测到首次被接受的外部写操作、顾客消息或指派的平均秒数；"
            "只检测不处理的旧事件除外。",
            "Seconds from when the fault was detectable to the first accepted write, customer message or assignment: "
            "the mean of the cases first acted on in the period; those that are only detected (old events) apart.",
        ),
        at=lambda e: e.first_action_at, among=is_.acted, measure=is_.first_action_seconds,
    ),
    Figure(
        id="first_action_time_p95", name=_w("首次行动时长 P95", "p95 time to first action"), unit="seconds", kind="p95",
        definition=_w(
            "同一批个案首次行动时长的第 95 百分位（最近秩法）。分子为达到或超过该值的个案数。",
            "The 95th percentile (nearest rank) of the same times. Numerator: cases that took that long or longer.",
        ),
        at=lambda e: e.first_action_at, among=is_.acted, measure=is_.first_action_seconds,
    ),
    Figure(
        id="sla_attainment", name=_w("SLA 达成率", "SLA attainment"), unit="share", kind="share",
        definition=_w(
            "分母：故障在本期内可被检测、且承诺已兑现或已超时的个案（尚未到期的不计）；分子：其中按时兑现的。"
            "高：1 分钟内已行动并通知人员；中：5 分钟内进入修复队列；低：30 分钟内解决或转人工，等待顾客的时间不计。",
            "Of the cases whose fault became detectable in the period and whose promise was met or missed by now, "
            "those that met it. High: acted on and staff told within 1 minute; medium: in the repair queue within 5; "
            "low: resolved or handed over within 30, waits for the customer's answer apart.",
        ),
        at=lambda e: e.detectable_at, among=is_.promised, hits=is_.kept_promise,
    ),
)  # fmt: skip

CUSTOMERS = (
    Figure(
        id="csat", name=_w("顾客满意度（CSAT）", "customer satisfaction (CSAT)"), unit="share", kind="share",
        definition=_w(
            "分母：本期内给出评分（1–5 分）的答复；分子：其中评 4 分或 5 分的。",
            "Of the ratings (1 to 5) that customers gave in the period, those of 4 or 5.",
        ),
        source="answers", at=lambda a: a.answered_at, among=lambda a: a.rating is not None,
        hits=lambda a: a.rating >= SATISFIED,
    ),
    Figure(
        id="csat_change", name=_w("满意度变化", "change of satisfaction"), unit="points", kind="change",
        definition=_w(
            "本期满意度减去紧邻的前一等长时段的满意度（0.1 即上升 10 个百分点）；任一时段没有评分则无值。"
            "分子、分母为本期的。",
            "The satisfaction of the period minus that of the period just before it, equally long (0.1: ten points "
            "up); none where either has no ratings. Numerator and denominator are the period's own.",
        ),
        source="answers", at=lambda a: a.answered_at, among=lambda a: a.rating is not None,
        hits=lambda a: a.rating >= SATISFIED,
    ),
    Figure(
        id="feedback_response_rate", name=_w("评价回复率", "feedback response rate"), unit="share", kind="share",
        definition=_w(
            "分母：本期内询问过评价的顾客；分子：其中已给出评分的。",
            "Of the customers who were asked in the period how it was, those who have given a rating.",
        ),
        source="answers", at=lambda a: a.asked_at, among=lambda a: True, hits=lambda a: a.rating is not None,
    ),
    Figure(
        id="promises_open", name=_w("未到期的承诺", "open promises"), unit="count", kind="count",
        definition=_w(
            "此刻尚未兑现、也未逾期的对顾客承诺数，与所选时段无关。",
            "Promises to customers that are open at this moment, whatever the period.",
        ),
        source="promises", at=None, among=lambda p: p.state == "open",
    ),
    Figure(
        id="promises_broken_rate", name=_w("承诺违约率", "broken promises"), unit="share", kind="share",
        definition=_w(
            "分母：本期到期、已兑现或已违约的对顾客承诺（取消的不计）；分子：其中未按时兑现的，事后补上的也算违约。",
            "Of the promises to customers that fell due in the period and were kept or broken (cancelled ones apart), "
            "those that were not kept in time, though perhaps later.",
        ),
        source="promises", at=lambda p: p.due_at, among=lambda p: p.state in ("kept", "broken"),
        hits=lambda p: p.broken_at is not None or p.state == "broken",
    ),
    Figure(
        id="messages_accepted_rate", name=_w("消息发出率", "messages sent"), unit="share", kind="share",
        definition=_w(
            "分母：本期内交给渠道且已有结果的顾客消息；分子：其中被渠道接受的（含已送达）。",
            "Of the messages to customers of the period whose channel has answered, those that it accepted (delivered "
            "ones with them).",
        ),
        source="messages", at=lambda m: m.at, among=lambda m: m.state in (*_ARRIVING, "failed"),
        hits=lambda m: m.state in _ARRIVING,
    ),
    Figure(
        id="messages_delivered_rate", name=_w("消息送达率", "messages delivered"), unit="share", kind="share",
        definition=_w(
            "分母同消息发出率；分子：其中渠道已回报送达的。有些渠道从不回报送达。",
            "Of the same messages, those that were reported as delivered. Some channels never report it.",
        ),
        source="messages", at=lambda m: m.at, among=lambda m: m.state in (*_ARRIVING, "failed"),
        hits=lambda m: m.state == "delivered",
    ),
)  # fmt: skip

MONEY = (
    _ending(
        "value_saved", _w("挽回金额", "value saved"),
        _w(
            "本期结案、经回读证实修复且顾客最终得到商品的个案的订单金额之和，按币种分列，不换算。分子为金额已知的个案数，分母为这类个案数。",
            "The order value of the cases that ended in the period with a proven repair after which the customer has "
            "the goods (cancelled and refunded ones apart), by currency, never converted. Numerator: those whose value "
            "is known; denominator: all of them.",
        ),
        unit="money", kind="money", among=is_.saved, hits=lambda e: e.value is not None, measure=lambda e: e.value,
    ),
    Figure(
        id="money_given", name=_w("让利金额", "money given away"), unit="money", kind="money",
        definition=_w(
            "本期内系统为修复而让出的金额（退款、降价、优惠券等计入限额的部分）之和，按币种分列，不换算。分子、分母为步骤数。",
            "What repairs gave away in the period (refunds, price cuts, coupons: whatever counts against the limits), "
            "by currency, never converted. Numerator and denominator: the steps that did.",
        ),
        source="given", at=lambda g: g.at, among=lambda g: True, measure=lambda g: g.money,
    ),
)  # fmt: skip

FIGURES: dict[str, Figure] = {f.id: f for f in (*REPAIR, *TIMES, *CUSTOMERS, *MONEY, *VOLUMES)}
"""Every figure by its id, in the order in which they are shown."""
