"""All verbs that storyboards may use, by name; the stage performs them."""

from collections.abc import Callable

from tools.sandbox import verbs_checkout, verbs_goods, verbs_money

Verb = Callable[..., None]

VERBS: dict[str, Verb] = {
    verb.__name__: verb
    for verb in (
        verbs_checkout.start,
        verbs_checkout.fill_in,
        verbs_checkout.submit,
        verbs_checkout.correct_address,
        verbs_checkout.reject_and_accept_address,
        verbs_checkout.show_coupon,
        verbs_checkout.expire_coupon,
        verbs_checkout.spend_coupon,
        verbs_checkout.replace_checkout,
        verbs_checkout.expire_checkout,
        verbs_checkout.block_account,
        verbs_checkout.think,
        verbs_money.request_payment,
        verbs_money.authorize,
        verbs_money.capture,
        verbs_money.fail,
        verbs_money.dispute,
        verbs_money.refund_everything,
        verbs_money.tell_stray,
        verbs_goods.reserve,
        verbs_goods.reserve_missing,
        verbs_goods.reserve_what_is_there,
        verbs_goods.create_order,
        verbs_goods.order_unpaid,
        verbs_goods.confirm_order,
        verbs_goods.ship_order,
        verbs_goods.ship_and_deliver,
        verbs_goods.get_stuck,
        verbs_goods.hold_order,
        verbs_goods.unhold_order,
        verbs_goods.cancel_order,
        verbs_goods.misprice_order,
        verbs_goods.deliver_before_shipping,
        verbs_goods.drift,
        verbs_goods.tell_level,
        verbs_goods.catch_up,
    )
}
