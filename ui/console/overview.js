// What stands beside the queue while no case is chosen: how many cases stand where.

import { el, Part } from "./dom.js";
import { currentLanguage, t } from "./texts.js";

const part = new Part(el("div", { class: "overview" }));

export function drawOverview(parent, counts) {
  if (part.node.parentNode !== parent) parent.replaceChildren(part.node);
  part.draw({ counts, language: currentLanguage() }, build);
}

function build({ counts }) {
  const by = (kind, ...names) => names.reduce((sum, name) => sum + (counts?.[kind][name] ?? 0), 0);
  const tiles = [
    ["repaired", by("resolution", "repaired"), "good"],
    ["approved", by("resolution", "repaired_with_approval"), "good"],
    ["working", by("status", "open", "diagnosing", "repairing")],
    ["approval", by("status", "awaiting_approval"), "call"],
    ["customer", by("status", "awaiting_customer")],
    ["people", by("status", "handed_off"), "call"],
    ["cleared", by("resolution", "self_cleared", "false_alarm")],
    ["other", by("resolution", "alternative_accepted", "by_human", "cancelled_refunded", "no_response", "merged")],
  ];
  return [
    el("h2", {}, t("overview")),
    el("p", { class: "lede" }, t("overview_lede")),
    el("ul", { class: "tiles" }, tiles.map(([name, count, look]) => el("li", { class: count && look ? `tile ${look}` : "tile" },
      el("strong", {}, counts ? String(count) : "–"), el("span", {}, t(`tile.${name}`))))),
  ];
}
