"""The offline model's sentences about suggestions, proposals, hand-offs, rules and drafts; `texts` has the others."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # -- what may be done -------------------------------------------------------------------------------------------
    "advice": {"zh-CN": "建议如下，最优先的在前 {cite}：", "en": "What I suggest, best first {cite}:"},
    "advice.one": {"zh-CN": "建议 {cite}：", "en": "What I suggest {cite}:"},
    "advice.item": {
        "zh-CN": "{number}. {effect}理由：{reason}{more}{cite}",
        "en": "{number}. {effect} Why: {reason}{more} {cite}",
    },
    "advice.confidence": {"zh-CN": "把握 {confidence}。", "en": "Confidence {confidence}."},
    "advice.needs": {"zh-CN": "需{role}批准。", "en": "Needs the approval of {role}."},
    "advice.more": {"zh-CN": "另有 {count} 项，见个案页面。", "en": "{count} more on the case's page."},
    "advice.how": {
        "zh-CN": "需要提交审批，说“按第几个办”即可。",
        "en": "To put one up for approval, name its number.",
    },
    "advice.none": {
        "zh-CN": "目前没有可以建议的处理方案 {cite}。",
        "en": "There is nothing to suggest at present {cite}.",
    },
    # -- putting one up ---------------------------------------------------------------------------------------------
    "proposed": {
        "zh-CN": "方案 {version} 已提交，现在等待审批，尚未执行任何操作。批准后将执行：{effect}{cite}"
        "请在个案页面批准或驳回。",
        "en": "Plan {version} was put up and now waits for approval on the case; nothing was done yet. What it will "
        "do once approved: {effect} {cite} Approve or reject it there.",
    },
    "proposed.plain": {
        "zh-CN": "方案 {version} 现在等待审批，尚未执行任何操作 {cite}。请在个案页面批准或驳回。",
        "en": "Plan {version} now waits for approval on the case; nothing was done yet {cite}. Approve or "
        "reject it there.",
    },
    "waits_already": {
        "zh-CN": "这正是方案 {version}，已在等待审批，无需重复提交；请在个案页面批准或驳回 {cite}。",
        "en": "That is plan {version}, which waits for approval already; approve or reject it on the case {cite}.",
    },
    "which": {
        "zh-CN": "有不止一项符合，请说明是第几个；尚未提交：",
        "en": "More than one fits. Which one? Nothing was put up yet:",
    },
    "no_such": {
        "zh-CN": "目前的建议里没有这一项，因此没有提交，也没有改动。可选的有：",
        "en": "None of the present suggestions fits that, so nothing was put up or changed. There are:",
    },
    "list_changed": {
        "zh-CN": "情况有变，刚才列出的那一项已不适用，因此没有提交。现在可选的有：",
        "en": "Things have changed: the one listed before is no longer there, so nothing was put up. There are now:",
    },
    "by_click": {
        "zh-CN": "这一项不是修复方案，无法提交审批，请在个案页面的建议中直接采纳；尚未作任何改动：{effect}{cite}",
        "en": "That one is no plan that could wait for approval. Accept it among the suggestions on the case; nothing "
        "was changed: {effect} {cite}",
    },
    "other_order": {
        "zh-CN": "{ids} 不属于本个案，这里只能处理本个案的订单，因此没有提交 {cite}。",
        "en": "{ids} is not part of this case, and only this case's order can be handled here; nothing was "
        "put up {cite}.",
    },
    "not_proposed": {
        "zh-CN": "没有提交成功：{why}没有作任何改动 {cite}。",
        "en": "It was not put up: {why} Nothing was changed {cite}.",
    },
    "refused.forbidden": {
        "zh-CN": "您没有提交方案的权限，请找有权限的同事。",
        "en": "you may not propose plans; ask a colleague who may.",
    },
    "refused.changed": {
        "zh-CN": "个案或各系统的情况刚有变化，请再问一次最新的建议。",
        "en": "the case or its systems have just changed; ask for the suggestions again.",
    },
    "refused.claimed": {"zh-CN": "个案已由其他同事认领。", "en": "a colleague has claimed this case."},
    "refused.busy": {
        "zh-CN": "个案正在自动处理中，暂时不能另选方案。",
        "en": "the assistant is at work on this case, so no plan can be chosen now.",
    },
    "refused.other": {"zh-CN": "系统拒绝了（{code}）。", "en": "it was refused ({code})."},
    "left_alone": {
        "zh-CN": "好的，没有提交任何方案，也没有作任何改动 {cite}。",
        "en": "All right: nothing was put up and nothing was changed {cite}.",
    },
    "decide_there": {
        "zh-CN": "审批不能在对话里进行，因此没有作任何改动。",
        "en": "Plans can't be approved or rejected in this conversation: I changed nothing.",
    },
    "no_plan_waits": {
        "zh-CN": "目前没有方案在等待审批 {cite}。",
        "en": "No plan waits for approval at present {cite}.",
    },
    # -- handing over -----------------------------------------------------------------------------------------------
    "hand_off": {"zh-CN": "转交理由已填好，{next}{cite}", "en": "The hand-off is prepared. {next} {cite}"},
    # -- rules ------------------------------------------------------------------------------------------------------
    "policy": {"zh-CN": "《{title}》{cite}：", "en": "From “{title}” {cite}:"},
    "policy.more": {"zh-CN": "另见：{titles}。", "en": "See also: {titles}."},
    "policy.titled": {"zh-CN": "《{title}》{cite}", "en": "“{title}” {cite}"},
    "policy.none": {
        "zh-CN": "帮助文章和规定里没有找到相关内容。",
        "en": "Nothing about that was found in the articles and policies.",
    },
    # -- a draft ----------------------------------------------------------------------------------------------------
    "draft": {
        "zh-CN": "回复草稿（{tongue}），尚未发送，请核对后自行发出 {cite}：",
        "en": "Draft reply ({tongue}), not sent; check it before you send it {cite}:",
    },
    "draft.none": {
        "zh-CN": "目前没有可用的回复草稿 {cite}。",
        "en": "There is no draft for this case at present {cite}.",
    },
    "draft.language.zh-CN": {"zh-CN": "中文", "en": "Chinese"},
    "draft.language.en": {"zh-CN": "英文", "en": "English"},
    # -- itself -----------------------------------------------------------------------------------------------------
    "can_propose": {
        "zh-CN": "也可以给出处理建议、把方案提交审批、准备转交、查规定，以及起草给顾客的回复。",
        "en": "I can also suggest what to do, put a plan up for approval, prepare a hand-off, look up our rules and "
        "draft a reply to the customer.",
    },
}
