// The page's own words in both languages. What faults, statuses and resolutions are called comes from /ui/texts.json.

export const LANGUAGES = ["zh-CN", "en"];

const WORDS = {
  "zh-CN": {
    name: "Helloword 助手",
    queue: "破损订单队列",
    skip: "跳到个案",
    demo: "演示：已自动登录",
    language: "界面语言",
    connected: "已连接",
    lost: "连接已断开",
    lost_banner: "暂时连不上助手，{seconds} 秒后重试。页面停留在 {at} 的内容；恢复后会自动更新。",
    busy_banner: "助手正忙，{seconds} 秒后重试。页面停留在 {at} 的内容。",
    never: "尚未加载",
    sign_out: "退出",
    sign_in: "登录",
    sign_in_why: "请输入 API 密钥。密钥只保存在当前标签页，关闭即清除。可用命令 helloword keys add 创建。",
    sign_in_wrong: "这个密钥无效，请检查后重试。",
    key: "API 密钥",
    restarted: "演示已重新启动，请刷新页面。",
    reload: "刷新页面",
    forbidden: "您的密钥没有查看个案的权限，请换一个密钥。",
    // queue
    "view.live": "处理中", "view.approval": "待审批", "view.people": "已转人工", "view.solved": "已解决",
    views: "筛选队列",
    keys: "↑ ↓ 移动，回车打开",
    "empty.live": "目前没有破损订单。新的个案会自动出现在这里。",
    "empty.approval": "没有等待审批的方案。",
    "empty.people": "没有转给人工的个案。",
    "empty.solved": "还没有已解决的个案。",
    more: "显示更多",
    due_in: "剩余 {time}",
    overdue: "已超时 {time}",
    ago: "{time}前",
    took: "用时 {time}",
    // overview
    overview: "实时概览",
    overview_lede: "左侧是实时队列。选择一个个案，查看出了什么问题、如何修复，以及是否需要您审批。",
    "tile.repaired": "系统自动修复", "tile.approved": "经审批后修复", "tile.cleared": "自行恢复或误报",
    "tile.other": "其他方式结束", "tile.customer": "等待顾客答复", "tile.approval": "等待审批",
    "tile.people": "转人工处理", "tile.working": "系统处理中",
    // case
    back: "返回队列",
    no_case: "没有这个个案。它可能来自另一次运行。",
    loading: "正在加载…",
    cause_unknown: "正在诊断原因。",
    subject: "对象", checkout: "结算", order: "订单", customer: "顾客", case: "个案", payment: "付款", sku: "商品",
    value: "金额", priority: "优先级", seen: "发现时间", first_action: "首次处理", due: "应处理时限", resolved_at: "解决时间",
    not_yet: "尚未", after: "{time}后",
    terms: "优先级构成",
    "term.order_value": "订单金额", "term.customer_value": "顾客价值", "term.complexity": "复杂度", "term.cost": "处理成本",
    cleared: "已消除",
    now: "现在",
    "now.working": "系统正在处理，无需您操作。",
    "now.awaiting_customer": "已询问顾客，收到答复后自动继续。",
    "now.team": "需要人工处理：{owner}中的任何人都可以认领。",
    "now.person": "由 {owner} 处理，系统不再自动执行。",
    "now.snoozed": "已暂缓至 {time}。",
    "now.ended": "{resolution}，用时 {time}。",
    // notices
    bell: "通知", bell_unread: "通知，{n} 条未读", inbox: "通知", read_all: "全部标为已读", close_inbox: "关闭", older: "更早的通知",
    inbox_empty: "还没有通知。有新情况时会自动出现在这里。", unread: "未读",
    push: "{channel}：{state}", "push.email": "邮件", "push.chat": "群聊",
    "push_state.queued": "待发送", "push_state.unconfirmed": "结果未知，不再重发",
    // figures and what was learned
    figures: "指标（近 7 天）", figure_of: "{n} / {of}", figure_cases: "{n} 个个案", figure_none: "暂无数据",
    figure_parts: "显示哪些个案", part_hits: "计入分子（{n}）", part_all: "全部（{n}）", not_counted: "未计入分子",
    figure_nothing: "本期没有个案。", rated: "{n} 分（满分 5 分）",
    learned: "学到了什么", and: "、",
    learned_lede: "每类故障各种处理方式的结果：问题是否复发、顾客评分如何，以及它们如何影响今后的选择。主管可以让某项结果不再计入。",
    learned_nothing: "还没有结果。个案解决并过了观察期后会出现在这里。",
    learned_order: "提供给顾客的顺序：{order}",
    learned_outcomes: "{n} 例", learned_stayed: "{share} 未复发（{n} / {of}）", learned_watched: "{n} 例观察中",
    learned_rating: "平均 {mean} 分（{n} 个评分）", learned_undone: "{n} 例已不计入",
    learned_cases: "最近的个案", undo_learned: "不再计入…", undo_now: "不再计入",
    undo_label: "原因（会记入这些个案的时间线）", undo_done: "这些结果已不再计入。",
    "problem.nothing_to_undo": "没有可撤销的结果，可能已有人处理。",
    // people
    "team.service": "客服团队", "team.supervisors": "主管",
    why_them: "原因：", accepted_at: "{time} 开始处理", given_at: "{time} 分派，尚未开始处理",
    handoff: "转交人工…", handoff_now: "转交", handoff_label: "给接手人的留言（可不填；会记入时间线）", done_handoff: "已转交，接手人已收到通知。",
    "level.acted_and_told": "着手处理并通知相关人员", "level.queued": "进入修复队列", "level.done_or_handed": "完成或转交人工",
    level_met: "按时，用时 {time}", level_missed: "未按时", level_paused: "等待顾客，计时暂停", level_waited: "已等待顾客 {time}",
    told: "顾客收到的消息", delivered_at: "{time} 送达", promised_by: "{time} 前",
    summary: "交接摘要：事情的全部经过", next_steps: "接下来做什么", facts: "事实与依据", no_summary: "暂无交接摘要。",
    levels: "服务时限（近 24 小时）", levels_day: "{n} 个个案，p95 {p95}，最长 {worst}", levels_nothing: "近 24 小时没有到期的个案",
    levels_missed: "{n} 个已超时，仍待处理", levels_running: "{n} 个计时中，最近一个剩余 {time}", levels_none: "没有正在计时的个案",
    claim: "认领", release: "交还系统处理",
    // decision
    decide: "需要您审批",
    decide_why: "需要审批的原因：{reasons}。",
    decide_by: "请在 {time} 前决定；逾期按不同意处理。",
    approve: "批准方案", reject: "驳回…", reject_now: "驳回", cancel: "取消",
    reject_label: "驳回原因（会记入时间线，个案转人工）",
    done_approve: "已批准，系统开始执行。", done_reject: "已驳回，个案转人工处理。",
    done_claim: "已认领，系统不再自动执行。", done_release: "已交还系统处理。",
    // pipeline
    pipeline: "断在哪一步",
    "state.done": "正常", "state.broken": "此处中断", "state.waiting": "等待中", "state.not_reached": "未到达",
    evidence: "证据", show_evidence: "{step}的证据（{n} 条）", no_evidence: "没有证据记录。",
    // plan
    plan: "方案 {version}", no_plan: "没有方案：由人工判断如何处理。", no_plan_yet: "方案还在制定中。",
    undo: "撤销办法：{how}", no_undo: "执行后无法撤销",
    technical: "技术细节",
    "plan.ready": "自动执行", "plan.awaiting": "等待审批", "plan.approved": "已批准", "plan.rejected": "已驳回",
    "plan.expired": "逾期未批", "plan.done": "已执行", "plan.failed": "未奏效", "plan.superseded": "已作废",
    // promises and timeline
    promises: "对顾客的承诺",
    replied: "顾客答复：{choice}", replied_words: "顾客用文字作了答复",
    timeline: "经过",
    "actor.system": "系统", "actor.key": "密钥 {id}", "actor.staff": "员工 {id}", "actor.customer": "顾客",
    evidence_n: "证据（{n}）",
    // order
    order_view: "各系统中的订单", order_load: "正在读取…", by_events: "事件记录", by_shop: "商城回读",
    not_read: "未读取", nothing: "无", read_at: "回读于 {time}",
    "row.checkout": "结算", "row.total": "应付", "row.payments": "付款", "row.reservations": "库存预留", "row.orders": "订单",
    // chat
    chat: "询问这个个案", chat_label: "您的问题", chat_hint: "只读：对话不会改动任何东西。", send: "提问", stop: "停止",
    "ask.1": "出了什么问题？", "ask.2": "已经做了什么？", "ask.3": "有类似的案例吗？",
    "tool.get_case": "正在查看个案", "tool.get_order": "正在核对订单", "tool.similar_cases": "正在查找类似案例", tool: "正在查询",
    thinking: "正在查看…", sources: "依据", you: "您", assistant: "助手",
    chat_failed: "这次没有得到回答（{why}）。请重试。", stopped: "已停止。",
    // problems
    "problem.conflict": "个案刚刚有变化，您的操作没有执行。页面已更新，请看过后再决定。",
    "problem.plan_changed": "这个方案刚刚有变化或已有人决定，您的操作没有执行。页面已更新，请看过后再决定。",
    "problem.case_claimed": "已有其他人认领了这个个案，您的操作没有执行。",
    "problem.case_ended": "这个个案已经结束，无需再操作。",
    "problem.forbidden": "您的密钥没有这个权限，请联系主管。",
    "problem.not_found": "没有这个个案。",
    "problem.unreachable": "连不上助手，您的操作可能没有执行。恢复连接后请先查看个案的当前状态。",
    "problem.busy": "助手正忙，您的操作没有执行，请稍后再试。",
    "problem.other": "没有成功：{detail}",
    close: "知道了",
    // units
    "s": "{n} 秒", "min": "{n} 分钟", "h": "{n} 小时", "d": "{n} 天",
    list: "、",
  },
  en: {
    name: "Helloword Assistant",
    queue: "Queue of broken orders",
    skip: "Skip to the case",
    demo: "Demo: signed in by itself",
    language: "Language of this page",
    connected: "Connected",
    lost: "Connection lost",
    lost_banner: "The assistant can't be reached; trying again in {seconds} s. You see how things stood at {at}, and the page catches up by itself.",
    busy_banner: "The assistant is busy; trying again in {seconds} s. You see how things stood at {at}.",
    never: "never",
    sign_out: "Sign out",
    sign_in: "Sign in",
    sign_in_why: "Enter an API key. It stays in this tab and is forgotten when you close it. The command helloword keys add makes one.",
    sign_in_wrong: "This key is not valid. Check it and try again.",
    key: "API key",
    restarted: "The demo was started again. Please reload the page.",
    reload: "Reload the page",
    forbidden: "Your key may not read cases. Please use another one.",
    "view.live": "Live", "view.approval": "For approval", "view.people": "With people", "view.solved": "Solved",
    views: "Filter the queue",
    keys: "↑ ↓ to move, Enter to open",
    "empty.live": "No broken orders right now. New cases appear here by themselves.",
    "empty.approval": "No plan is waiting for approval.",
    "empty.people": "No case is with people.",
    "empty.solved": "No case has been solved yet.",
    more: "Show more",
    due_in: "due in {time}",
    overdue: "overdue by {time}",
    ago: "{time} ago",
    took: "took {time}",
    overview: "At a glance",
    overview_lede: "On the left is the live queue. Choose a case to see what went wrong, how it is put right, and whether it needs your approval.",
    "tile.repaired": "repaired by the assistant alone", "tile.approved": "repaired with approval",
    "tile.cleared": "cleared by themselves or false alarms", "tile.other": "ended in another way",
    "tile.customer": "waiting for the customer", "tile.approval": "waiting for approval",
    "tile.people": "with people", "tile.working": "being worked on",
    back: "Back to the queue",
    no_case: "There is no such case. It may belong to an earlier run.",
    loading: "Loading…",
    cause_unknown: "The cause is still being diagnosed.",
    subject: "About", checkout: "Checkout", order: "Order", customer: "Customer", case: "Case", payment: "Payment", sku: "Product",
    value: "Value", priority: "Priority", seen: "Found", first_action: "First action", due: "Due by", resolved_at: "Solved",
    not_yet: "not yet", after: "after {time}",
    terms: "What the priority is made of",
    "term.order_value": "Order value", "term.customer_value": "Customer value", "term.complexity": "Complexity", "term.cost": "Cost to resolve",
    cleared: "cleared",
    now: "Now",
    "now.working": "The assistant is working on it. Nothing for you to do.",
    "now.awaiting_customer": "The customer was asked. It goes on by itself when the answer comes.",
    "now.team": "A person has to look: anyone of “{owner}” can take it.",
    "now.person": "{owner} has it. The assistant does nothing by itself.",
    "now.snoozed": "Resting until {time}.",
    "now.ended": "{resolution}, after {time}.",
    bell: "Notices", bell_unread: "Notices, {n} unread", inbox: "Notices", read_all: "Mark all as read", close_inbox: "Close", older: "Older notices",
    inbox_empty: "No notices yet. They appear here by themselves.", unread: "unread",
    push: "{channel}: {state}", "push.email": "E-mail", "push.chat": "Chat",
    "push_state.queued": "waiting to be sent", "push_state.unconfirmed": "unknown, not sent again",
    figures: "Figures (last 7 days)", figure_of: "{n} of {of}", figure_cases: "{n} cases", figure_none: "nothing yet",
    figure_parts: "Which cases", part_hits: "Counted ({n})", part_all: "All ({n})", not_counted: "not counted",
    figure_nothing: "No cases in this time.", rated: "{n} of 5",
    learned: "What was learned", and: ", ",
    learned_lede: "What became of each way to handle a fault: whether it stayed resolved, how customers rated it, and how that orders later choices. A supervisor can stop results from counting.",
    learned_nothing: "Nothing yet. Results appear here once cases have stayed resolved for a while.",
    learned_order: "Offered to customers in this order: {order}",
    learned_outcomes: "Cases: {n}", learned_stayed: "{share} stayed resolved ({n} of {of})", learned_watched: "still watched: {n}",
    learned_rating: "rated {mean} on average (ratings: {n})", learned_undone: "no longer counted: {n}",
    learned_cases: "Latest cases", undo_learned: "Stop counting…", undo_now: "Stop counting",
    undo_label: "Why? (goes into the timeline of these cases)", undo_done: "These results no longer count.",
    "problem.nothing_to_undo": "There is nothing to undo; somebody else may have done it.",
    "team.service": "Service team", "team.supervisors": "Supervisors",
    why_them: "Why:", accepted_at: "at it since {time}", given_at: "given to them at {time}, not taken up yet",
    handoff: "Hand to a person…", handoff_now: "Hand over", handoff_label: "A word for whoever takes over (optional; goes into the timeline)", done_handoff: "Handed over. They have been told.",
    "level.acted_and_told": "First action taken and people told", "level.queued": "In the repair queue", "level.done_or_handed": "Solved or with a person",
    level_met: "in time, after {time}", level_missed: "not in time", level_paused: "waits for the customer, the clock stands still", level_waited: "waited {time} for the customer",
    told: "What the customer was told", delivered_at: "delivered {time}", promised_by: "by {time}",
    summary: "Hand-off summary: the whole story", next_steps: "What to do next", facts: "What is known", no_summary: "There is no summary yet.",
    levels: "Promises of time (last 24 hours)", levels_day: "{n} cases, p95 {p95}, longest {worst}", levels_nothing: "no case settled in 24 hours",
    levels_missed: "{n} overdue and still to be done", levels_running: "{n} running, the next has {time} left", levels_none: "no clock is running",
    claim: "Take it over", release: "Give it back to the assistant",
    decide: "Your approval is needed",
    decide_why: "Why it needs a person: {reasons}.",
    decide_by: "Decide by {time}. No decision counts as a no.",
    approve: "Approve the plan", reject: "Reject…", reject_now: "Reject", cancel: "Cancel",
    reject_label: "Why not? (goes into the timeline; a person takes the case over)",
    done_approve: "Approved. The assistant is carrying it out.", done_reject: "Rejected. The case goes to a person.",
    done_claim: "It is yours. The assistant does nothing by itself.", done_release: "Given back to the assistant.",
    pipeline: "Where it broke",
    "state.done": "fine", "state.broken": "broke here", "state.waiting": "waiting", "state.not_reached": "not reached",
    evidence: "Evidence", show_evidence: "{step}: {n} pieces of evidence", no_evidence: "No evidence is recorded.",
    plan: "Plan {version}", no_plan: "There is no plan: a person decides what to do.", no_plan_yet: "The plan is still being made.",
    undo: "To undo: {how}", no_undo: "Can't be undone once done",
    technical: "Technical details",
    "plan.ready": "runs by itself", "plan.awaiting": "waits for approval", "plan.approved": "approved", "plan.rejected": "rejected",
    "plan.expired": "nobody decided in time", "plan.done": "carried out", "plan.failed": "did not help", "plan.superseded": "withdrawn",
    promises: "What the customer was promised",
    replied: "The customer answered: {choice}", replied_words: "The customer answered in words",
    timeline: "What happened",
    "actor.system": "Assistant", "actor.key": "Key {id}", "actor.staff": "Staff {id}", "actor.customer": "Customer",
    evidence_n: "Evidence ({n})",
    order_view: "The order as each system sees it", order_load: "Reading…", by_events: "From events", by_shop: "Read back from the shop",
    not_read: "not read", nothing: "none", read_at: "read back at {time}",
    "row.checkout": "Checkout", "row.total": "Due", "row.payments": "Payments", "row.reservations": "Reserved stock", "row.orders": "Orders",
    chat: "Ask about this case", chat_label: "Your question", chat_hint: "Reads only: a conversation changes nothing.", send: "Ask", stop: "Stop",
    "ask.1": "What is wrong?", "ask.2": "What was done so far?", "ask.3": "Are there similar cases?",
    "tool.get_case": "Reading the case", "tool.get_order": "Checking the order", "tool.similar_cases": "Looking for similar cases", tool: "Looking it up",
    thinking: "Looking…", sources: "Sources", you: "You", assistant: "Assistant",
    chat_failed: "No answer this time ({why}). Please try again.", stopped: "Stopped.",
    "problem.conflict": "The case has just changed, so nothing was done. The page is up to date again: please look before you decide.",
    "problem.plan_changed": "This plan has just changed or was decided by somebody else, so nothing was done. The page is up to date again: please look before you decide.",
    "problem.case_claimed": "Somebody else has taken this case, so nothing was done.",
    "problem.case_ended": "This case has ended; there is nothing left to do.",
    "problem.forbidden": "Your key may not do this. Ask your supervisor.",
    "problem.not_found": "There is no such case.",
    "problem.unreachable": "The assistant could not be reached, so this may not have been done. Once the connection is back, check the case first.",
    "problem.busy": "The assistant is busy, so nothing was done. Please try again in a moment.",
    "problem.other": "That did not work: {detail}",
    close: "OK",
    "s": "{n} s", "min": "{n} min", "h": "{n} h", "d": "{n} d",
    list: "; ",
  },
};

const STORED = "helloword.language";
let language = initial();

function initial() {
  const wanted = [remembered(), ...(navigator.languages ?? [navigator.language])];
  for (const tag of wanted) if (tag) return tag.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
  return "en";
}

function remembered() {
  try { return localStorage.getItem(STORED); } catch { return null; }
}

export function currentLanguage() { return language; }

export function chooseLanguage(tag) {
  language = tag;
  try { localStorage.setItem(STORED, tag); } catch { /* a browser that keeps nothing: this visit only */ }
}

// The words `key` with its {parameters} filled in; a missing key shows itself.
export function t(key, values = {}) {
  const pattern = WORDS[language][key] ?? WORDS.en[key] ?? key;
  return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export function has(key) { return key in WORDS.en; }

// For the test that holds both languages side by side.
export function keysOf(tag) { return Object.keys(WORDS[tag]); }

let catalogue = { faults: {}, labels: {}, reasons: {} };

export function useCatalogue(loaded) { catalogue = loaded; }

const spoken = (words) => words?.[language] ?? words?.en;
const plain = (code) => String(code).replaceAll("_", " ");
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function label(kind, code) { return spoken(catalogue.labels[kind]?.[code]) ?? plain(code); }

export function Label(kind, code) { return sentence(label(kind, code)); }

// What a customer chose: "substitute:SKU-1" names its product, "rate:4" the stars.
export function choiceWords(choice) {
  const [kind, which] = [choice.split(":")[0], choice.slice(choice.indexOf(":") + 1)];
  if (kind === choice) return label("choice", kind);
  return kind === "rate" ? t("rated", { n: which }) : `${label("choice", kind)} (${which})`;
}

export function faultTitle(code) { return spoken(catalogue.faults[code]?.title) ?? sentence(plain(code)); }

export function causeWords(cause, codes) {
  for (const code of codes) {
    const words = spoken(catalogue.faults[code]?.causes?.[cause]);
    if (words) return words;
  }
  return sentence(plain(cause));
}

export function suggested(code) { return spoken(catalogue.faults[code]?.suggested); }

// A built-in team has a name in each language, people and a shop's own teams their own.
export function ownerName(owner) {
  if (!owner) return "";
  return owner.kind === "team" && has(`team.${owner.id}`) ? t(`team.${owner.id}`) : owner.name;
}

export function reasonWords(code) { return spoken(catalogue.reasons[code]) ?? plain(code); }
