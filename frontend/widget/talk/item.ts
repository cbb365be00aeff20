// One line of the conversation: who, what, and what belongs to it.

import { linked, markdown } from "../../shared/markdown";
import { h, link, type Child } from "../dom";
import type { Message, Source } from "../messages";
import { time } from "./when";

/** Visitors' words and ours are shown as they are; those of assistants and the team are Markdown. */
export function item(
  classes: string,
  name: string,
  text: string,
  at?: string,
  language = "",
): HTMLLIElement {
  const [kind] = classes.split(" ");
  const shownName = kind === "visitor" ? "" : name;
  const who = h("div", { class: "who" }, [shownName, time(at, language)].filter(Boolean).join(" · "));
  const bubble = h("div", { class: "bubble", dir: "auto", hidden: !text }, ...said(kind!, text));
  const data = { "data-author": `${kind} ${name}`, "data-at": at };
  return h("li", { class: `item ${classes}`, ...data }, who, bubble);
}

export function said(kind: string, text: string): Child[] {
  return kind === "assistant" || kind === "agent" ? markdown(text) : linked(text);
}

export function sources(all: readonly Source[], title: string): HTMLElement {
  const items = all.map(({ title, url }) => h("li", {}, link(url ?? "", title)));
  return h("div", { class: "sources" }, `${title}:`, h("ul", {}, ...items));
}

/** The names of a message's files, for as long as nothing better is there. */
export function names(message: Pick<Message, "attachments">): HTMLElement {
  return h("div", { class: "note" }, message.attachments.map((file) => file.name).join(", "));
}

export function dots(): HTMLLIElement {
  const three = h("div", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  return h("li", { class: "item" }, three);
}
