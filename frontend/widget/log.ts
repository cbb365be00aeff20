// The conversation as it is drawn: messages in their order, then what is on its way.

import { h, link, linked } from "./dom";
import type { Message, Unsent } from "./messages";

interface Actions {
  choose(text: string): void;
  retry(unsent: Unsent): void;
}

/** How far from its end a reader may be and still be taken along. */
const NEAR = 48;

export class Log {
  readonly element: HTMLElement;
  readonly #texts: Record<string, string>;
  readonly #actions: Actions;
  readonly #list = h("ol");
  readonly #unsent = h("ol");
  readonly #coming = h("ol");
  readonly #shown = new Map<number, HTMLLIElement>();
  #choices: HTMLElement | undefined;
  #lastSeq = 0;
  #follows = true;
  #placed = 0;
  #frame = 0;

  constructor(texts: Record<string, string>, title: string, actions: Actions) {
    this.#texts = texts;
    this.#actions = actions;
    this.element = h(
      "div",
      // Whole messages are announced elsewhere, not the pieces in which they come.
      { class: "log", role: "log", "aria-live": "off", tabindex: "0", "aria-label": title },
      this.#list,
      this.#unsent,
      this.#coming,
    );
    this.element.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.element;
      const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
      this.#follows = isNear || Math.abs(scrollTop - this.#placed) < 1;
    });
  }

  greet(kind: string, name: string, text: string): void {
    this.#list.prepend(item(kind, name, text));
    this.#settle();
  }

  /** Show a message at its place; one that is shown already is replaced. */
  put(message: Message): void {
    const { kind, name } = message.author;
    const text = message.text || message.attachments.map((file) => file.name).join(", ");
    const element = item(kind, name, text, message.createdAt);
    if (message.sources.length) element.append(this.#sources(message));
    const before = this.#shown.get(message.seq);
    if (before) before.replaceWith(element);
    else this.#list.insertBefore(element, this.#after(message.seq));
    this.#shown.set(message.seq, element);
    if (message.seq >= this.#lastSeq) this.#offer(message, element);
    this.#settle(kind === "visitor");
  }

  clear(): void {
    for (const element of this.#shown.values()) element.remove();
    this.#shown.clear();
    this.#lastSeq = 0;
  }

  /** Show what the server has not confirmed, below everything that it has. */
  waiting(all: readonly Unsent[]): void {
    this.#unsent.replaceChildren(
      ...all.map((unsent) => {
        const element = item("visitor unsent", "", unsent.text);
        if (unsent.refused) element.append(this.#refusal(unsent));
        return element;
      }),
    );
    this.#settle();
  }

  /** Show the answer that is being written; undefined for none, empty while only thinking. */
  coming(text: string | undefined, name = ""): void {
    const now = this.#coming.firstElementChild;
    const streams = now?.classList.contains("streaming");
    if (text === undefined) this.#coming.replaceChildren();
    else if (text && streams) now!.lastElementChild!.textContent = text;
    else if (text) this.#coming.replaceChildren(item("assistant streaming", name, text));
    else if (!now) this.#coming.replaceChildren(dots());
    this.#settle();
  }

  /** Go to the conversation's end. */
  toEnd(): void {
    this.#settle(true);
  }

  /** Once a frame: group by author, and follow unless the reader has scrolled away. */
  #settle(toEnd = false): void {
    this.#follows ||= toEnd;
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#group();
      if (this.#follows) this.#follow();
    });
  }

  /** Go to the end, but of a message that is too long for that to its beginning. */
  #follow(): void {
    const items = this.element.querySelectorAll<HTMLElement>(".item");
    const last = items[items.length - 1];
    const room = this.element.clientHeight - (last?.offsetHeight ?? 0);
    this.element.scrollTop = (last?.offsetTop ?? 0) - Math.max(0, Math.min(NEAR, room));
    this.#placed = this.element.scrollTop;
  }

  /** Name an author once for several messages in a row. */
  #group(): void {
    let last: string | undefined;
    for (const element of this.element.querySelectorAll<HTMLElement>(".item")) {
      const { author } = element.dataset;
      element.classList.toggle("first", author !== last);
      last = author;
    }
  }

  #after(seq: number): HTMLLIElement | null {
    if (seq > this.#lastSeq) return null;
    const later = [...this.#shown.keys()].filter((other) => other > seq);
    return this.#shown.get(Math.min(...later)) ?? null;
  }

  #sources({ sources }: Message): HTMLElement {
    const items = sources.map(({ title, url }) => h("li", {}, link(url ?? "", title)));
    return h("div", { class: "sources" }, `${this.#texts.sources}:`, h("ul", {}, ...items));
  }

  /** Only the last message's choices can be taken. */
  #offer(message: Message, element: HTMLElement): void {
    this.#lastSeq = message.seq;
    this.#choices?.remove();
    this.#choices = undefined;
    if (!message.choices.length) return;
    const buttons = message.choices.map((choice) =>
      h("button", { type: "button", onclick: () => this.#actions.choose(choice) }, choice),
    );
    this.#choices = h("div", { class: "choices" }, ...buttons);
    element.append(this.#choices);
  }

  #refusal(unsent: Unsent): HTMLElement {
    const again = h(
      "button",
      { type: "button", onclick: () => this.#actions.retry(unsent) },
      this.#texts.retry!,
    );
    return h("div", { class: "note alarm", role: "alert" }, `${unsent.refused} `, again);
  }
}

function item(classes: string, name: string, text: string, at?: string): HTMLLIElement {
  const [kind] = classes.split(" ");
  const shownName = kind === "visitor" ? "" : name;
  const who = h("div", { class: "who" }, [shownName, time(at)].filter(Boolean).join(" · "));
  const bubble = h("div", { class: "bubble", dir: "auto" }, ...linked(text));
  return h("li", { class: `item ${classes}`, "data-author": `${kind} ${name}` }, who, bubble);
}

function dots(): HTMLLIElement {
  const three = h("div", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  return h("li", { class: "item" }, three);
}

function time(at: string | undefined): string {
  return at ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
}
