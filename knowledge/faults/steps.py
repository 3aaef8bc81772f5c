"""One constructor per write a playbook may plan: arguments, lock, effect and undo in both languages; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from knowledge.faults.figures import kept, refunded
from knowledge.faults.planning import PlanContext, Words, performed
from knowledge.phrases import format_money
from knowledge.phrases.labels import in_both
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, PaymentFact, PaymentLinkFact, ReservationFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep

CREATED_ORDER = {"from": "create_order", "field": "id"}


def words(zh: str, en: str) -> Words:
    """A text in both languages."""
    return {"zh-CN": zh, "en": en}


def _listed(rows: Iterable[Mapping[str, Any]], between: str = ", ") -> str:
    return between.join(f"{row['sku']} × {row['quantity']}" for row in rows)


# -- orders ---------------------------------------------------------------------------------------------------------


def create_order(checkout_id: str) -> PlanStep:
    return PlanStep(
        action="create_order", target=f"checkout:{checkout_id}", arguments={"checkout_id": checkout_id},
        effect=words(
            f"为结算 {checkout_id} 创建一张订单，沿用已有的付款和库存预留，不再扣款。",
            f"One order is created for checkout {checkout_id} with its payments and reservations; nothing is charged.",
        ),
        undo=words("取消该订单。", "Cancel the order."),
    )  # fmt: skip


def confirm_order(order: OrderFact | None, checkout_id: str) -> PlanStep:
    """`order` None: the one that `create_order` of the same plan makes."""
    name = order.id if order else ""
    return PlanStep(
        action="confirm_order", target=f"order:{name}" if order else f"checkout:{checkout_id}",
        arguments={"order_id": name if order else CREATED_ORDER},
        effect=words(
            f"确认订单{' ' + name if name else ''}，已预留的库存转为正式占用。",
            f"The order{' ' + name if name else ''} is confirmed; the stock held for it is committed.",
        ),
    )  # fmt: skip


def cancel_order(order: OrderFact, reason: str) -> PlanStep:
    return PlanStep(
        action="cancel_order", target=f"order:{order.id}", arguments={"order_id": order.id, "reason": reason},
        effect=words(f"取消订单 {order.id}；退款和库存由后续步骤处理。",
                     f"Order {order.id} is cancelled; money and stock follow in steps of their own."),
    )  # fmt: skip


def cancel_lines(order: OrderFact, quantities: Mapping[str, int], reason: str, new_total: Money) -> PlanStep:
    """`quantities` to take off by line id. `expect` is what remains of each of these lines."""
    cut = [line for line in order.lines if quantities.get(line.line_id)]
    rows = [{"line_id": line.line_id, "quantity": quantities[line.line_id]} for line in cut]
    listed = _listed({"sku": line.sku, "quantity": quantities[line.line_id]} for line in cut)
    was, now = shown(order.total), format_money(new_total)
    return PlanStep(
        action="cancel_lines", target=f"order:{order.id}",
        arguments={"order_id": order.id, "lines": rows, "reason": reason,
                   "expect": {line.line_id: line.quantity - quantities[line.line_id] for line in cut}},
        effect=words(f"从订单 {order.id} 中取消 {listed}；订单总额由 {was} 变为 {now}。",
                     f"{listed} is taken off order {order.id}; its total goes from {was} to {now}."),
    )  # fmt: skip


def backorder_line(order: OrderFact, line: Line, expected_at: datetime) -> PlanStep:
    day = expected_at.date().isoformat()
    return PlanStep(
        action="backorder_line", target=f"order:{order.id}",
        arguments={"order_id": order.id, "line_id": line.line_id, "expected_at": expected_at.isoformat()},
        effect=words(f"订单 {order.id} 中的 {line.sku} × {line.quantity} 改为缺货预订，预计 {day} 到货。",
                     f"{line.sku} × {line.quantity} of order {order.id} is back-ordered, expected on {day}."),
    )  # fmt: skip


def substitute_line(order: OrderFact, line: Line, to_sku: str, unit_price: Money, upgrade: int) -> PlanStep:
    """The whole line becomes `to_sku`. `upgrade`: minor units it is worth more than the customer pays, for the line."""
    price = format_money(unit_price)
    return PlanStep(
        action="substitute_line", target=f"order:{order.id}",
        arguments={"order_id": order.id, "line_id": line.line_id, "to_sku": to_sku, "quantity": line.quantity,
                   "unit_price": unit_price.json(), "expect": {line.line_id: 0}},
        effect=words(f"订单 {order.id} 中的 {line.sku} × {line.quantity} 换成 {to_sku}，单价 {price}。",
                     f"{line.sku} × {line.quantity} of order {order.id} becomes {to_sku} at {price} each."),
        undo=words(f"换回 {line.sku}（有货时），价格不高于原价。",
                   f"Substitute {line.sku} back when it is in stock, for no more than before."),
        goodwill=Money(upgrade, unit_price.currency) if upgrade > 0 else None,
    )  # fmt: skip


def set_order_address(order: OrderFact, source: str) -> PlanStep:
    """`source`: a key of _SOURCES; the address itself is fetched or worked out when it is sent."""
    zh, en = _SOURCES[source]
    return PlanStep(
        action="set_order_address", target=f"order:{order.id}",
        arguments={"order_id": order.id, "address_from": source},
        effect=words(f"订单 {order.id} 的收货地址改用{zh}。", f"Order {order.id} gets the address {en}."),
        undo=words("恢复原来的收货地址。", "Restore the former address."),
    )  # fmt: skip


def reprice_order(order: OrderFact, prices: Mapping[str, Money], new_total: Money) -> PlanStep:
    """`prices` by line id; the discount is named so that no threshold discount is lost."""
    return _reprice("reprice_order", "order", order, prices, new_total, "订单")


# -- checkouts ------------------------------------------------------------------------------------------------------


def reprice_checkout(checkout: CheckoutFact, prices: Mapping[str, Money], new_total: Money) -> PlanStep:
    """`prices` by line id; the discount is named so that no threshold discount is lost."""
    return _reprice("reprice_checkout", "checkout", checkout, prices, new_total, "结算")


def _reprice(
    action: str,
    kind: str,
    priced: CheckoutFact | OrderFact,
    prices: Mapping[str, Money],
    new_total: Money,
    zh: str,
) -> PlanStep:
    was, now = shown(priced.total), format_money(new_total)
    listed = ", ".join(f"{line.sku} {format_money(line.unit_price)} → {format_money(prices[line.line_id])}"
                       for line in priced.lines if line.line_id in prices)  # fmt: skip
    arguments: dict[str, Any] = {
        f"{kind}_id": priced.id,
        "lines": [{"line_id": line_id, "unit_price": price.json()} for line_id, price in prices.items()],
    }
    if priced.discount is not None:
        arguments["discount"] = priced.discount.json()
    return PlanStep(
        action=action, target=f"{kind}:{priced.id}", arguments=arguments,
        effect=words(f"{zh} {priced.id} 按较优价格改价（{listed}）；总额由 {was} 变为 {now}。",
                     f"The {kind} {priced.id} gets the better prices ({listed}); its total goes from {was} to {now}."),
    )  # fmt: skip


def set_checkout_address(checkout_id: str, source: str) -> PlanStep:
    """See `set_order_address`."""
    zh, en = _SOURCES[source]
    return PlanStep(
        action="set_checkout_address", target=f"checkout:{checkout_id}",
        arguments={"checkout_id": checkout_id, "address_from": source},
        effect=words(f"结算 {checkout_id} 的收货地址改用{zh}。", f"Checkout {checkout_id} gets the address {en}."),
        undo=words("恢复原来的收货地址。", "Restore the former address."),
    )  # fmt: skip


def expire_checkout(checkout_id: str, reason: str) -> PlanStep:
    return PlanStep(
        action="expire_checkout", target=f"checkout:{checkout_id}",
        arguments={"checkout_id": checkout_id, "reason": reason},
        effect=words(f"关闭结算 {checkout_id}，此后不会再由它产生订单。",
                     f"Checkout {checkout_id} is closed: no order can appear from it any more."),
    )  # fmt: skip


# -- money ----------------------------------------------------------------------------------------------------------


def cancel_payment(payment: PaymentFact) -> PlanStep:
    amount = shown(payment.amount)
    return PlanStep(
        action="cancel_payment", target=f"payment:{payment.id}", arguments={"payment_id": payment.id},
        effect=words(f"取消付款 {payment.id}（{amount}，尚未扣款）；此后不会再扣款。",
                     f"Payment {payment.id} ({amount}, not captured) is cancelled: nothing can be taken by it."),
    )  # fmt: skip


def refund_payment(payment: PaymentFact, amount: int, reason: str, *, repays: bool = False) -> PlanStep:
    """Refunds `amount` minor units, which must be above 0 and no more than is kept.

    Raises:
        ValueError: otherwise; a playbook would be wrong.
    """
    if payment.captured is None or not 0 < amount <= kept(payment):
        raise ValueError(f"{amount} can't be refunded of {kept(payment)} kept")
    money = Money(amount, payment.captured.currency)
    expected = Money(refunded(payment), money.currency)
    shown = format_money(money)
    return PlanStep(
        action="refund_payment", target=f"payment:{payment.id}",
        arguments={"payment_id": payment.id, "amount": money.json(), "reason": reason,
                   "expected_refunded": expected.json()},
        effect=words(f"从付款 {payment.id} 退还 {shown}。", f"{shown} of payment {payment.id} is refunded."),
        goodwill=money, repays=repays,
    )  # fmt: skip


def create_payment_link(checkout_id: str, amount: Money) -> PlanStep:
    shown = format_money(amount)
    return PlanStep(
        action="create_payment_link", target=f"checkout:{checkout_id}",
        arguments={"checkout_id": checkout_id, "amount": amount.json()},
        effect=words(f"为结算 {checkout_id} 生成金额为 {shown} 的一次性付款链接；是否付款由顾客决定。",
                     f"A single-use payment link over {shown} exists for checkout {checkout_id}; paying is up to the "
                     "customer."),
        undo=words("取消该付款链接。", "Cancel the payment link."),
    )  # fmt: skip


def cancel_payment_link(link: PaymentLinkFact) -> PlanStep:
    return PlanStep(
        action="cancel_payment_link", target=f"link:{link.id}", arguments={"link_id": link.id},
        effect=words(f"取消付款链接 {link.id}，此后不能再用它付款。",
                     f"Payment link {link.id} is cancelled: nobody can pay by it any more."),
    )  # fmt: skip


# -- stock ----------------------------------------------------------------------------------------------------------


def reserve_stock(checkout_id: str, lines: list[dict[str, Any]], held_before: Mapping[str, int]) -> PlanStep:
    """`lines` are `[{sku, quantity}]`; all or nothing. `held_before` is what is held of each sku just before."""
    return PlanStep(
        action="reserve_stock", target=f"checkout:{checkout_id}",
        arguments={"checkout_id": checkout_id, "lines": lines,
                   "held_before": {row["sku"]: held_before.get(row["sku"], 0) for row in lines}},
        effect=words(f"为结算 {checkout_id} 预留 {_listed(lines, '、')}。",
                     f"{_listed(lines)} {'is' if len(lines) == 1 else 'are'} reserved for checkout {checkout_id}."),
        undo=words("释放该预留。", "Release the reservation."),
    )  # fmt: skip


def release_reservation(reservation: ReservationFact) -> PlanStep:
    what = f"{reservation.sku} × {reservation.quantity}"
    return PlanStep(
        action="release_reservation", target=f"reservation:{reservation.id}",
        arguments=_reservation(reservation),
        effect=words(f"释放预留 {reservation.id}，{what} 重新可售。",
                     f"Reservation {reservation.id} is released: {what} can be sold again."),
        undo=words("库存仍有时重新预留。", "Reserve it again while stock lasts."),
    )  # fmt: skip


def commit_reservation(reservation: ReservationFact) -> PlanStep:
    what = f"{reservation.sku} × {reservation.quantity}"
    return PlanStep(
        action="commit_reservation", target=f"reservation:{reservation.id}",
        arguments=_reservation(reservation),
        effect=words(f"预留 {reservation.id}（{what}）转为正式占用，不会过期。",
                     f"Reservation {reservation.id} ({what}) is committed and can't expire."),
        undo=words("释放该预留。", "Release the reservation."),
    )  # fmt: skip


def _reservation(reservation: ReservationFact) -> dict[str, Any]:
    """The checkout says where to read it back."""
    arguments = {"reservation_id": reservation.id}
    return arguments | {"checkout_id": reservation.checkout_id} if reservation.checkout_id else arguments


# -- the customer ---------------------------------------------------------------------------------------------------


def send_message(
    ctx: PlanContext, fault: str, occasion: str, phrase: str, params: dict[str, Any],
    choices: list[dict[str, Any]] | None = None,
) -> list[PlanStep]:  # fmt: skip
    """The message, or nothing where it was sent already or the customer can't be written to.

    `phrase` is a key of the fault's MESSAGES, `params` fills it (JSON, nothing personal; Money as JSON).
    """
    if not ctx.can_message or performed(ctx, "send_message", f"message:{occasion}"):
        return []
    arguments: dict[str, Any] = {"fault": fault, "occasion": occasion, "phrase": phrase, "params": params}
    if choices:
        arguments["choices"] = choices
    about = in_both("occasion", occasion.split(":", 1)[0])
    question = words("，并请顾客选择。", " and is asked to choose.") if choices else words("。", ".")
    return [
        PlanStep(
            action="send_message", target=f"message:{occasion}", arguments=arguments,
            effect=words(f"顾客收到一条消息（{about['zh-CN']}）{question['zh-CN']}",
                         f"The customer gets a message ({about['en']}){question['en']}"),
        )
    ]  # fmt: skip


_SOURCES = {
    "checkout": ("顾客在结算中更正的地址", "as it stands in the checkout"),
    "serviceability": (
        "承运商根据顾客所填内容补全的地址",
        "as the carrier completed it from what the customer gave",
    ),
    "completed": ("由顾客所填内容唯一推出的完整地址", "as what the customer gave implies it"),
    "corrected": ("更正书写格式后的地址（内容不变）", "written correctly, with nothing else changed"),
    "conversation": ("顾客在对话中确认的地址", "as the customer confirmed it in a conversation"),
    "customer_history": ("顾客已确认的账户内地址", "of the customer's account that the customer confirmed"),
}


def shown(money: Money | None) -> str:
    """The amount as people write it, a dash where there is none."""
    return format_money(money) if money else "—"
