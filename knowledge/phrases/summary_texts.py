"""The sentences of a hand-off summary, in both languages; every figure in them comes from the records."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # -- who --------------------------------------------------------------------------------------------------------
    "customer": {
        "zh-CN": "顾客：{tier}，使用{spoken}，可通过{channels}联系。",
        "en": "Customer: {tier}, speaks {spoken}, can be reached by {channels}.",
    },
    "guest": {
        "zh-CN": "访客，没有账户；留下的联系方式：{channels}。",
        "en": "A guest without an account; contact given: {channels}.",
    },
    "nobody": {"zh-CN": "此个案不涉及已知顾客。", "en": "No customer is known for this case."},
    "tier.standard": {"zh-CN": "普通顾客", "en": "standard"},
    "tier.vip": {"zh-CN": "VIP 顾客", "en": "VIP"},
    "language.zh-CN": {"zh-CN": "中文", "en": "Chinese"},
    "language.en": {"zh-CN": "英文", "en": "English"},
    "no_channel": {"zh-CN": "（无可用渠道）", "en": "no known channel"},
    # -- what -------------------------------------------------------------------------------------------------------
    "purchase": {
        "zh-CN": "涉及结算 {checkout}，约定总额 {total}。",
        "en": "It is about checkout {checkout}, agreed total {total}.",
    },
    "purchase_unpriced": {"zh-CN": "涉及结算 {checkout}。", "en": "It is about checkout {checkout}."},
    "subject.conversation": {"zh-CN": "涉及聊天会话 {id}。", "en": "It is about the conversation {id}."},
    "subject.sku": {"zh-CN": "涉及商品 {id}。", "en": "It is about the sku {id}."},
    "subject.payment": {"zh-CN": "涉及付款 {id}。", "en": "It is about the payment {id}."},
    "order": {"zh-CN": "订单 {id}：{status}，总额 {total}。", "en": "Order {id}: {status}, total {total}."},
    "no_order": {"zh-CN": "商城中没有对应的订单。", "en": "The shop has no order for it."},
    "payment": {
        "zh-CN": "付款 {id}：{status}，实收 {captured}，已退 {refunded}。",
        "en": "Payment {id}: {status}, captured {captured}, refunded {refunded}.",
    },
    "fault": {"zh-CN": "{title}：{what}", "en": "{title}: {what}"},
    "fault_over": {
        "zh-CN": "{title}（已于 {at} 消除）：{what}",
        "en": "{title} (cleared at {at}): {what}",
    },
    "cause": {"zh-CN": "故障环节：{step}。原因：{cause}。", "en": "It broke at the step “{step}”. Cause: {cause}."},
    "ruled_out": {"zh-CN": "已排除：{explanation}。", "en": "Ruled out: {explanation}."},
    # -- what was tried ---------------------------------------------------------------------------------------------
    "plan": {"zh-CN": "方案 {version}（{state}）：{summary}", "en": "Plan {version} ({state}): {summary}"},
    "plan.ready": {"zh-CN": "执行中", "en": "being performed"},
    "plan.awaiting": {"zh-CN": "等待审批", "en": "waiting for approval"},
    "plan.approved": {"zh-CN": "已批准", "en": "approved"},
    "plan.rejected": {"zh-CN": "被驳回", "en": "turned down"},
    "plan.expired": {"zh-CN": "逾期未审批", "en": "not decided in time"},
    "plan.done": {"zh-CN": "已执行", "en": "performed"},
    "plan.failed": {"zh-CN": "未成功", "en": "did not work"},
    "plan.superseded": {"zh-CN": "已撤回", "en": "withdrawn"},
    "plan.undone": {"zh-CN": "已撤销", "en": "undone"},
    "plan.not_undone": {"zh-CN": "未能完全撤销", "en": "not wholly undone"},
    "step": {"zh-CN": "步骤（{status}）：{effect}", "en": "Step ({status}): {effect}"},
    "refused": {
        "zh-CN": "步骤被商城拒绝（{code}）：{effect}",
        "en": "Step refused by the shop ({code}): {effect}",
    },
    "unsettled": {
        "zh-CN": "对 {target} 的操作“{action}”尚无明确结果。",
        "en": "What came of “{action}” on {target} is not known yet.",
    },
    "nothing_tried": {"zh-CN": "尚未执行任何修复步骤。", "en": "No repair step has been performed."},
    "moved": {
        "zh-CN": "至今经系统给予顾客（退款、降价、优惠券等）共 {amounts}。",
        "en": "Given to the customer so far (refunds, price cuts, coupons): {amounts}.",
    },
    "nothing_moved": {"zh-CN": "系统尚未动用任何款项。", "en": "The assistant has moved no money."},
    # -- what was said ----------------------------------------------------------------------------------------------
    "told": {
        "zh-CN": "{at} 经{channel}告知顾客“{occasion}”：{state}。",
        "en": "{at}: the customer was told about “{occasion}” by {channel}: {state}.",
    },
    "asked": {
        "zh-CN": "{at} 经{channel}询问顾客“{occasion}”（可选：{choices}）：{state}，{answer}。",
        "en": "{at}: the customer was asked about “{occasion}” by {channel} (choices: {choices}): {state}; {answer}.",
    },
    "not_arrived": {
        "zh-CN": "关于“{occasion}”的消息尚未到达顾客：{state}（{at}）。",
        "en": "A message about “{occasion}” has not reached the customer: {state} ({at}).",
    },
    "answer.chose": {"zh-CN": "顾客选择了“{choice}”", "en": "they chose “{choice}”"},
    "answer.words": {"zh-CN": "顾客以文字答复", "en": "they answered in words"},
    "answer.late": {"zh-CN": "逾期未答复", "en": "they did not answer in time"},
    "answer.none": {"zh-CN": "尚未答复", "en": "no answer yet"},
    "not_told": {"zh-CN": "尚未告知顾客任何情况。", "en": "The customer has been told nothing."},
    "said_at": {"zh-CN": "{at} {what}。", "en": "{at}: {what}."},
    "promised": {
        "zh-CN": "向顾客承诺（{state}，期限 {due}）：{text}。",
        "en": "Promised to the customer ({state}, due by {due}): {text}.",
    },
    "kept_late": {"zh-CN": "逾期兑现", "en": "kept, but too late"},
    "mood": {
        "zh-CN": "顾客情绪：{mood}（依据其 {at} 的留言）。",
        "en": "The customer sounds {mood} (going by what they wrote at {at}).",
    },
    "mood.calm": {"zh-CN": "平静", "en": "calm"},
    "mood.worried": {"zh-CN": "担心", "en": "worried"},
    "mood.annoyed": {"zh-CN": "不满", "en": "annoyed"},
    "mood.angry": {"zh-CN": "愤怒", "en": "angry"},
    "mood.pleased": {"zh-CN": "满意", "en": "pleased"},
    "next": {"zh-CN": "下一步：{step}", "en": "Next: {step}"},
    # -- where it stands --------------------------------------------------------------------------------------------
    "status": {"zh-CN": "目前状态：{status}，负责人：{owner}。", "en": "Status: {status}; owner: {owner}."},
    "ended": {"zh-CN": "目前状态：{status}，结果：{resolution}。", "en": "Status: {status}; outcome: {resolution}."},
    "no_owner": {"zh-CN": "系统处理中，暂无人负责", "en": "nobody, the assistant is at it"},
    # -- what next --------------------------------------------------------------------------------------------------
    "next.unsettled": {
        "zh-CN": "先在对应系统中核实对 {target} 的操作“{action}”是否已生效，核实前不要重做。",
        "en": "First see in the system itself whether “{action}” on {target} took effect; don't repeat it before.",
    },
    "next.overdue": {
        "zh-CN": "对顾客的承诺已逾期（{due}），请立即联系顾客：{text}。",
        "en": "A promise to the customer is overdue since {due}; get in touch now: {text}.",
    },
    "next.promise": {
        "zh-CN": "须在 {due} 前兑现承诺：{text}。",
        "en": "Keep what was promised by {due}: {text}.",
    },
    "next.approve": {
        "zh-CN": "在 {expires} 前决定是否批准方案 {version}（需{role}）：{summary}",
        "en": "Decide on plan {version} before {expires} (needs {role}): {summary}",
    },
    "next.words": {
        "zh-CN": "阅读顾客的文字来信并答复。",
        "en": "Read what the customer wrote, and answer.",
    },
    "next.choice": {
        "zh-CN": "顾客已就“{occasion}”选择“{choice}”，请按其选择处理，或交还助手。",
        "en": "The customer chose “{choice}” about “{occasion}”: do that, or give the case back to the assistant.",
    },
    "next.question": {
        "zh-CN": "顾客尚未答复“{occasion}”的询问，如等不及请直接联系。",
        "en": "The customer has not answered the question about “{occasion}” yet; get in touch if it can't wait.",
    },
    "next.unreached": {
        "zh-CN": "关于“{occasion}”的消息未送达，请换一种方式联系顾客。",
        "en": "The message about “{occasion}” did not arrive; reach the customer in another way.",
    },
    "next.suggested": {"zh-CN": "“{title}”的通常处理办法：{suggested}", "en": "Usual way with “{title}”: {suggested}"},
    "next.claim": {
        "zh-CN": "认领此个案；处理完毕后请解决，或交还助手。",
        "en": "Claim the case; resolve it when it is done, or give it back to the assistant.",
    },
    "next.finish": {
        "zh-CN": "处理完毕后请解决此个案，或交还助手。",
        "en": "Resolve the case when it is done, or give it back to the assistant.",
    },
    "next.machine": {
        "zh-CN": "助手正在处理，除上述事项外无需操作。",
        "en": "The assistant is at it; beyond the above nothing has to be done.",
    },
    "next.nothing": {"zh-CN": "没有待办事项。", "en": "Nothing is left to do."},
}
