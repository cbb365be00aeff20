// Where the conversation is drawn, once there is something to be seen of it.

import { h } from "./dom";
import type { Message, Unsent } from "./messages";
import type { Drawing, DrawFiles } from "./talk/drawing";

type Call = (drawing: Drawing) => void;

export class Log {
  readonly element: HTMLElement;
  readonly #load: () => Promise<Drawing>;
  readonly #lacks: (lacks: boolean) => void;
  #drawing: Drawing | undefined;
  #loading: Promise<void> | undefined;
  #calls: Call[] = [];

  /** `lacks` is told whether what draws is missing. */
  constructor(title: string, load: () => Promise<Drawing>, lacks: (lacks: boolean) => void) {
    this.#load = load;
    this.#lacks = lacks;
    // Whole messages are announced elsewhere, not the pieces in which they come.
    const live = { role: "log", "aria-live": "off", "aria-label": title };
    this.element = h("div", { class: "log", tabindex: "0", ...live });
  }

  greet(kind: string, name: string, text: string): void {
    this.#draw((drawing) => drawing.greet(kind, name, text), false);
  }

  /** Show a message at its place; one that is shown already is replaced. */
  put(message: Message): void {
    this.#draw((drawing) => drawing.put(message));
  }

  /** Put messages from before the first one, while the reader stays at the same place. */
  prepend(messages: readonly Message[]): void {
    this.#draw((drawing) => drawing.prepend(messages));
  }

  /** The team has read up to this message. */
  read(seq: number): void {
    this.#draw((drawing) => drawing.read(seq), false);
  }

  clear(): void {
    this.#draw((drawing) => drawing.clear(), false);
  }

  /** Show what the server has not confirmed, below everything that it has. */
  waiting(all: readonly Unsent[]): void {
    this.#draw((drawing) => drawing.waiting(all));
  }

  /** Show the answer that is being written; undefined for none, empty while only thinking. */
  coming(text: string | undefined, name = ""): void {
    this.#draw((drawing) => drawing.coming(text, name), false);
  }

  /** Draw all files in this way from now on; until then their names are shown. */
  files(draw: DrawFiles): void {
    this.#draw((drawing) => drawing.files(draw), false);
  }

  /** Go to the conversation's end. */
  toEnd(): void {
    this.#draw((drawing) => drawing.toEnd());
  }

  #draw(call: Call, isUrgent = true): void {
    if (this.#drawing) return call(this.#drawing);
    this.#calls.push(call);
    if (!isUrgent) return;
    // The next message, or the visitor, tries again what failed.
    this.#loading ??= this.#begin().catch(() => {
      this.#loading = undefined;
      this.#lacks(true);
    });
  }

  async #begin(): Promise<void> {
    this.#drawing = await this.#load();
    for (const call of this.#calls) call(this.#drawing);
    this.#calls = [];
    this.#lacks(false);
  }
}
