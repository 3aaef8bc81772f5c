"""What to do next about each reason for which a person got a case, in both languages; the summary quotes it."""

from __future__ import annotations

Words = dict[str, str]

ADVICE: dict[str, Words] = {
    # -- the machine's own reasons ----------------------------------------------------------------------------------
    "human_fault": {
        "zh-CN": "此类故障没有自动方案：核对证据，与相关部门确认后再决定如何处理。",
        "en": "There is no automatic repair for this kind of fault: check the evidence and decide with its owner.",
    },
    "above_limit": {
        "zh-CN": "核对金额与依据，按方案审批，或改小后再批准。",
        "en": "Check the amount and what it rests on; approve the plan, or edit it down and then approve it.",
    },
    "currency": {
        "zh-CN": "先决定该币种可以退多少，再批准方案，并请管理员为该币种设置限额。",
        "en": "Decide what may be given in this currency, then approve; ask an administrator to set a limit for it.",
    },
    "price_drop_share": {
        "zh-CN": "与商品负责人核实正确价格，确认后再批准改价。",
        "en": "Ask whoever owns the product which price is right before approving the new one.",
    },
    "incident": {
        "zh-CN": "先查共同原因并解决，再逐单放行；不要逐单重复修复。",
        "en": "Find and end the common cause first, then let the cases go on; don't repair them one by one.",
    },
    "undo": {
        "zh-CN": "确认确需撤销后再批准；已无法撤销的部分须另行补救。",
        "en": "Approve the undoing only if it is really wanted; make good by hand what can't be taken back.",
    },
    "chosen": {
        "zh-CN": "核对所选方案的改动与依据，再决定是否批准。",
        "en": "Check what the chosen plan changes and what it rests on, then decide.",
    },
    "chosen_over": {
        "zh-CN": "所选方案已执行并回读：查看还有什么不一致，再选下一步。",
        "en": "What you chose was done and read back: see what still disagrees, and choose what comes next.",
    },
    "chosen_refused": {
        "zh-CN": "查看被拒绝的步骤和原因，再从新的建议中选择。",
        "en": "See which step was refused and why, then choose from the fresh suggestions.",
    },
    "evidence_changed": {
        "zh-CN": "情况已变，所选方案未执行：按最新情况重新选择。",
        "en": "Things have changed and the chosen plan was not performed: choose again from how it stands now.",
    },
    "undone": {
        "zh-CN": "操作已撤销，故障可能仍在：决定接下来如何处理，并告知顾客。",
        "en": "It was taken back, so the fault may stand: decide what happens instead, and tell the customer.",
    },
    "left_out": {
        "zh-CN": "方案中被删除的步骤仍未处理：手工完成，或说明为何不再需要。",
        "en": "What was taken out of the plan is still to be done: do it by hand, or say why it is not needed.",
    },
    "repeated_faults": {
        "zh-CN": "查看该顾客近期的其他个案，找出共同原因，并主动联系顾客说明。",
        "en": "Look at this customer's other recent cases for a common cause, and get in touch with them yourself.",
    },
    "disputed": {
        "zh-CN": "不要退款：按拒付流程向支付机构提交证据。",
        "en": "Refund nothing: answer the dispute with evidence at the payment provider.",
    },
    "repair_failed": {
        "zh-CN": "不要重复同一修复：查明系统为何没有保持更改，再用其他办法处理。",
        "en": "Don't repeat the same repair: find out why the systems did not keep it, then choose another way.",
    },
    "too_many_rounds": {
        "zh-CN": "查看时间线中来回变化的是哪个系统，先让它稳定下来。",
        "en": "See in the timeline which system keeps changing its mind, and settle that first.",
    },
    "no_answer": {
        "zh-CN": "换一种方式联系顾客；联系不上则按已告知顾客的办法处理。",
        "en": "Try the customer in another way; if nobody answers, do what the message said would happen.",
    },
    "cannot_ask": {
        "zh-CN": "消息无法送达：查看是否有其他获准的联系方式，或由人工致电。",
        "en": "No message can reach the customer: see whether another allowed channel exists, or call.",
    },
    "not_backed": {
        "zh-CN": "消息已拦下：先核对系统中的实际情况，再由人工告知顾客。",
        "en": "A message was stopped: see in the systems what really happened, then tell the customer yourself.",
    },
    "rejected": {
        "zh-CN": "方案已被驳回：按驳回理由另定处理办法，并告知顾客。",
        "en": "The plan was turned down: decide what to do instead, for the reason given, and tell the customer.",
    },
    "approval_expired": {
        "zh-CN": "审批已超时：重新判断方案是否仍合适；合适则交还助手重新制定并批准。",
        "en": "Nobody decided in time: if the plan is still right, give the case back and approve it; else act.",
    },
    "not_live": {
        "zh-CN": "事件时间较早：先核实订单现状，再决定是否需要处理。",
        "en": "The events are old: see how the order stands today before doing anything.",
    },
    "shop_silent": {
        "zh-CN": "与商城的技术负责人确认系统是否可用；恢复后助手会自动继续。",
        "en": "Ask the shop's engineers whether it is up; once it answers the assistant goes on by itself.",
    },
    "journey_failed": {
        "zh-CN": "助手自身出错：人工处理此单，并将个案编号报给技术团队。",
        "en": "The assistant itself failed: handle this one by hand, and give the case's id to the engineers.",
    },
    "customer_asked": {
        "zh-CN": "先看聊天记录，直接在聊天中回复顾客；顾客已被告知会有同事答复。",
        "en": "Read the chat and answer the customer there: they were told that a colleague will.",
    },
    "customer_request": {
        "zh-CN": "核实顾客的诉求能否办理，办理后或不能办理时都要在聊天中答复顾客。",
        "en": "See whether what the customer asks for can be done, do it or decline, and tell them in the chat.",
    },
    "by_hand": {
        "zh-CN": "阅读同事留下的说明，从其停下的地方继续。",
        "en": "Read the note your colleague left, and go on from there.",
    },
    "out_of_time": {
        "zh-CN": "承诺时限将至：先告知顾客进展，再尽快处理。",
        "en": "Its promised time is running out: tell the customer how it stands, then settle it.",
    },
    "shared": {
        "zh-CN": "助手仍在处理：留意进展，超时前不行就认领。",
        "en": "The assistant is still at it: watch it, and claim the case if it does not come to rest in time.",
    },
    "unhappy": {
        "zh-CN": "阅读顾客的评价，亲自联系，了解还缺什么并补上。",
        "en": "Read what the customer said of us, get in touch yourself, and make good what is missing.",
    },
    "target_blocked": {
        "zh-CN": "先在对应系统中核实上一次写入是否生效，在此之前不要再操作同一对象。",
        "en": "First see in that system whether the earlier write took effect; touch nothing there before.",
    },
    # -- the playbooks' reasons -------------------------------------------------------------------------------------
    "account_blocked": {
        "zh-CN": "交由账户或风控团队处理；不要向顾客透露原因。",
        "en": "This is the account or risk team's to decide; don't tell the customer the reason.",
    },
    "address_problem": {
        "zh-CN": "按承运商的提示核对地址，必要时向顾客确认。",
        "en": "Check the address against what the carrier objects to; ask the customer where it stays unclear.",
    },
    "already_shipped": {
        "zh-CN": "货已发出：联系承运商拦截或改派，否则安排退货。",
        "en": "The goods are on their way: ask the carrier to stop or redirect them, else arrange a return.",
    },
    "answer_overtaken": {
        "zh-CN": "询问顾客：货已备好，是仍要退款还是继续发货。",
        "en": "Ask the customer: the goods are there after all; do they still want the refund, or the delivery?",
    },
    "cancel_not_effective": {
        "zh-CN": "在支付系统中核实该付款，必要时请支付机构终止，避免之后扣款。",
        "en": "Look the payment up at the provider and have it ended there, so that nothing is taken later.",
    },
    "cannot_reach": {
        "zh-CN": "消息未送达：换用其他获准渠道，或由人工致电。",
        "en": "The message did not arrive: use another allowed channel, or call.",
    },
    "change_refused": {
        "zh-CN": "查看商城拒绝修改的原因，在商城后台手工修改。",
        "en": "See why the shop refused the change, and make it in the shop's own back office.",
    },
    "committed_without_order": {
        "zh-CN": "与仓库确认这批库存为何已出库，再释放或补建订单。",
        "en": "Ask the warehouse why this stock is committed, then release it or create the order it belongs to.",
    },
    "coupon_unread": {
        "zh-CN": "在促销系统中查看该优惠券是否适用，再按结果更正金额。",
        "en": "Look the coupon up in the promotion system, then correct the amount by what you find.",
    },
    "currency_mismatch": {
        "zh-CN": "与财务确认各币种的应收与应退金额，再手工处理。",
        "en": "Settle with accounting what is owed in which currency, and do it by hand.",
    },
    "customer_silent": {
        "zh-CN": "再联系一次顾客；仍无答复则按已告知的办法处理。",
        "en": "Try the customer once more; without an answer, do what they were told would happen.",
    },
    "customer_wrote": {
        "zh-CN": "阅读顾客的原话并答复，再按其意愿处理。",
        "en": "Read what the customer wrote, answer, and do as they wish.",
    },
    "facts_missing": {
        "zh-CN": "补查未能读取的系统，数据齐全后再作决定。",
        "en": "Look into the system that could not be read; decide only when the picture is whole.",
    },
    "link_refused": {
        "zh-CN": "在支付后台手工生成付款链接，或与顾客约定其他付款方式。",
        "en": "Make the payment link in the payment back office, or agree on another way to pay.",
    },
    "no_longer_paid": {
        "zh-CN": "核实付款为何减少，再决定补收还是取消。",
        "en": "Find out why less is paid than before, then collect the rest or cancel.",
    },
    "order_live": {
        "zh-CN": "已有有效订单：确认以哪张订单为准，再处理款项与库存。",
        "en": "There is a live order: settle which one counts before touching money or stock.",
    },
    "order_on_hold": {
        "zh-CN": "查明是谁、因何暂停订单，解除后即可发货。",
        "en": "Find out who put the order on hold and why; once lifted, it can be sent.",
    },
    "overpaid": {
        "zh-CN": "核对多收的金额与来源，确认后退还差额。",
        "en": "Check how much too much was taken and by which payment, then refund the difference.",
    },
    "payment_disputed": {
        "zh-CN": "不要退款：按拒付流程向支付机构提交证据。",
        "en": "Refund nothing: answer the dispute with evidence at the payment provider.",
    },
    "payment_in_use": {
        "zh-CN": "先确认该付款或授权是否仍会扣款，必要时取消，再继续。",
        "en": "See whether that payment or authorisation may still be taken; cancel it if so, then go on.",
    },
    "refund_missing": {
        "zh-CN": "核实应退金额并办理退款，然后告知顾客。",
        "en": "Work out what has to go back, refund it, and tell the customer.",
    },
    "refunded_before": {
        "zh-CN": "查明此前退款的原因；若属约定，则无需补收。",
        "en": "Find out what the earlier refund was for; if it was agreed, there is nothing to collect.",
    },
    "short_changed": {
        "zh-CN": "重新计算待付金额，向顾客说明后再发付款链接。",
        "en": "Work out anew what is left to pay, explain it to the customer, then send a new link.",
    },
    "several_orders": {
        "zh-CN": "确认顾客要保留哪张订单，再取消其余订单并处理款项。",
        "en": "Settle with the customer which order stays, then cancel the others and see to the money.",
    },
    "stock_unread": {
        "zh-CN": "向仓库或库存系统确认实际库存，再决定发货、换货或退款。",
        "en": "Ask the warehouse how much there really is, then deliver, substitute or refund.",
    },
    "substitute_gone": {
        "zh-CN": "顾客选择的方案已无法执行：说明情况，并提供其他选择。",
        "en": "What the customer chose can't be done any more: explain, and offer something else.",
    },
    "total_unclear": {
        "zh-CN": "逐项核对金额，查明总额与明细为何不符，再动款项。",
        "en": "Go through the amounts one by one and find where the total comes from before money moves.",
    },
    "pickup_not_effective": {
        "zh-CN": "在商城后台为订单设置自提点，并核对是否生效。",
        "en": "Set the pickup point in the shop's back office, and see that the order shows it.",
    },
    "pickup_without_order": {
        "zh-CN": "先补建订单，再设为顾客所选的自提点。",
        "en": "Have the order created first, then send it to the pickup point the customer chose.",
    },
    "resync_refused": {
        "zh-CN": "请商城技术负责人手工同步该商品库存。",
        "en": "Ask the shop's engineers to take over the stock figure by hand.",
    },
    "confirm_not_effective": {
        "zh-CN": "在商城后台查看订单为何仍未确认，并手工确认。",
        "en": "See in the shop's back office why the order stays new, and confirm it there.",
    },
    "confirm_refused": {
        "zh-CN": "查看商城拒绝确认的原因，解决后手工确认订单。",
        "en": "See why the shop refused to confirm, remove the cause, and confirm the order there.",
    },
    "reservation_refused": {
        "zh-CN": "与仓库确认该商品为何无法预留，必要时手工预留。",
        "en": "Ask the warehouse why the goods can't be reserved, and set them aside by hand if need be.",
    },
    "shipment_exception": {
        "zh-CN": "联系承运商查明配送异常，并把结果告知顾客。",
        "en": "Ask the carrier what went wrong with the delivery, and tell the customer what comes of it.",
    },
    "shipment_late": {
        "zh-CN": "向仓库确认发货时间，并告知顾客。",
        "en": "Ask the warehouse when it will be sent, and tell the customer.",
    },
    "left_on_hold": {
        "zh-CN": "查明订单为何被暂停，解除暂停或与顾客商定下一步。",
        "en": "Find out why the order is on hold; lift it, or agree with the customer what happens next.",
    },
    "unknown_choice": {
        "zh-CN": "向顾客确认其真实意愿，再据此处理。",
        "en": "Ask the customer what they meant, and do that.",
    },
}
