// Evidence as a list: what kind, which one, when, and what it said.

import { el } from "./dom.js";
import { clock, evidenceKind, said } from "./format.js";
import { t } from "./texts.js";

export function evidenceList(items, numbered = false) {
  if (!items?.length) return el("p", { class: "hint" }, t("no_evidence"));
  return el(numbered ? "ol" : "ul", { class: numbered ? "evidence numbered" : "evidence" }, items.map((one) =>
    el("li", {},
      el("span", { class: `kind kind-${one.kind}` }, evidenceKind(one.kind)),
      el("span", { class: "said" }, said(one.value)),
      el("code", {}, one.ref),
      one.at && el("time", { datetime: one.at }, clock(one.at)))));
}

export function evidenceFold(items, key) {
  if (!items?.length) return null;
  return el("details", { "data-key": key, class: "fold" },
    el("summary", {}, t("evidence_n", { n: items.length })), evidenceList(items));
}
