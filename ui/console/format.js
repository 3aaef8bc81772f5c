// Money, times and evidence in the reader's language.

import { currentLanguage, label, t } from "./texts.js";

let ahead = 0; // milliseconds by which the server's clock is ahead of this one

// The server's `Date` has whole seconds only: small differences are left alone.
export function learnClock(header) {
  const difference = Date.parse(header ?? "") - Date.now();
  if (Number.isFinite(difference)) ahead = Math.abs(difference) > 3000 ? difference : 0;
}

export const now = () => Date.now() + ahead;
export const since = (time) => (now() - Date.parse(time)) / 1000;
export const between = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

// `{amount, currency}` in minor units; `whole`: without cents.
export function money(value, whole = false) {
  if (!value) return "";
  const format = new Intl.NumberFormat(currentLanguage(), {
    style: "currency", currency: value.currency, currencyDisplay: "narrowSymbol",
  });
  const digits = format.resolvedOptions().maximumFractionDigits;
  if (whole) return roundly(value, digits);
  return format.format(value.amount / 10 ** digits);
}

const roundly = (value, digits) => new Intl.NumberFormat(currentLanguage(), {
  style: "currency", currency: value.currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: 0, minimumFractionDigits: 0,
}).format(value.amount / 10 ** digits);

// Seconds in words: "0.8 s", "42 s", "3 min", "2 h".
export function duration(seconds) {
  const s = Math.max(0, seconds);
  if (s < 9.95) return t("s", { n: s.toFixed(1) });
  if (s < 99.5) return t("s", { n: Math.round(s) });
  if (s < 5400) return t("min", { n: Math.round(s / 60) });
  if (s < 129600) return t("h", { n: Math.round(s / 3600) });
  return t("d", { n: Math.round(s / 86400) });
}

// Whole seconds, for figures that tick.
export function ticking(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  return s < 100 ? t("s", { n: s }) : duration(s);
}

export function clock(time) {
  const at = new Date(time);
  const day = at.toDateString() === new Date(now()).toDateString() ? {} : { month: "short", day: "numeric" };
  return at.toLocaleString(currentLanguage(), {
    ...day, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
}

// What a piece of evidence says: money as money, everything else as "name: value".
export function said(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(said).join(t("list"));
  if (typeof value !== "object") return String(value);
  if (Number.isInteger(value.amount) && typeof value.currency === "string") return money(value);
  return Object.entries(value).map(([name, one]) => `${name}: ${said(one)}`).join(" · ");
}

export const evidenceKind = (kind) => label("evidence", kind);
