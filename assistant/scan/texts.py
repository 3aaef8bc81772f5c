"""Wording of the scan's table and page, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {"zh-CN": "破损订单扫描报告", "en": "Broken orders in this export"},
    "headline": {
        "zh-CN": "{orders} 个订单中有 {broken} 个破损（{share}），涉及金额 {at_risk}。",
        "en": "{broken} of {orders} orders are broken ({share}); money at risk: {at_risk}.",
    },
    "period": {
        "zh-CN": "{file}（按 {mapping} 读取），{first} 至 {last}，截至 {as_of} 判定。",
        "en": "{file} (read as {mapping}), {first} to {last}, judged as of {as_of}.",
    },
    "orders": {"zh-CN": "订单", "en": "Orders"},
    "broken": {"zh-CN": "破损订单", "en": "Broken orders"},
    "at_risk": {"zh-CN": "风险金额", "en": "Money at risk"},
    "value": {"zh-CN": "订单总额", "en": "Value of all orders"},
    "fault": {"zh-CN": "故障", "en": "Fault"},
    "severity": {"zh-CN": "严重程度", "en": "Severity"},
    "share": {"zh-CN": "占比", "en": "Share"},
    "suggested": {"zh-CN": "将尝试的修复", "en": "Repair that would have been tried"},
    "high": {"zh-CN": "高", "en": "high"},
    "medium": {"zh-CN": "中", "en": "medium"},
    "low": {"zh-CN": "低", "en": "low"},
    "none": {"zh-CN": "已检查，未发现", "en": "checked, none found"},
    "not_checked": {"zh-CN": "未检查（导出文件中没有所需数据）", "en": "Not checked: not exported"},
    "not_exported": {"zh-CN": "未导出：{needs}", "en": "not exported: {needs}"},
    "running": {
        "zh-CN": "另有 {count} 项尚在时限之内，不计为破损。",
        "en": "{count} more are inside their deadlines and not counted.",
    },
    "bad_rows": {
        "zh-CN": "{count} 行无法使用，未计入以上数字：",
        "en": "{count} rows could not be used and are not in these figures:",
    },
    "bad_row": {"zh-CN": "第 {line} 行：{reason}", "en": "line {line}: {reason}"},
    "more": {"zh-CN": "……另有 {count} 行。", "en": "… and {count} more."},
    "reading": {"zh-CN": "读取 {file}", "en": "Reading {file}"},
    "by_month": {"zh-CN": "各月破损订单占比", "en": "Share of broken orders by month"},
    "by_fault": {"zh-CN": "各类故障的订单数", "en": "Orders by fault"},
    "risk_by_fault": {"zh-CN": "各类故障的风险金额（{currency}）", "en": "Money at risk by fault ({currency})"},
    "by_severity": {"zh-CN": "破损订单的严重程度", "en": "Broken orders by severity"},
    "overlap": {
        "zh-CN": "一个订单可能同时有多种故障；总风险金额中每个订单只计一次。",
        "en": "An order may have several faults; the total counts each order's money once.",
    },
    "automatic": {"zh-CN": "自动", "en": "automatic"},
    "human": {"zh-CN": "转人工", "en": "to a person"},
    "nothing": {"zh-CN": "没有可显示的数据", "en": "nothing to show"},
    "written": {"zh-CN": "已写入 {path}", "en": "written to {path}"},
}
