// The drawer at the side: one thing at a time, closed by its button or Escape; the focus goes back where it came from.

import { $, setText, show } from "./dom.js";
import { t } from "./texts.js";

let opener = null;
let closed = () => {};

export function startDrawer() {
  $("drawer-close").addEventListener("click", closeDrawer);
  addEventListener("keydown", (event) => { if (event.key === "Escape") closeDrawer(); });
}

// Shows `content` under a title; `onClose` is called when it is closed or something else is shown.
export function openDrawer(title, content, from, onClose = () => {}) {
  closed();
  closed = onClose;
  opener = from;
  setText($("drawer-title"), title);
  setText($("drawer-close"), t("close_inbox"));
  $("drawer-content").replaceChildren(content);
  $("drawer").scrollTop = 0;
  show($("drawer"), true);
  $("drawer").focus({ preventScroll: true });
}

export function closeDrawer() {
  if ($("drawer").hidden) return;
  closed();
  closed = () => {};
  show($("drawer"), false);
  $("drawer-content").replaceChildren();
  if (opener?.isConnected) opener.focus({ preventScroll: true });
}
