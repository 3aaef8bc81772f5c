// What a failed action means to whoever pressed the button.

import { Problem } from "./api.js";
import { has, t } from "./texts.js";

export function problemWords(error) {
  if (!(error instanceof Problem)) return t("problem.other", { detail: error.message });
  if (has(`problem.${error.code}`)) return t(`problem.${error.code}`);
  const byStatus = { 0: "unreachable", 403: "forbidden", 404: "not_found", 409: "conflict", 412: "conflict" }[error.status];
  if (byStatus) return t(`problem.${byStatus}`);
  return error.isBusy ? t("problem.busy") : t("problem.other", { detail: error.message });
}
