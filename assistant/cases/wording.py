"""What the timeline says, in both languages; one place for every sentence a case's history can hold."""

from __future__ import annotations

from typing import Any

from knowledge.faults.planning import REASONS as PLAYBOOK_REASONS
from knowledge.phrases.labels import in_both

SENTENCES: dict[str, dict[str, str]] = {
    "opened": {"en": "Case opened: {codes}", "zh-CN": "已建立个案：{codes}"},
    "extended": {"en": "Another fault found: {codes}", "zh-CN": "发现新的故障：{codes}"},
    "reopened": {"en": "Reopened, the fault came back: {codes}", "zh-CN": "故障复发，已重新打开：{codes}"},
    "goes_on": {
        "en": "A late change at the shop left the repair unfinished; going on with it",
        "zh-CN": "商城后续变动使修复尚未完成，继续处理",
    },
    "reopened_by": {"en": "Reopened: {reason}", "zh-CN": "已重新打开：{reason}"},
    "diagnosed": {"en": "Diagnosed: {cause} (step: {step})", "zh-CN": "诊断结果：{cause}（环节：{step}）"},
    "self_cleared": {"en": "The systems agree again by themselves", "zh-CN": "各系统已自行恢复一致"},
    "false_alarm": {
        "en": "Read-back shows the order was healthy all along; nothing was changed",
        "zh-CN": "回读证实订单一直正常，未作任何改动",
    },
    "planned": {"en": "Plan {version}: {summary}", "zh-CN": "方案 {version}：{summary}"},
    "needs_approval": {
        "en": "Plan {version} waits for approval: {reasons}",
        "zh-CN": "方案 {version} 等待审批：{reasons}",
    },
    "approved": {"en": "Plan {version} approved", "zh-CN": "方案 {version} 已批准"},
    "rejected": {"en": "Plan {version} rejected: {reason}", "zh-CN": "方案 {version} 被驳回：{reason}"},
    "approval_expired": {
        "en": "Nobody decided on plan {version} in time; that counts as a no",
        "zh-CN": "方案 {version} 逾期未审批，按不同意处理",
    },
    "evidence_changed": {
        "en": "What plan {version} was approved for has changed; planned again",
        "zh-CN": "方案 {version} 批准后情况有变，已重新制定",
    },
    "step_done": {"en": "Done: {effect}", "zh-CN": "已完成：{effect}"},
    "step_already": {"en": "Was already so: {effect}", "zh-CN": "已是如此：{effect}"},
    "step_refused": {
        "en": "The shop refused “{action}” ({code}); looking again",
        "zh-CN": "商城拒绝了“{action}”（{code}），重新核查",
    },
    "step_unknown": {
        "en": "No answer to “{action}”; its outcome is unknown and is being read back",
        "zh-CN": "“{action}”未得到答复，结果未知，正在回读核实",
    },
    "shop_unavailable": {
        "en": "The shop does not answer ({code}); trying again in {seconds} s",
        "zh-CN": "商城暂无响应（{code}），{seconds} 秒后重试",
    },
    "writes_off": {
        "en": "Writes are switched off: plan {version} is kept and not performed",
        "zh-CN": "写入已关闭：方案 {version} 已保留，未执行",
    },
    "asked": {
        "en": "The customer was asked ({occasion}); waiting for an answer",
        "zh-CN": "已询问顾客（{occasion}），等待答复",
    },
    "told": {"en": "The customer was told ({occasion}) by {channel}", "zh-CN": "已通过{channel}告知顾客（{occasion}）"},
    "not_told": {
        "en": "The customer could not be told ({occasion}): {reason}",
        "zh-CN": "未能告知顾客（{occasion}）：{reason}",
    },
    "replied": {"en": "The customer answered: {choice}", "zh-CN": "顾客已答复：{choice}"},
    "replied_again": {
        "en": "The customer wrote once more; no open question was answered, a person should read it",
        "zh-CN": "顾客再次来信，未答复任何待答问题，请人工查看",
    },
    "no_reply": {"en": "The customer did not answer in time", "zh-CN": "顾客逾期未答复"},
    "handed_off": {"en": "Handed to {owner}: {reason}", "zh-CN": "已转交{owner}：{reason}"},
    "claimed": {"en": "Claimed by {owner}", "zh-CN": "由{owner}认领"},
    "released": {"en": "Given back to the assistant", "zh-CN": "已交还助手处理"},
    "resolved": {"en": "Resolved: {resolution}", "zh-CN": "已解决：{resolution}"},
    "resolved_by": {"en": "Resolved by hand: {resolution}. {note}", "zh-CN": "人工解决：{resolution}。{note}"},
    "closed": {"en": "Closed: the follow-up time has passed", "zh-CN": "观察期已过，个案关闭"},
    "snoozed": {"en": "Snoozed until {until}", "zh-CN": "暂缓至 {until}"},
    "woke": {"en": "Snooze is over", "zh-CN": "暂缓结束"},
    "merged": {"en": "Merged into case {into}", "zh-CN": "已并入个案 {into}"},
    "absorbed": {"en": "Case {other} was merged into this one", "zh-CN": "个案 {other} 已并入本个案"},
    "journey_failed": {
        "en": "The assistant failed on this case ({error}); a human has to look",
        "zh-CN": "助手处理本个案时出错（{error}），需人工处理",
    },
}

REASONS: dict[str, dict[str, str]] = {
    "human_fault": {"en": "this kind of fault is decided by a person", "zh-CN": "此类故障由人工判断"},
    "above_limit": {"en": "more money than may move without a person", "zh-CN": "金额超出自动处理限额"},
    "currency": {"en": "no limit is set for this currency", "zh-CN": "该币种未设限额"},
    "price_drop_share": {"en": "the price would drop too far", "zh-CN": "降价幅度过大"},
    "incident": {
        "en": "many orders break for one cause: this is an incident, not a single repair",
        "zh-CN": "同一原因导致大量订单异常，属于事件而非单个修复",
    },
    "disputed": {"en": "a payment is disputed; refunds are blocked", "zh-CN": "付款存在争议，退款被冻结"},
    "repair_failed": {"en": "the repair failed more than once", "zh-CN": "修复已多次失败"},
    "too_many_rounds": {"en": "the case does not settle", "zh-CN": "个案反复未能收敛"},
    "no_answer": {"en": "the customer did not answer", "zh-CN": "顾客未答复"},
    "cannot_ask": {"en": "the customer can't be reached", "zh-CN": "无法联系顾客"},
    "rejected": {"en": "the plan was rejected", "zh-CN": "方案被驳回"},
    "approval_expired": {"en": "the approval time ran out", "zh-CN": "审批超时"},
    "not_live": {"en": "the events are old: detection only", "zh-CN": "事件时间较早，仅检测不处理"},
    "shop_silent": {"en": "the shop has not answered for too long", "zh-CN": "商城长时间无响应"},
    "journey_failed": {"en": "the assistant failed on it", "zh-CN": "助手处理出错"},
    "target_blocked": {
        "en": "an earlier case left a write there whose outcome is unknown",
        "zh-CN": "先前个案对同一对象的写入结果仍不明确",
    },
}


def say(key: str, **params: Any) -> dict[str, str]:
    """One timeline sentence in both languages. A parameter may itself be `{language: text}`."""
    return {
        language: text.format(
            **{k: v.get(language, v.get("en", "")) if isinstance(v, dict) else v for k, v in params.items()}
        )
        for language, text in SENTENCES[key].items()
    }


def reason(code: str) -> dict[str, str]:
    """Why a human is needed, in both languages; an unknown code stands for itself."""
    return REASONS.get(code) or PLAYBOOK_REASONS.get(code) or {"en": code.replace("_", " "), "zh-CN": code}


def reasons(codes: list[str]) -> dict[str, str]:
    """Several reasons as one phrase per language."""
    return {
        "en": "; ".join(reason(c)["en"] for c in codes),
        "zh-CN": "；".join(reason(c)["zh-CN"] for c in codes),
    }


def occasion_words(occasion: str) -> dict[str, str]:
    """What a message is about, without the sku it may name."""
    return in_both("occasion", occasion.split(":", 1)[0])
