// One line of the conversation: who, what, and what belongs to it.

import { linked, markdown } from "../../shared/markdown";
import { direction, h, link, type Child } from "../dom";
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
  const who = h("div", { class: "who" }, ...apart([shownName, time(at, language)], " · "));
  const bubble = h("div", { class: "bubble", dir: direction(text), hidden: !text }, ...said(kind!, text));
  const data = { "data-author": `${kind} ${name}`, "data-at": at };
  return h("li", { class: `item ${classes}`, ...data }, who, bubble);
}

/** Texts whose directions do not mingle. */
function apart(texts: string[], between: string): Child[] {
  const shown = texts.filter(Boolean).flatMap((text) => [between, h("bdi", {}, text)]);
  return shown.slice(1);
}

function said(kind: string, text: string): Child[] {
  return kind === "assistant" || kind === "agent" ? markdown(text) : linked(text);
}

export function sources(all: readonly Source[], title: string): HTMLElement {
  const items = all.map(({ title, url }) => h("li", { dir: "auto" }, link(url ?? "", title)));
  return h("div", { class: "sources" }, `${title}:`, h("ul", {}, ...items));
}

/** The names of a message's files, for as long as nothing better is there. */
export function names(message: Pick<Message, "attachments">): HTMLElement {
  return h("div", { class: "note" }, ...apart(message.attachments.map(({ name }) => name), ", "));
}

export function dots(): HTMLLIElement {
  const three = h("div", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  return h("li", { class: "item" }, three);
}
