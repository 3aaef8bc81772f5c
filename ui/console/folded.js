// A panel that is read when it is folded open, and again when more has happened.

import { el, setText } from "./dom.js";
import { t } from "./texts.js";

export class Folded {
  // `title` and `kind` name it; `read` answers its nodes; `failed` says in words why it can't.
  constructor(title, kind, read, failed = (error) => t("problem.other", { detail: error.message })) {
    this.read = read;
    this.failed = failed;
    this.content = el("div", { class: kind });
    this.node = el("details", { class: "panel order-panel" }, el("summary", {}, title), this.content);
    this.node.addEventListener("toggle", () => { if (this.node.open) this.load(); });
  }

  follow(happened) {
    if (happened === this.happened) return;
    this.happened = happened;
    if (this.node.open) this.load();
  }

  async load() {
    if (!this.content.childElementCount) setText(this.content, t("order_load"));
    try {
      this.content.replaceChildren(...await this.read());
    } catch (error) {
      setText(this.content, this.failed(error));
    }
  }
}
