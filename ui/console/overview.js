// What stands beside the queue while no case is chosen: how many cases stand where.

import { readLevels } from "./api.js";
import { el, Part } from "./dom.js";
import { duration, ticking } from "./format.js";
import { currentLanguage, has, Label, t } from "./texts.js";

const part = new Part(el("div", { class: "overview" }));

export function drawOverview(parent, counts) {
  if (part.node.parentNode !== parent) parent.replaceChildren(part.node);
  part.draw({ counts, levels, language: currentLanguage() }, build);
}

let levels = null;
let refused = false; // a key that may not read figures, or an assistant without them: asked no more

export function forgetLevels() {
  levels = null;
  refused = false;
}

// Reads how the promises of time stand; whether there is something new to draw.
export async function lookAtLevels(signal) {
  if (refused) return false;
  try {
    ({ severities: levels } = await readLevels(signal));
    return true;
  } catch (error) {
    refused = [401, 403, 404].includes(error.status);
    return false;
  }
}

function build({ counts, levels: all }) {
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
    ...drawLevels(all ?? {}),
  ];
}

// Of each severity: what it is promised, how much of the last day kept it, and what runs out next.
function drawLevels(all) {
  const rows = ["high", "medium", "low"].filter((severity) => has(`level.${all[severity]?.promise}`));
  if (!rows.length) return [];
  return [
    el("h3", { class: "levels-title" }, t("levels")),
    el("ul", { class: "tiles levels" }, rows.map((severity) => drawLevel(severity, all[severity]))),
  ];
}

function drawLevel(severity, one) {
  const day = one.last_day ?? {};
  const share = day.settled ? `${Math.floor(1000 * day.share) / 10}%` : "–";
  const open = one.missed ? t("levels_missed", { n: one.missed })
    : one.running ? t("levels_running", { n: one.running, time: ticking(one.least_left_seconds ?? 0) }) : t("levels_none");
  return el("li", { class: "tile" },
    el("span", { class: `chip severity-${severity}` }, Label("severity", severity)),
    el("span", {}, t(`level.${one.promise}`)),
    el("strong", {}, share),
    el("span", {}, day.settled ? t("levels_day", { n: day.settled, p95: duration(day.p95_seconds ?? 0), worst: duration(day.worst_seconds ?? 0) }) : t("levels_nothing")),
    el("span", { class: one.missed ? "level-open late" : "level-open" }, open));
}
