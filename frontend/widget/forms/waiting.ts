// What a visitor sees who waits for a person: the place in the queue, how long, and who comes.

import type { Context } from "../context";
import { h } from "../dom";
import { expectation, filled } from "./moments";

/** What may be done instead of only waiting, by the names of its words. */
interface Ways {
  askAssistant: () => void;
  leaveEmail: () => void;
}

export class Waiting {
  /** Whether a reply can be mailed. */
  isReachable = false;
  readonly #context: Context;
  readonly #ways: Ways;
  #position = Infinity;
  #assignee = "";
  #email = "";
  #shown = "";

  constructor(context: Context, ways: Ways) {
    this.#context = context;
    this.#ways = ways;
  }

  /** Take a place in the queue; one that is further back than the last one told is not told. */
  place(position: unknown): void {
    if (typeof position === "number") this.#position = Math.min(this.#position, position);
  }

  /** Somebody is to come, or without a name nobody in particular; whether this is news. */
  assigned(name: string): boolean {
    const isNews = name !== this.#assignee;
    this.#assignee = name;
    return isNews;
  }

  /** The visitor has just left this address. */
  reachedBy(email: string): void {
    this.isReachable = true;
    this.#email = email;
    this.show();
  }

  end(): void {
    this.#position = Infinity;
    this.isReachable = false;
    this.#assignee = this.#email = this.#shown = "";
    this.#context.panel.strip.replaceChildren();
  }

  show(): void {
    const { chat, config, panel, texts } = this.#context;
    const isSomebodyThere = this.#assignee || config.availability.status === "online";
    // The heading has been written before it was known.
    if (chat.isHeard) panel.status.textContent = isSomebodyThere ? texts.waiting! : "";
    const first = this.#first();
    const second = this.#second();
    const ways = this.#open();
    const all = [first, second, ...ways].join(" ");
    if (all === this.#shown) return;
    this.#shown = all;
    const buttons = ways.map((name) =>
      h("button", { type: "button", onclick: this.#ways[name] }, texts[name]!),
    );
    panel.strip.replaceChildren(h("strong", {}, first), ` ${second}`);
    if (buttons.length) panel.strip.append(h("div", { class: "ways" }, ...buttons));
    panel.announce(`${first} ${second}`);
  }

  #second(): string {
    const { config, texts } = this.#context;
    if (this.#assignee) return "";
    const expected = expectation(config.availability, texts, config.locale);
    const thanks = this.#email && filled(texts.offlineThanks, { email: this.#email });
    return [expected, thanks].filter(Boolean).join(" ");
  }

  #open(): (keyof Ways)[] {
    const { assistantId, availability, offlineForm } = this.#context.config;
    const ways: (keyof Ways)[] = [];
    const isMissed = !this.#assignee && offlineForm.enabled && availability.status !== "online";
    if (isMissed && !this.isReachable) ways.push("leaveEmail");
    if (assistantId) ways.push("askAssistant");
    return ways;
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
