// Messages beside the closed launcher; opening one begins the chat with it.

import type { Context } from "../context";
import { h, iconButton } from "../dom";

const CLOSE = "M6 6l12 12M18 6L6 18";
const MOST = 3;

export class Popups {
  readonly #context: Context;
  readonly #list = h("ul", { class: "popups" });

  constructor(context: Context) {
    this.#context = context;
    this.#list.setAttribute("aria-label", context.texts.newMessages!);
    context.on("opened", () => this.#list.replaceChildren());
    context.panel.launcher.after(this.#list);
  }

  show(text: string): void {
    const { chat, config, panel, texts } = this.#context;
    const open = h("button", { type: "button", class: "popup", dir: "auto" }, text);
    open.addEventListener("click", () => {
      // What the visitor says next is an answer to it.
      chat.way.variables = { popup: text };
      panel.log.greet("assistant", config.assistantName, text);
      panel.open();
    });
    const close = iconButton(texts.popupClose, CLOSE, () => this.#close(item));
    const item = h("li", {}, open, close);
    this.#list.append(item);
    if (this.#list.childElementCount > MOST) this.#list.firstElementChild!.remove();
    panel.announce(text);
  }

  #close(item: HTMLElement): void {
    item.remove();
    const next = this.#list.querySelector<HTMLElement>(".plain");
    if (next) next.focus();
    else this.#context.panel.focusLauncher();
  }
}
