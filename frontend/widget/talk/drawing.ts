// The conversation as it is drawn: messages in their order, then what is on its way.

import type { Context } from "../context";
import type { Countdown } from "../countdown";
import { h } from "../dom";
import type { Message, Unsent } from "../messages";
import { dots, item, names, sources } from "./item";
import { day } from "./when";

/** How a message's files are drawn. */
export type DrawFiles = (message: Pick<Message, "attachments">) => Node;

/** How far from its end a reader may be and still be taken along. */
const NEAR = 48;

export class Drawing {
  readonly #context: Context;
  readonly #element: HTMLElement;
  readonly #texts: Record<string, string>;
  readonly #locale: string;
  #drawFiles: DrawFiles | undefined;
  #greeting: HTMLElement | undefined;
  readonly #list = h("ol");
  readonly #unsent = h("ol");
  readonly #coming = h("ol");
  readonly #pill: HTMLElement;
  readonly #receipt = h("div", { class: "note receipt" });
  readonly #shown = new Map<number, HTMLLIElement>();
  readonly #messages = new Map<number, Message>();
  #choices: HTMLElement | undefined;
  #answer: string | undefined;
  #answerName = "";
  #lastSeq = 0;
  #ownSeq = 0;
  #heardSeq = 0;
  #readSeq = 0;
  #follows = true;
  #placed = 0;
  #height = 0;
  #frame = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#texts = context.texts;
    this.#locale = context.config.locale;
    this.#element = context.panel.log.element;
    const toEnd = () => this.toEnd();
    const { newMessages } = this.#texts;
    const more = h("button", { class: "pill", type: "button", onclick: toEnd }, newMessages!);
    this.#pill = h("div", { class: "below", hidden: true }, more);
    this.#element.append(this.#list, this.#unsent, this.#coming, this.#pill);
    this.#element.addEventListener("scroll", () => this.#scrolled());
    const resized = new ResizeObserver(() => this.#settle());
    resized.observe(this.#element);
    context.signal.addEventListener("abort", () => resized.disconnect());
  }

  /** Say something before everything else, in the place of what greeted before. */
  greet(kind: string, name: string, text: string): void {
    this.#greeting?.remove();
    this.#greeting = item(kind, name, text);
    this.#list.prepend(this.#greeting);
    this.#settle();
  }

  /** Show a message at its place; one that is shown already is replaced. */
  put(message: Message): void {
    const { kind } = message.author;
    const { seq } = message;
    const element = this.#item(message);
    const before = this.#shown.get(seq);
    if (before) before.replaceWith(element);
    else this.#list.insertBefore(element, this.#after(seq));
    this.#shown.set(seq, element);
    this.#messages.set(seq, message);
    if (kind === "visitor") this.#ownSeq = Math.max(seq, this.#ownSeq);
    else if (kind !== "system") this.#heardSeq = Math.max(seq, this.#heardSeq);
    if (seq > this.#lastSeq && !this.#follows) this.#pill.hidden = false;
    if (seq >= this.#lastSeq) this.#offer(message, element);
    this.read(this.#readSeq);
    this.#settle(kind === "visitor" && !before);
  }

  /** Draw all files in this way from now on; until then their names are shown. */
  files(draw: DrawFiles): void {
    this.#drawFiles = draw;
    for (const message of this.#messages.values()) if (message.attachments.length) this.put(message);
  }

  /** Put messages from before the first one, while the reader stays at the same place. */
  prepend(messages: readonly Message[]): void {
    const { scrollHeight, scrollTop } = this.#element;
    for (const message of messages) this.put(message);
    this.#group();
    this.#element.scrollTop = scrollTop + this.#element.scrollHeight - scrollHeight;
  }

  /** The team has read up to this message. */
  read(seq: number): void {
    this.#readSeq = Math.max(seq, this.#readSeq);
    const { read, delivered } = this.#texts;
    this.#receipt.textContent = (this.#readSeq >= this.#ownSeq ? read : delivered) ?? "";
    // Whoever is answered was heard.
    if (this.#ownSeq > this.#heardSeq) this.#shown.get(this.#ownSeq)!.append(this.#receipt);
    else this.#receipt.remove();
  }

  clear(): void {
    for (const element of this.#shown.values()) element.remove();
    this.#shown.clear();
    this.#messages.clear();
    this.#lastSeq = this.#ownSeq = this.#heardSeq = this.#readSeq = 0;
    this.#follows = this.#pill.hidden = true;
  }

  /** Show what the server has not confirmed, below everything that it has. */
  waiting(all: readonly Unsent[]): void {
    this.#unsent.replaceChildren(
      ...all.map((unsent) => {
        const element = item("visitor unsent", "", unsent.text);
        if (unsent.attachments.length) element.append(this.#files(unsent));
        const sending = h("div", { class: "note" }, this.#texts.sending ?? "");
        element.append(unsent.refused ? this.#refusal(unsent) : sending);
        return element;
      }),
    );
    this.#settle();
  }

  /** Show the answer that is being written; undefined for none, empty while only thinking. */
  coming(text: string | undefined, name = ""): void {
    // Thinking does not take back what is there.
    if (!text && text !== undefined && this.#answer !== undefined) return;
    [this.#answer, this.#answerName] = [text, name];
    this.#settle();
  }

  /** Go to the conversation's end. */
  toEnd(): void {
    this.#settle(true);
  }

  /** Once a frame: draw what changes fast, group, and follow unless the reader has scrolled away. */
  #settle(toEnd = false): void {
    this.#follows ||= toEnd;
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#stream();
      this.#group();
      if (this.#follows) this.#follow();
      this.#height = this.#element.clientHeight;
    });
  }

  #stream(): void {
    const now = this.#coming.firstElementChild;
    const streams = now?.classList.contains("streaming");
    const text = this.#answer;
    if (text === undefined) this.#coming.replaceChildren();
    else if (text) {
      const next = item("assistant streaming", this.#answerName, text);
      if (streams) now!.lastElementChild!.replaceWith(next.lastElementChild!);
      else this.#coming.replaceChildren(next);
    } else if (!now) this.#coming.replaceChildren(dots());
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#element;
    // What came above or below has moved it, and not the reader.
    if (clientHeight !== this.#height) return;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#follows = isNear || Math.abs(scrollTop - this.#placed) < 1;
    if (this.#follows) this.#pill.hidden = true;
    else if (scrollTop < clientHeight / 2) void this.#context.chat.older();
  }

  /** Go to the end, but of a message that is too long for that to its beginning. */
  #follow(): void {
    const items = this.#element.querySelectorAll<HTMLElement>(".item");
    const last = items[items.length - 1];
    const room = this.#element.clientHeight - (last?.offsetHeight ?? 0);
    this.#element.scrollTop = (last?.offsetTop ?? 0) - Math.max(0, Math.min(NEAR, room));
    this.#placed = this.#element.scrollTop;
    this.#pill.hidden = true;
  }

  /** Name an author once for several messages in a row, and each day that begins. */
  #group(): void {
    let author: string | undefined;
    let date = new Date().toDateString();
    for (const element of this.#element.querySelectorAll<HTMLElement>(".item")) {
      const { at } = element.dataset;
      const other = at ? new Date(at) : undefined;
      const isNewDay = other !== undefined && other.toDateString() !== date;
      if (isNewDay) date = other.toDateString();
      element.classList.toggle("first", isNewDay || element.dataset.author !== author);
      author = element.dataset.author;
      const line = element.querySelector(".day");
      if (!isNewDay) line?.remove();
      else if (!line) element.prepend(h("div", { class: "day" }, day(other, this.#locale)));
    }
  }

  #after(seq: number): HTMLLIElement | null {
    if (seq > this.#lastSeq) return null;
    const later = [...this.#shown.keys()].filter((other) => other > seq);
    return this.#shown.get(Math.min(...later)) ?? null;
  }

  #item(message: Message): HTMLLIElement {
    const { kind, name } = message.author;
    const element = item(kind, name, message.text, message.createdAt, this.#locale);
    if (message.attachments.length) element.append(this.#files(message));
    if (message.sources.length) element.append(sources(message.sources, this.#texts.sources!));
    return element;
  }

  #files(message: Pick<Message, "attachments">): Node {
    if (this.#drawFiles) return this.#drawFiles(message);
    void this.#context.load("files").catch(() => undefined);
    return names(message);
  }

  /** Only the last message's choices can be taken. */
  #offer(message: Message, element: HTMLElement): void {
    this.#lastSeq = message.seq;
    this.#choices?.remove();
    this.#choices = undefined;
    if (!message.choices.length) return;
    const { chat } = this.#context;
    const buttons = message.choices.map((choice) =>
      h("button", { type: "button", dir: "auto", onclick: () => chat.say(choice) }, choice),
    );
    this.#choices = h("div", { class: "choices" }, ...buttons);
    element.append(this.#choices);
  }

  #refusal(unsent: Unsent): HTMLElement {
    const { load, chat } = this.#context;
    const { refused, notBefore = 0 } = unsent;
    const props = { type: "button", onclick: () => chat.retry(unsent) };
    const again = h("button", props, this.#texts.retry!);
    if (notBefore > Date.now()) {
      load<Countdown>("countdown").then(
        (count) => count(again, notBefore),
        () => undefined,
      );
    }
    return h("div", { class: "note alarm", role: "alert" }, `${refused} `, again);
  }
}
