// Where files are held over the panel, it says that they can be dropped.

import type { Context } from "../context";
import { h } from "../dom";

export class Drop {
  readonly #panel: HTMLElement;
  readonly #over: HTMLElement;

  constructor({ panel, texts, signal }: Context) {
    this.#panel = panel.log.element.closest<HTMLElement>(".panel")!;
    this.#over = h("div", { class: "drop", hidden: true }, h("span", {}, texts.dropHere ?? ""));
    this.#panel.append(this.#over);
    const hide = (): void => void (this.#over.hidden = true);
    // Covering everything, it is left only when the panel is.
    this.#over.addEventListener("dragleave", hide, { signal });
    this.#panel.addEventListener("drop", hide, { signal });
    this.#panel.addEventListener("dragenter", (event) => this.#enter(event), { signal });
  }

  show(): void {
    this.#over.hidden = false;
  }

  #enter({ dataTransfer }: DragEvent): void {
    this.#over.hidden = !dataTransfer?.types.includes("Files");
  }
}
