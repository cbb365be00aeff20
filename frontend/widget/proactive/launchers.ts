// The page's own ways into the chat, and when the widget's own one is out of sight.

import type { Context } from "../context";

const LOOK_EVERY = 500;
/** A click this soon after the pointer opened the chat means to open it, not to close it. */
const HOVER_SETTLES = 600;

export class Launchers {
  readonly #context: Context;
  #selector: string;
  #timer: number | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#selector = valid(context.config.widget.customLauncher);
    const { signal } = context;
    const update = (): void => this.#update();
    for (const name of ["opened", "closed", "status"] as const) context.on(name, update);
    if (this.#selector) this.#watch(signal);
    if (context.config.widget.activation === "hover") this.#openOnHover();
    update();
  }

  get isAway(): boolean {
    const { availability, widget } = this.#context.config;
    return Boolean(widget.hideWhenAway) && availability.status !== "online";
  }

  #openOnHover(): void {
    const { panel } = this.#context;
    let opened = 0;
    panel.launcher.addEventListener("pointerenter", ({ pointerType }) => {
      // A finger that touches enters as well, and clicks next.
      if (pointerType !== "mouse" || panel.isOpen) return;
      opened = Date.now();
      panel.open(false);
    });
    const settle = (event: MouseEvent): void => {
      if (!panel.isOpen || Date.now() - opened > HOVER_SETTLES) return;
      event.stopImmediatePropagation();
      panel.focus();
    };
    panel.launcher.addEventListener("click", settle, { capture: true });
  }

  #watch(signal: AbortSignal): void {
    document.addEventListener("click", (event) => this.#clicked(event), { signal });
    // Pages draw such elements when they like, also long after the widget has come.
    const observer = new MutationObserver(() => {
      this.#timer ??= setTimeout(() => this.#update(), LOOK_EVERY);
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
    signal.addEventListener("abort", () => {
      observer.disconnect();
      clearTimeout(this.#timer);
      for (const element of this.#elements()) element.removeAttribute("aria-expanded");
    });
  }

  #clicked(event: MouseEvent): void {
    const [target] = event.composedPath();
    if (!(target instanceof Element) || !target.closest(this.#selector)) return;
    event.preventDefault();
    const { panel } = this.#context;
    if (panel.isOpen) panel.close();
    else panel.open();
  }

  #elements(): Element[] {
    return this.#selector ? [...document.querySelectorAll(this.#selector)] : [];
  }

  /** Without any such element on the page the widget's own launcher stays. */
  #update(): void {
    this.#timer = undefined;
    const { panel } = this.#context;
    const elements = this.#elements();
    const isOpen = String(panel.isOpen);
    for (const element of elements) {
      if (element.getAttribute("aria-expanded") !== isOpen) {
        element.setAttribute("aria-expanded", isOpen);
      }
    }
    panel.launcher.hidden = this.isAway || elements.length > 0;
  }
}

function valid(selector: string | undefined): string {
  try {
    if (selector) document.querySelector(selector);
    return selector ?? "";
  } catch {
    console.error(`LiveChat: ${selector} is no CSS selector; the chat keeps its own button.`);
    return "";
  }
}
