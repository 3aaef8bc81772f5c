"""What customers are asked before anything changes, and told afterwards: addresses, choices, requests."""

from __future__ import annotations

CHANGES: dict[str, dict[str, str]] = {
    # -- buttons: each says itself what a yes does --------------------------------------------------------------------
    "yes.cancel": {"zh-CN": "是，申请取消订单 {ref}", "en": "Yes, ask to cancel order {ref}"},
    "yes.refund": {"zh-CN": "是，申请订单 {ref} 退款", "en": "Yes, ask for a refund of order {ref}"},
    "yes.change_address": {
        "zh-CN": "是，申请修改订单 {ref} 的地址",
        "en": "Yes, ask to change the address of order {ref}",
    },
    "yes.change_item": {"zh-CN": "是，申请更换订单 {ref} 的商品", "en": "Yes, ask to change the items of order {ref}"},
    "yes.other": {"zh-CN": "是，请同事看一下订单 {ref}", "en": "Yes, pass order {ref} on to a colleague"},
    "yes.address": {"zh-CN": "是，就用这个地址", "en": "Yes, use this address"},
    "no.change": {"zh-CN": "不用了，保持原样", "en": "No, leave it as it is"},
    "no.address": {"zh-CN": "不对，我要修改", "en": "No, it needs correcting"},
    # -- requests -----------------------------------------------------------------------------------------------------
    "confirm.cancel": {
        "zh-CN": "您想取消订单 {ref}（{goods}，合计 {total}），对吗？能不能取消，由同事来定。需要我提交申请吗？",
        "en": "You would like to cancel order {ref} ({goods}, {total} in total), is that right? A colleague decides "
        "whether that is still possible. Shall I pass the request on?",
    },
    "confirm.refund": {
        "zh-CN": "您想为订单 {ref}（{goods}，合计 {total}）申请退款，对吗？能不能退、退多少，由同事来定。"
        "需要我提交申请吗？",
        "en": "You would like a refund for order {ref} ({goods}, {total} in total), is that right? A colleague decides "
        "about it and about the amount. Shall I pass the request on?",
    },
    "confirm.change_address": {
        "zh-CN": "您想修改订单 {ref}（{goods}）的收货地址，对吗？能不能改，由同事来定。需要我提交申请吗？",
        "en": "You would like to change the delivery address of order {ref} ({goods}), is that right? A colleague "
        "decides whether that is still possible. Shall I pass the request on?",
    },
    "confirm.change_item": {
        "zh-CN": "您想更换订单 {ref}（{goods}）里的商品，对吗？能不能换，由同事来定。需要我提交申请吗？",
        "en": "You would like to change what is in order {ref} ({goods}), is that right? A colleague decides whether "
        "that is possible. Shall I pass the request on?",
    },
    "confirm.other": {
        "zh-CN": "我可以请同事核实订单 {ref}，您说的话会一起转过去。需要吗？",
        "en": "I can pass order {ref} and what you told me on to a colleague to check. Would you like that?",
    },
    "decides.shipped": {
        "zh-CN": "请注意，这笔订单已经发货。",
        "en": "Please note that this order has been shipped already.",
    },
    "decides.delivered": {
        "zh-CN": "请注意，系统显示这笔订单已经送达。",
        "en": "Please note that this order shows as delivered.",
    },
    "already_cancelled": {
        "zh-CN": "订单 {ref} 已经取消了，您不用再申请。",
        "en": "Order {ref} has been cancelled already; you needn't ask for it again.",
    },
    "requested.cancel": {
        "zh-CN": "您的申请已转给{owner}（订单 {ref}，申请取消），最迟 {expected_by}给您答复。",
        "en": "Your request to cancel order {ref} has been passed to {owner}. You will have an answer by {expected_by} "
        "at the latest.",
    },
    "requested.refund": {
        "zh-CN": "您的申请已转给{owner}（订单 {ref}，申请退款），最迟 {expected_by}给您答复。",
        "en": "Your request for a refund of order {ref} has been passed to {owner}. You will have an answer by "
        "{expected_by} at the latest.",
    },
    "requested.change_address": {
        "zh-CN": "您的申请已转给{owner}（订单 {ref}，申请修改地址），最迟 {expected_by}给您答复。",
        "en": "Your request to change the address of order {ref} has been passed to {owner}. You will have an "
        "answer by "
        "{expected_by} at the latest.",
    },
    "requested.change_item": {
        "zh-CN": "您的申请已转给{owner}（订单 {ref}，申请更换商品），最迟 {expected_by}给您答复。",
        "en": "Your request to change the items of order {ref} has been passed to {owner}. You will have an answer by "
        "{expected_by} at the latest.",
    },
    "requested.other": {
        "zh-CN": "订单 {ref} 和您说的情况已转给{owner}，最迟 {expected_by}给您答复。",
        "en": "Order {ref} and what you told me have been passed to {owner}. You will have an answer by "
        "{expected_by} at the latest.",
    },
    "declined": {
        "zh-CN": "好的，那就保持原样，什么都没有改动。还有什么可以帮您的吗？",
        "en": "All right, everything stays as it is; nothing was changed. Is there anything else I can help with?",
    },
    "then_next": {
        "zh-CN": "您提到的另一件事，等这个确认之后再接着说。",
        "en": "After that we can go on with the other thing you mentioned.",
    },
    # -- choices ------------------------------------------------------------------------------------------------------
    "confirm.option": {
        "zh-CN": "您选的是“{label}”，对吗？",
        "en": "You would like “{label}”, is that right?",
    },
    "question_gone": {
        "zh-CN": "这个问题已经不需要您答复了，什么都没有改动。",
        "en": "That question no longer needs an answer, and nothing was changed.",
    },
    # -- addresses ----------------------------------------------------------------------------------------------------
    "address.ask": {
        "zh-CN": "还差这几项：{fields}。请直接发给我就好。",
        "en": "I still need: {fields}. Just send it here.",
    },
    "address.send_here": {
        "zh-CN": "您也可以把收货信息直接发在这里。",
        "en": "You can also just send me the details here.",
    },
    "address.ask_new": {
        "zh-CN": "好的，请把新的收货地址发给我：收件人、电话、省市区和详细街道门牌。",
        "en": "Sure. Please send me the new delivery address: recipient, phone number, street and number, city and "
        "postcode.",
    },
    "address.ask_correct": {
        "zh-CN": "好的，先不改。请把正确的信息发给我，只发要更正的部分也可以。",
        "en": "All right, nothing was changed. Please send me the correct details; just the part that is wrong "
        "is enough.",
    },
    "address.which": {
        "zh-CN": "{field}可能是：{options}。请问是哪一个？",
        "en": "The {field} could be: {options}. Which one is it?",
    },
    "address.read_back": {
        "zh-CN": "麻烦您核对一下收货信息：{address}。就按这个来可以吗？",
        "en": "These are the details I have: {address}. Shall I use them?",
    },
    "address.not_needed": {
        "zh-CN": "订单 {ref} 目前没有需要补充的收货信息。如果您想改地址，告诉我“改地址”就行。",
        "en": "Order {ref} needs no further delivery details at the moment. If you'd like to change the address, just "
        "say “change address”.",
    },
    "address.invalid": {
        "zh-CN": "这个地址我没能读懂，请再发一次，比如：收件人，电话，省市区，街道门牌。",
        "en": "I couldn't read that address. Could you send it again, for example: recipient, phone, street and "
        "number, "
        "city, postcode?",
    },
}  # fmt: skip
