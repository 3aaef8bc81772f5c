"""What the timeline says, in both languages; one place for every sentence a case's history can hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from knowledge.faults.planning import REASONS as PLAYBOOK_REASONS
from knowledge.phrases import LANGUAGES, render
from knowledge.phrases.labels import in_both
from knowledge.phrases.staff_notices import TEXTS

SENTENCES: dict[str, dict[str, str]] = {
    "opened": {"en": "Case opened: {codes}", "zh-CN": "已建立个案：{codes}"},
    "extended": {"en": "Another fault found: {codes}", "zh-CN": "发现新的故障：{codes}"},
    "reopened": {"en": "Reopened, the fault came back: {codes}", "zh-CN": "故障复发，已重新打开：{codes}"},
    "goes_on": {
        "en": "A late change at the shop left the repair unfinished; going on with it",
        "zh-CN": "商城后续变动使修复尚未完成，继续处理",
    },
    "reopened_by": {"en": "Reopened: {reason}", "zh-CN": "已重新打开：{reason}"},
    "diagnosed": {"en": "Diagnosed at the step “{step}”: {cause}", "zh-CN": "诊断结果（{step}环节）：{cause}"},
    "self_cleared": {"en": "The systems agree again by themselves", "zh-CN": "各系统已自行恢复一致"},
    "false_alarm": {
        "en": "Read-back shows the order was healthy all along; nothing was changed",
        "zh-CN": "回读证实订单一直正常，未作任何改动",
    },
    "planned": {"en": "Plan {version}: {summary}", "zh-CN": "方案 {version}：{summary}"},
    "needs_approval": {
        "en": "Plan {version} waits for the approval of {role}: {reasons}",
        "zh-CN": "方案 {version} 等待{role}审批：{reasons}",
    },
    "approved": {"en": "Plan {version} approved", "zh-CN": "方案 {version} 已批准"},
    "edited": {
        "en": "Plan {version} was edited before approval and is now plan {new}: {difference}",
        "zh-CN": "方案 {version} 批准前经修改，成为方案 {new}：{difference}",
    },
    "undoing": {
        "en": "Plan {version} is to be undone: {what}",
        "zh-CN": "请求撤销方案 {version}：{what}",
    },
    "not_undone": {
        "en": "Of plan {version} this stays: {what}",
        "zh-CN": "方案 {version} 中以下内容无法撤销：{what}",
    },
    "undone": {
        "en": "Plan {version} is undone, and the read-back shows it",
        "zh-CN": "方案 {version} 已撤销，回读确认一致",
    },
    "undone_unseen": {
        "en": "Plan {version} was undone, but the read-back does not show: {what}",
        "zh-CN": "方案 {version} 已撤销，但回读未能确认：{what}",
    },
    "incident_opened": {
        "en": "Incident: more than {budget} repairs of “{fault}” on {sku} within an hour; further cases wait for it",
        "zh-CN": "事件：一小时内“{fault}”（{sku}）修复超过 {budget} 次，后续个案等待处理",
    },
    "incident_joined": {"en": "Case {other} waits for this incident", "zh-CN": "个案 {other} 等待本事件处理"},
    "incident_waits": {
        "en": "Waits for incident {incident}: many orders break for one cause",
        "zh-CN": "等待事件 {incident} 处理：同一原因导致大量订单异常",
    },
    "incident_over": {
        "en": "Incident {incident} is over; taken up again",
        "zh-CN": "事件 {incident} 已结束，重新处理",
    },
    "rejected": {"en": "Plan {version} rejected: {reason}", "zh-CN": "方案 {version} 被驳回：{reason}"},
    "approval_expired": {
        "en": "Nobody decided on plan {version} in time; that counts as a no",
        "zh-CN": "方案 {version} 逾期未审批，按不同意处理",
    },
    "evidence_changed": {
        "en": "What plan {version} was approved for has changed; planned again",
        "zh-CN": "方案 {version} 批准后情况有变，已重新制定",
    },
    "chosen_changed": {
        "en": "What plan {version} was chosen for has changed: it is not performed",
        "zh-CN": "选定方案 {version} 后情况有变，不再执行",
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
    "held": {
        "en": "Quiet hours: the message to the customer ({occasion}) goes out at {until}",
        "zh-CN": "处于免打扰时段：发给顾客的消息（{occasion}）将于 {until} 发出",
    },
    "route_failed": {
        "en": "By {channel} the customer could not be told ({occasion}): {reason}; another way is tried",
        "zh-CN": "未能通过{channel}告知顾客（{occasion}）：{reason}，改用其他方式",
    },
    "came_back": {
        "en": "The {channel} to the customer ({occasion}) did not arrive: {reason}",
        "zh-CN": "发给顾客的{channel}（{occasion}）未能送达：{reason}",
    },
    "not_sent": {
        "en": "A waiting message to the customer ({occasion}) was not sent: it does not apply any more",
        "zh-CN": "待发给顾客的消息（{occasion}）已不再适用，未发送",
    },
    "opted_out": {
        "en": "The customer wants no more messages by {channel}",
        "zh-CN": "顾客要求不再接收{channel}",
    },
    "replied": {"en": "The customer answered: {choice}", "zh-CN": "顾客已答复：{choice}"},
    "replied_words": {"en": "The customer answered in words", "zh-CN": "顾客用文字作了答复"},
    "replied_again": {
        "en": "The customer wrote once more; no open question was answered, a person should read it",
        "zh-CN": "顾客再次来信，未答复任何待答问题，请人工查看",
    },
    "replied_late": {
        "en": "The customer answered case {other}, which was merged into this one; a person should read it",
        "zh-CN": "顾客答复了已并入本个案的个案 {other}，请人工查看",
    },
    "shop_answers": {
        "en": "The shop answers again; taken up where it was left",
        "zh-CN": "商城已恢复响应，继续处理",
    },
    "no_reply": {"en": "The customer did not answer in time", "zh-CN": "顾客逾期未答复"},
    "asked_for_person": {
        "en": "The customer asks for a person in the chat; nothing is known to be wrong with the order",
        "zh-CN": "顾客在聊天中要求人工服务；订单本身未发现异常",
    },
    "wants_person": {"en": "The customer asks for a person: {words}", "zh-CN": "顾客要求人工服务：{words}"},
    "requested": {"en": "The customer asks for this: {what}. {words}", "zh-CN": "顾客诉求：{what}。{words}"},
    "chat_wrote": {"en": "The customer wrote in the chat", "zh-CN": "顾客在聊天中留言"},
    "chat_answered": {"en": "The customer was answered in the chat", "zh-CN": "已在聊天中回复顾客"},
    "handed_off": {"en": "Handed to {owner}: {reason}", "zh-CN": "已转交{owner}：{reason}"},
    "claimed": {"en": "Claimed by {owner}", "zh-CN": "由{owner}认领"},
    "chosen": {"en": "Why {owner}: {why}", "zh-CN": "分派理由（{owner}）：{why}"},
    "nobody_free": {"en": "It waits in the team's queue: {why}", "zh-CN": "在团队队列中等待：{why}"},
    "routed": {"en": "Given to {owner}: {why}", "zh-CN": "已分派给{owner}：{why}"},
    "lapsed": {
        "en": "{former} did not take it up in time; it is {owner}'s now: {why}",
        "zh-CN": "{former}未及时接手，改由{owner}处理：{why}",
    },
    "to_supervisors": {
        "en": "Nobody took it up in time; it is the supervisors' now",
        "zh-CN": "无人及时接手，已升级至主管",
    },
    "not_there": {
        "en": "{former} is not at work any more; the case is given to somebody else",
        "zh-CN": "{former}已不在岗，个案另行分派",
    },
    "taken_over": {"en": "{owner} took it over from {former}", "zh-CN": "{owner}从{former}处接手"},
    "released": {"en": "Given back to the assistant", "zh-CN": "已交还助手处理"},
    "resolved": {"en": "Resolved: {resolution}", "zh-CN": "已解决：{resolution}"},
    "resolved_by": {"en": "Resolved by hand: {resolution}. {note}", "zh-CN": "人工解决：{resolution}。{note}"},
    "closed": {"en": "Closed: the follow-up time has passed", "zh-CN": "观察期已过，个案关闭"},
    "seen_again": {
        "en": "A read-back during the follow-up time shows a fault again that was gone: {codes}",
        "zh-CN": "观察期内回读发现已消除的故障再次出现：{codes}",
    },
    "asked_feedback": {"en": "The customer is asked how we did", "zh-CN": "已邀请顾客评价"},
    "rated": {"en": "The customer rated us {rating} of 5", "zh-CN": "顾客评分：{rating} 分（满分 5 分）"},
    "rated_again": {
        "en": "The customer rated us again ({rating} of 5); the first rating counts",
        "zh-CN": "顾客再次评分（{rating} 分），以首次评分为准",
    },
    "commented": {
        "en": "The customer answered the question how we did in words",
        "zh-CN": "顾客在评价中留了言",
    },
    "commented_again": {
        "en": "The customer answered the question how we did once more; a person should read it",
        "zh-CN": "顾客再次就评价留言，请人工查看",
    },
    "outcome_undone": {
        "en": "What became of this case no longer counts for later decisions: {reason}",
        "zh-CN": "本个案的结果不再影响后续决策：{reason}",
    },
    "snoozed": {"en": "Snoozed until {until}", "zh-CN": "暂缓至 {until}"},
    "woke": {"en": "Snooze is over", "zh-CN": "暂缓结束"},
    "merged": {"en": "Merged into case {into}", "zh-CN": "已并入个案 {into}"},
    "absorbed": {"en": "Case {other} was merged into this one", "zh-CN": "个案 {other} 已并入本个案"},
    "promised": {"en": "Promised to the customer by {due}: {text}", "zh-CN": "已向顾客承诺，最迟 {due}：{text}"},
    "promise_kept": {"en": "Promise kept: {text}", "zh-CN": "承诺已兑现：{text}"},
    "promise_kept_late": {"en": "Promise kept, but too late: {text}", "zh-CN": "承诺已兑现，但已逾期：{text}"},
    "notice_promise_due": {
        "en": "Due soon, by {due}: what the customer of {order} was promised. {text}",
        "zh-CN": "对 {order} 顾客的承诺即将到期（{due}）：{text}",
    },
    "notice_promise_broken": {
        "en": "A promise to the customer of {order} was broken; it was due by {due}. {text}",
        "zh-CN": "对 {order} 顾客的承诺未能兑现，期限为 {due}：{text}",
    },
    "notice_customer_wrote": {
        "en": "The customer of {order} has written or chosen; the case is yours",
        "zh-CN": "{order} 的顾客有新的来信或选择，个案在您手中",
    },
    "promise_broken": {
        "en": "Promise broken, it was due by {due}: {text}",
        "zh-CN": "未能兑现承诺，期限为 {due}：{text}",
    },
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
    "undo": {"en": "taking back what was done is decided by a person", "zh-CN": "撤销已完成的操作须由人工决定"},
    "chosen": {"en": "a person chose it", "zh-CN": "由人工选定"},
    "chosen_over": {
        "en": "the plan a person chose was performed, and something is left to decide",
        "zh-CN": "选定的方案已执行，仍有事项待人工决定",
    },
    "chosen_refused": {
        "en": "the shop refused part of the plan a person chose",
        "zh-CN": "选定的方案中有步骤被商城拒绝",
    },
    "evidence_changed": {
        "en": "what the chosen plan rested on has changed",
        "zh-CN": "选定方案所依据的情况已变化",
    },
    "undone": {"en": "it was undone at a person's wish", "zh-CN": "已按人工要求撤销"},
    "left_out": {
        "en": "what is left to do was taken out of the plan by a person",
        "zh-CN": "剩余步骤已被人工从方案中删除",
    },
    "repeated_faults": {
        "en": "this customer's orders have broken again and again lately",
        "zh-CN": "该顾客近期订单反复出现故障",
    },
    "disputed": {"en": "a payment is disputed; refunds are blocked", "zh-CN": "付款存在争议，退款被冻结"},
    "repair_failed": {"en": "the repair failed more than once", "zh-CN": "修复已多次失败"},
    "too_many_rounds": {"en": "the case does not settle", "zh-CN": "个案反复未能收敛"},
    "no_answer": {"en": "the customer did not answer", "zh-CN": "顾客未答复"},
    "cannot_ask": {"en": "the customer can't be reached", "zh-CN": "无法联系顾客"},
    "not_backed": {
        "en": "a message to the customer said what the records do not show, and was stopped",
        "zh-CN": "发给顾客的消息与系统记录不符，已被拦下",
    },
    "rejected": {"en": "the plan was rejected", "zh-CN": "方案被驳回"},
    "approval_expired": {"en": "the approval time ran out", "zh-CN": "审批超时"},
    "not_live": {"en": "the events are old: detection only", "zh-CN": "事件时间较早，仅检测不处理"},
    "out_of_time": {"en": "its promised time is running out", "zh-CN": "承诺时限将至，尚未处理完"},
    "shared": {
        "en": "its promised time is running out: the team watches it while the assistant goes on",
        "zh-CN": "承诺时限将至：由客服团队跟进，系统继续处理",
    },
    "shop_silent": {"en": "the shop has not answered for too long", "zh-CN": "商城长时间无响应"},
    "journey_failed": {"en": "the assistant failed on it", "zh-CN": "助手处理出错"},
    "customer_asked": {
        "en": "the customer asks to talk to a person",
        "zh-CN": "顾客要求人工服务",
    },
    "customer_request": {
        "en": "the customer asks for something that a person decides",
        "zh-CN": "顾客提出了需由人工决定的诉求",
    },
    "by_hand": {"en": "a colleague handed it on", "zh-CN": "同事转交"},
    "unhappy": {
        "en": "the customer is not content with how it was handled",
        "zh-CN": "顾客对处理结果不满意",
    },
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


def held(occasion: str, until: datetime) -> dict[str, str]:
    """That a message waits for the end of quiet hours."""
    return say("held", occasion=occasion_words(occasion), until=f"{until:%Y-%m-%d %H:%M} UTC")


def refused(action: str, code: str) -> dict[str, str]:
    """That the shop refused a step."""
    return say("step_refused", action=in_both("action", action), code=in_both("refusal", code))


def not_told(occasion: str, code: str | None) -> dict[str, str]:
    """That nobody could be told, and why."""
    return say("not_told", occasion=occasion_words(occasion), reason=in_both("not_told", code))


def choice_words(choice: str) -> dict[str, str]:
    """What a customer chose: a choice's id in words, with the product or place that it names."""
    kind, _, which = choice.partition(":")
    if kind == "rate" and which:
        return {"en": f"{which} of 5", "zh-CN": f"{which} 分（满分 5 分）"}
    told = in_both("choice", kind)
    return {language: f"{words} ({which})" if which else words for language, words in told.items()}


def occasion_words(occasion: str) -> dict[str, str]:
    """What a message is about, without the sku it may name."""
    return in_both("occasion", occasion.split(":", 1)[0])


def subject_words(case: dict[str, Any]) -> dict[str, str]:
    """What a case is about, as people know it: `Order o1`, else its checkout, payment or product."""
    kind, name = ("order", case["order_id"]) if case["order_id"] else (case["subject_kind"], case["subject_id"])
    return {language: render(TEXTS, kind, language, id=name) for language in LANGUAGES}
