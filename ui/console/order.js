// The order as each system sees it, read when it is folded open: what events told beside what the shop said last.

import { readOrder } from "./api.js";
import { el } from "./dom.js";
import { Folded } from "./folded.js";
import { clock, money } from "./format.js";
import { Label, t } from "./texts.js";

export class OrderView extends Folded {
  constructor(id) {
    super(t("order_view"), "order", async () => drawOrder(await readOrder(id)));
  }
}

function drawOrder({ snapshot, read_back: back }) {
  const told = snapshot ?? {};
  const parts = back?.facts ?? {};
  const at = (name) => (parts[name] && typeof parts[name] === "object" && "value" in parts[name] ? parts[name].value : parts[name]);
  const checkout = at("checkout");
  const of = (kind) => Object.values(told[kind] ?? {});
  const rows = [
    ["checkout", Label("checkout", told.status ?? "open"), checkout && Label("checkout", checkout.status)],
    ["total", money(told.total), checkout && money(checkout.total)],
    ["payments", list(of("payments"), payment), at("payments") && list(at("payments"), payment)],
    ["reservations", list(of("reservations"), reservation), at("reservations") && list(at("reservations"), reservation)],
    ["orders", list(of("orders"), order), at("orders") && list(at("orders"), order)],
  ];
  return [
    el("table", {},
      el("thead", {}, el("tr", {}, el("td"), el("th", { scope: "col" }, t("by_events")), el("th", { scope: "col" }, t("by_shop")))),
      el("tbody", {}, rows.map(([name, events, shop]) => el("tr", {},
        el("th", { scope: "row" }, t(`row.${name}`)), cell(events), cell(shop || t("not_read")))))),
    back?.at && el("p", { class: "hint" }, t("read_at", { time: clock(back.at) })),
  ].filter(Boolean);
}

function cell(content) {
  return el("td", {}, Array.isArray(content) ? content.map((line) => el("p", {}, line)) : content || t("nothing"));
}

const list = (items, words) => (items.length ? items.map(words) : t("nothing"));

// By events amounts are minor units beside a currency; by read-back they are money.
function payment(one) {
  const amount = typeof one.amount === "object" ? one.amount : one.currency && { amount: one.amount, currency: one.currency };
  return [money(amount), Label("payment", one.status ?? "pending")].filter(Boolean).join(" · ");
}

const reservation = (one) => `${one.sku} × ${one.quantity} · ${Label("reservation", one.status)}`;
const order = (one) => [one.id, Label("order", one.status ?? "created"), money(one.total)].filter(Boolean).join(" · ");
