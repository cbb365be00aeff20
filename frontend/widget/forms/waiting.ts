// What a visitor sees who waits for a person: the place in the queue, how long, and who comes.

import type { Context } from "../context";
import { h } from "../dom";
import { expectation, filled } from "./moments";

export class Waiting {
  readonly #context: Context;
  readonly #onAssistant: () => void;
  #position = Infinity;
  #assignee = "";
  #shown = "";

  constructor(context: Context, onAssistant: () => void) {
    this.#context = context;
    this.#onAssistant = onAssistant;
  }

  /** Take a place in the queue; one that is further back than the last one told is not told. */
  place(position: unknown): void {
    if (typeof position === "number") this.#position = Math.min(this.#position, position);
  }

  assigned(name: string): void {
    this.#assignee = name;
  }

  end(): void {
    this.#position = Infinity;
    this.#assignee = this.#shown = "";
    this.#context.panel.strip.replaceChildren();
  }

  show(): void {
    const { config, panel, texts } = this.#context;
    const first = this.#first();
    const second = this.#assignee ? "" : expectation(config.availability, texts, config.locale);
    const words = `${first} ${second}`;
    if (words === this.#shown) return;
    this.#shown = words;
    panel.strip.replaceChildren(h("strong", {}, first), ` ${second}`);
    if (config.assistantId && !this.#assignee) {
      const onclick = this.#onAssistant;
      panel.strip.append(h("button", { type: "button", onclick }, texts.askAssistant!));
    }
    panel.announce(words);
  }

  #first(): string {
    const { config, texts } = this.#context;
    const { status } = config.availability;
    if (this.#assignee) return filled(texts.assigned, { name: this.#assignee });
    if (status !== "online") return texts[status]!;
    if (this.#position === Infinity) return texts.waiting!;
    return filled(texts.position, { position: this.#position.toLocaleString(config.locale) });
  }
}
