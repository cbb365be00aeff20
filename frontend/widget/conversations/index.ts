// The visitor's conversations: fetched when somebody wants to see the list.

import type { Context } from "../context";
import { direction, h, iconButton } from "../dom";
import { worded, type Conversation } from "../messages";
import { day, time } from "../talk/when";
import styles from "./conversations.css";

const EMPTY = { author: "", seq: 0, text: "" };
const BACK = "M5 12h14M11 6l-6 6 6 6";

export class Conversations {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
    context.panel.dress(styles);
  }

  /** Put the list in the place of the conversation. */
  show(): void {
    const { panel, texts } = this.#context;
    const list = h("ul", { "aria-busy": "true" });
    const back = iconButton(texts.back, BACK, () => panel.sheet());
    back.classList.add("back");
    const title = h("h3", {}, texts.conversations!);
    const begin = h("button", { class: "begin", type: "button" }, texts.newConversation!);
    begin.addEventListener("click", () => this.begin());
    const more = h("button", { class: "more", type: "button", hidden: true }, texts.earlier!);
    const head = h("div", { class: "bar" }, back, title);
    panel.sheet(h("div", { class: "conversations" }, head, list, more, begin));
    void this.#fill(list, more);
  }

  /** Have the next message begin another conversation. */
  begin(): void {
    if (this.#context.chat.switchTo()) this.#context.panel.sheet();
  }

  async #fill(list: HTMLElement, more: HTMLButtonElement, cursor?: string): Promise<void> {
    const { api, session, texts } = this.#context;
    try {
      const page = session && (await api.conversations(session, cursor));
      list.append(...(page?.results ?? []).map((one) => this.#row(one)));
      if (!list.childElementCount) list.append(h("li", { class: "none" }, texts.noConversations!));
      more.hidden = !page?.nextCursor;
      more.onclick = () => void this.#fill(list, more, page!.nextCursor!);
    } catch {
      list.append(h("li", { class: "none", role: "alert" }, texts.error!));
    }
    list.removeAttribute("aria-busy");
  }

  #row({ id, owner, lastMessage, readSeq = 0, updatedAt }: Conversation): HTMLElement {
    const { chat, panel, session, texts } = this.#context;
    const { locale } = this.#context.config;
    const at = new Date(updatedAt);
    const isToday = at.toDateString() === new Date().toDateString();
    const { author, seq, text } = lastMessage ? worded(lastMessage, texts) : EMPTY;
    const isUnread = author !== "visitor" && seq > readSeq;
    const who = author === "visitor" ? `${texts.you}: ` : "";
    const said = text || "…";
    const line = h("span", { class: "line", dir: direction(said) }, ...(who ? [who, h("bdi", {}, said)] : [said]));
    const when = h("small", {}, isToday ? time(updatedAt, locale) : day(at, locale));
    const open = h("button", { type: "button", class: isUnread ? "conversation unread" : "conversation" }, line, when);
    if (isUnread) open.append(h("b", { role: "img", "aria-label": texts.newMessages }));
    if (owner === "closed") open.append(h("small", { class: "ended" }, texts.conversationEnded!));
    if (id === session?.conversationId) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => {
      if (id === session?.conversationId || chat.switchTo(id)) panel.sheet();
    });
    return h("li", {}, open);
  }
}

export default (context: Context): Conversations => new Conversations(context);
