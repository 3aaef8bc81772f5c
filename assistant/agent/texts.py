"""The offline model's sentences in Chinese and English; rendered by `knowledge.phrases`."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # -- the case ---------------------------------------------------------------------------------------------------
    "wrong": {
        "zh-CN": "本个案的问题是：{faults}。严重程度：{severity}；当前状态：{status}；发现时间：{detected_at} {cite}。",
        "en": "What is wrong: {faults}. Severity: {severity}; status: {status}; detected at {detected_at} {cite}.",
    },
    "no_fault": {
        "zh-CN": "本个案没有记录任何故障 {cite}。",
        "en": "No fault is recorded on this case {cite}.",
    },
    "cause": {
        "zh-CN": "原因：{cause}（环节：{step}）{cite}。",
        "en": "Cause: {cause} (step: {step}) {cite}.",
    },
    "no_cause": {
        "zh-CN": "诊断尚未给出根本原因；目前确认的故障是：{faults}。",
        "en": "Diagnosis has not named a root cause yet; the fault found so far: {faults}.",
    },
    "evidence": {"zh-CN": "依据如下：", "en": "The evidence:"},
    "evidence_item": {
        "zh-CN": "- {at}，{kind} {ref}：{value} {cite}",
        "en": "- {at}, {kind} {ref}: {value} {cite}",
    },
    "no_evidence": {
        "zh-CN": "个案中没有记录证据 {cite}。",
        "en": "The case records no evidence {cite}.",
    },
    "confidence": {
        "zh-CN": "“{fault}”的置信度为 {confidence}。",
        "en": "Confidence in “{fault}”: {confidence}.",
    },
    "tried": {"zh-CN": "已处理的步骤 {cite}：", "en": "Done so far {cite}:"},
    "step": {"zh-CN": "- {effect}（{status}）", "en": "- {effect} ({status})"},
    "happened": {"zh-CN": "- {at}：{what} {cite}", "en": "- {at}: {what} {cite}"},
    "not_tried": {
        "zh-CN": "目前还没有执行任何修复步骤 {cite}。",
        "en": "No repair step has been performed yet {cite}.",
    },
    "next.open": {
        "zh-CN": "系统正在处理（{status}），应于 {due_at} 前着手 {cite}。",
        "en": "The assistant is working on it ({status}); due by {due_at} {cite}.",
    },
    "next.awaiting_approval": {
        "zh-CN": "方案 {version} 正在等待审批；批准后才会执行。请在个案页面批准或驳回，期限 {due_at} {cite}。",
        "en": "Plan {version} waits for approval and is performed only after it. Approve or reject it on the case; "
        "due by {due_at} {cite}.",
    },
    "next.awaiting_customer": {
        "zh-CN": "正在等待顾客答复，答复后自动继续 {cite}。",
        "en": "The customer's answer is awaited; it goes on by itself once it comes {cite}.",
    },
    "next.handed_off": {
        "zh-CN": "个案已转人工，由 {owner} 处理，系统不再自动执行 {cite}。",
        "en": "The case was handed to {owner}; the assistant performs nothing by itself any more {cite}.",
    },
    "next.ended": {
        "zh-CN": "没有后续步骤：个案{status}，结果：{resolution}，时间：{resolved_at} {cite}。",
        "en": "Nothing is left to do: the case is {status}. Outcome: {resolution}, at {resolved_at} {cite}.",
    },
    "left": {"zh-CN": "剩余步骤：", "en": "Steps left:"},
    "owner": {
        "zh-CN": "负责人：{owner} {cite}。",
        "en": "Owner: {owner} {cite}.",
    },
    "no_owner": {
        "zh-CN": "目前没有人认领，由系统处理（{status}）{cite}。",
        "en": "No person owns it; the assistant is handling it ({status}) {cite}.",
    },
    "told": {"zh-CN": "与顾客的沟通记录：", "en": "What passed between us and the customer:"},
    "not_told": {
        "zh-CN": "个案中没有给顾客发送消息的记录 {cite}。",
        "en": "The case records no message to the customer {cite}.",
    },
    "promise": {
        "zh-CN": "- 承诺（{state}，期限 {due_at}）：{text} {cite}",
        "en": "- promised, {state}, due {due_at}: {text} {cite}",
    },
    "message": {
        "zh-CN": "- {at}，经{channel}发送“{occasion}”：{state}；顾客答复：{answer} {cite}",
        "en": "- {at}, “{occasion}” by {channel}: {state}; the customer's answer: {answer} {cite}",
    },
    "answered": {"zh-CN": "已答复", "en": "given"},
    "unanswered": {"zh-CN": "尚无", "en": "none yet"},
    "more_to_decide": {
        "zh-CN": "方案 {version} 正等待审批，可在个案页面批准 {cite}。",
        "en": "Plan {version} waits for approval; it can be approved on the case {cite}.",
    },
    # -- the order --------------------------------------------------------------------------------------------------
    "money": {
        "zh-CN": "提交时应付 {due}，实收 {captured}，已退 {refunded}，退款处理中 {refund_pending} {cite}。",
        "en": "Due at submit {due}; captured {captured}; refunded {refunded}; refunds pending {refund_pending} {cite}.",
    },
    "no_total": {
        "zh-CN": "尚无约定的应付总额 {cite}。",
        "en": "No payable total was agreed yet {cite}.",
    },
    "money.repriced": {
        "zh-CN": "订单 {id} 现在的总额为 {total} {cite}。",
        "en": "Order {id} now asks {total} {cite}.",
    },
    "money.over": {
        "zh-CN": "该单已取消或失效，不会再发货。",
        "en": "It was cancelled or has expired; nothing will be delivered any more.",
    },
    "money.authorized": {"zh-CN": "另有已授权、尚未扣款 {amount}。", "en": "{amount} is authorised and not captured."},
    "money.left": {"zh-CN": "还差 {amount} 未付。", "en": "{amount} is still to be paid."},
    "money.above": {
        "zh-CN": "多收且尚未退还 {amount}。",
        "en": "{amount} more than is due is kept.",
    },
    "money.disputed": {"zh-CN": "争议金额 {amount}。", "en": "{amount} is disputed."},
    "payment": {
        "zh-CN": "- 付款 {id}：{amount}，{status} {cite}",
        "en": "- Payment {id}: {amount}, {status} {cite}",
    },
    "no_payment": {"zh-CN": "没有任何付款记录。", "en": "There is no payment on record."},
    "order": {
        "zh-CN": "订单 {id}：{status}，总额 {total} {cite}。",
        "en": "Order {id}: {status}, total {total} {cite}.",
    },
    "order.ship": {"zh-CN": "预计发货时间：{at}。", "en": "Expected to ship at {at}."},
    "no_order": {
        "zh-CN": "结算 {id}（{status}）还没有订单 {cite}。",
        "en": "Checkout {id} ({status}) has no order yet {cite}.",
    },
    "line": {
        "zh-CN": "- 商品 {sku} × {quantity}，单价 {price}",
        "en": "- Item {sku} × {quantity} at {price}",
    },
    "reservation": {
        "zh-CN": "- 预留 {sku} × {quantity}：{status} {cite}",
        "en": "- Reservation {sku} × {quantity}: {status} {cite}",
    },
    "stock": {
        "zh-CN": "- 库存 {sku}：可用 {available} {cite}",
        "en": "- Stock {sku}: {available} available {cite}",
    },
    "address_missing": {
        "zh-CN": "收货信息缺少：{missing}。",
        "en": "Missing in the delivery information: {missing}.",
    },
    "differences": {"zh-CN": "各系统之间的差异：", "en": "Where the systems disagree:"},
    "difference": {
        "zh-CN": "- {what}{about}：{systems} {cite}",
        "en": "- {what}{about}: {systems} {cite}",
    },
    "no_difference": {
        "zh-CN": "未发现各系统之间有差异。",
        "en": "No difference between the systems was found.",
    },
    "read_at": {
        "zh-CN": "最近一次回读商城的时间：{at} {cite}。",
        "en": "The shop was last read back at {at} {cite}.",
    },
    # -- similar cases ----------------------------------------------------------------------------------------------
    "similar": {"zh-CN": "找到相似的已解决个案：", "en": "Similar solved cases:"},
    "similar_item": {
        "zh-CN": "- {id}（相似度 {score}）：{summary} 结果：{outcome} {cite}",
        "en": "- {id} (similarity {score}): {summary} Outcome: {outcome} {cite}",
    },
    "no_similar": {
        "zh-CN": "历史个案库中没有足够相似的已解决个案。",
        "en": "The library holds no solved case that is similar enough.",
    },
    # -- itself -----------------------------------------------------------------------------------------------------
    "hello": {
        "zh-CN": "您好，我是 Helloword 助手。",
        "en": "Hello, I am Helloword Assistant.",
    },
    "can": {
        "zh-CN": "关于本个案，我可以回答：出了什么问题、原因和证据、已做的处理、下一步、负责人、款项、订单与库存状态、"
        "与顾客的沟通，以及相似的历史个案。",
        "en": "About this case I can tell you: what is wrong, why and on what evidence, what was done, what is next, "
        "who owns it, the money, the state of order and stock, what the customer was told, and similar solved cases.",
    },
    "out_of_scope": {
        "zh-CN": "这个问题不在我能回答的范围内。",
        "en": "That is outside what I can answer.",
    },
    "cannot_do": {
        "zh-CN": "对话只能查询，不能执行操作，因此没有做任何改动。",
        "en": "This conversation only reads: I changed nothing.",
    },
    "unreadable": {
        "zh-CN": "现在读不到所需的数据（{code}）。",
        "en": "What this needs can't be read now ({code}).",
    },
    # -- a question to the library ----------------------------------------------------------------------------------
    "query": {"zh-CN": "{faults}：{cause}", "en": "{faults}: {cause}"},
}
