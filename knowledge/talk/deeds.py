"""The deeds that a sentence can claim; claims, the promise guard and the checks of wording name them so."""

from __future__ import annotations

from typing import Literal

Kind = Literal["done", "will"]
DONE: Literal["done"] = "done"
WILL: Literal["will"] = "will"

REFUND, CANCEL, SHIP, DELIVER = "refund", "cancel", "ship", "deliver"
CREATE_ORDER, RESERVE, RELEASE, REPLACE = "create_order", "reserve", "release", "replace"
PRICE, COUPON, ADDRESS, CHARGE, NO_CHARGE = "price", "coupon", "address", "charge", "no_charge"
CONTACT, CHECK, HAND_OVER, COMPENSATE, ESCALATE = "contact", "check", "hand_over", "compensate", "escalate"
NOTIFY, RECORD, HOLD, HANDLE = "notify", "record", "hold", "handle"

DEEDS = (
    REFUND, CANCEL, SHIP, DELIVER, CREATE_ORDER, RESERVE, RELEASE, REPLACE, PRICE, COUPON, ADDRESS, CHARGE, NO_CHARGE,
    CONTACT, CHECK, HAND_OVER, COMPENSATE, ESCALATE, NOTIFY, RECORD, HOLD, HANDLE,
)  # fmt: skip
"""`handle` is any deed that is not named (“it's fixed”, “马上为您处理”), `no_charge` that nothing is taken."""

WORDS: dict[str, str] = {
    REFUND: r"refund|money back|退",
    CANCEL: r"cancel|withdrawn|taken off|取消|作废|撤",
    SHIP: r"ship|sent|dispatch|发货|发出|寄",
    DELIVER: r"deliver|arriv|送|签收|到货",
    CREATE_ORDER: r"creat|placed|建|生成|下单",
    RESERVE: r"reserv|held|aside|预留|占用|备",
    RELEASE: r"releas|on sale|释放|开放",
    REPLACE: r"substitut|replac|exchang|换|替代",
    PRICE: r"price|total|amount|价|总额|金额",
    COUPON: r"coupon|voucher|券",
    ADDRESS: r"address|pickup|地址|自提|收货",
    CHARGE: r"charg|captur|paid|payment|扣|付|收",
    NO_CHARGE: r"charg|captur|authori|paid|扣|付|收",
    CONTACT: r"contact|told|asked|answer|wrote|message|call|告知|询问|答复|消息|联系",
    CHECK: r"check|see|look|read|verif|find out|核|查|看|读",
    HAND_OVER: r"hand|passed|person|team|colleague|owner|转|交|接|负责|人工",
    COMPENSATE: r"coupon|gift|compens|given|补偿|赠|给予",
    ESCALATE: r"escalat|supervisor|升级|主管",
    NOTIFY: r"told|inform|message|告知|通知|消息",
    RECORD: r"note|record|备注|记录|登记",
    HOLD: r"hold|paus|暂停|暂缓",
    HANDLE: r"done|solved|repair|handled|settled|resolve|at it|处理|解决|修复|完成|执行",
}
"""How a deed is spoken of at all, in either language, done or not: a pattern for lower-case text."""
