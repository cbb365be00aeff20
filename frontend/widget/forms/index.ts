// What stands before and around the chat; fetched when the first of it is needed.

import type { Context } from "../context";
import type { Conversations } from "../conversations";
import type { Message } from "../messages";
import { askForRating, askWhetherToEnd, downloadTranscript, mailTranscript } from "./after";
import { askBefore, askForReplyAddress, takeMessage } from "./before";
import styles from "./forms.css";
import { toggleMenu, type Entry } from "./menu";
import { aboutConversation } from "./requests";
import { Waiting } from "./waiting";

interface Conversation {
  id: string;
  queue?: { position: number } | null;
  rating?: object | null;
  /** Whether a reply can be mailed. */
  hasEmail?: boolean;
}

const ASKED = "livechat:asked-for-rating";
const PERSON = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21a8 8 0 0 1 16 0";
const ROBOT = "M5 9h14v10H5zM12 5v4M9 13v2M15 13v2";
const PLUS = "M12 5v14M5 12h14";
const LIST = "M4 6h16M4 12h16M4 18h10";
const LOUD = "M4 9v6h4l5 4V5L8 9zM17 9a4 4 0 0 1 0 6";
const QUIET = "M4 9v6h4l5 4V5L8 9zM17 10l4 4M21 10l-4 4";
const DOWN = "M12 4v11M7 11l5 5 5-5M5 20h14";
const MAIL = "M4 6h16v12H4zM4 7l8 6 8-6";
const END = "M9 6H5v13h4M14 8l4 4-4 4M18 12H9";

export class Forms {
  readonly #context: Context;
  readonly #waiting: Waiting;
  #owner = "bot";
  #wasAsked = false;

  constructor(context: Context) {
    const { config } = context;
    this.#context = context;
    this.#waiting = new Waiting(context, {
      askAssistant: () => void this.#askAssistant(),
      leaveEmail: () => askForReplyAddress(context, (email) => this.#waiting.reachedBy(email)),
    });
    context.panel.dress(styles);
    context.on("queue:position", ({ conversationId: id, ...queue }) => {
      Object.assign(config.availability, { usualReplySeconds: queue.usualReplySeconds });
      this.#tell({ id, queue } as unknown as Conversation);
      // Perhaps because somebody has come.
      if (config.availability.status !== "online") void this.#look();
    });
    context.on("message:received", ({ message }) => {
      // It may say that nobody is there any more.
      if ((message as Message).author.kind === "system") void this.#look();
    });
    context.on("status", () => this.#owner === "waiting" && this.#waiting.show());
  }

  /** Ask what must be known before the chat; once in a page's life. */
  async #begin(): Promise<void> {
    const { config, panel } = this.#context;
    if (this.#wasAsked) return;
    this.#wasAsked = true;
    // The page may have been open for long.
    if (config.offlineForm.enabled && !config.assistantId) await this.#lookWhoIsThere();
    if (isAway(this.#context) && !config.assistantId) takeMessage(this.#context, false);
    else if (config.preChatForm.enabled) askBefore(this.#context);
    else panel.sheet();
  }

  /** Show what goes with who holds the conversation; `isNew` before there is one. */
  stand(owner: string, isNew: boolean): void {
    if (isNew) void this.#begin();
    void this.#follow(owner);
  }

  async #follow(owner: string): Promise<void> {
    if (owner === this.#owner) return this.#reassign();
    const { card, strip } = this.#context.panel;
    if (this.#owner === "closed") noteAsking("");
    this.#owner = owner;
    if (owner !== "waiting") this.#waiting.end();
    if (owner === "closed") strip.replaceChildren(this.#context.texts.ended!);
    else card.replaceChildren();
    if (owner !== "waiting" && owner !== "closed") return;
    const conversation = await this.#conversation();
    if (this.#owner !== owner || !conversation) return;
    if (owner === "closed") this.#ended(conversation);
    else {
      await this.#lookWhoIsThere();
      this.#tell(conversation);
    }
  }

  /** Whoever has been assigned may go again, and nobody else be there. */
  #reassign(): void {
    if (this.#owner !== "waiting") return;
    const { assignee } = this.#context.chat;
    if (!this.#waiting.assigned(assignee)) return;
    if (assignee) this.#waiting.show();
    else void this.#look();
  }

  /** Read anew what one who waits may expect. */
  async #look(): Promise<void> {
    if (this.#owner !== "waiting") return;
    await this.#lookWhoIsThere();
    const conversation = await this.#conversation();
    if (this.#owner === "waiting" && conversation) this.#tell(conversation);
  }

  #ended({ id, rating }: Conversation): void {
    const wants = this.#context.config.rating.enabled && !rating && !wasAsked(id);
    if (wants) askForRating(this.#context, () => noteAsking(id));
    else this.#context.panel.card.replaceChildren();
  }

  /** Get a person, or where none is there a message to one. */
  async person(): Promise<void> {
    const { chat, config, texts } = this.#context;
    if (config.offlineForm.enabled) await this.#lookWhoIsThere();
    if (isAway(this.#context)) takeMessage(this.#context, true);
    else await chat.askForPerson(texts.askForPerson!);
  }

  #mayAskAssistant(): boolean {
    return this.#owner === "waiting" && Boolean(this.#context.config.assistantId);
  }

  /** Wait for nobody any longer; a person may have been quicker. */
  async #askAssistant(): Promise<void> {
    const { panel } = this.#context;
    await aboutConversation(this.#context, "assistant", {}).then(
      () => panel.focus(),
      () => panel.apologize(),
    );
  }

  async #lookWhoIsThere(): Promise<void> {
    const { api, config } = this.#context;
    const fresh = await api.config(true, config.locale).catch(() => config);
    Object.assign(config.availability, fresh.availability);
  }

  menu(button: HTMLButtonElement): void {
    toggleMenu(button, this.#entries());
  }

  #tell({ id, queue, hasEmail }: Conversation): void {
    if (id !== this.#context.session?.conversationId) return;
    this.#waiting.place(queue?.position);
    if (hasEmail) this.#waiting.isReachable = true;
    this.#waiting.assigned(this.#context.chat.assignee);
    if (this.#owner === "waiting") this.#waiting.show();
  }

  async #conversation(): Promise<Conversation | undefined> {
    const { api, session } = this.#context;
    const asked = api.ask<{ results: Conversation[] }>("/conversations", { session });
    const { results } = await asked.catch(() => ({ results: [] }));
    return results.find(({ id }) => id === session?.conversationId);
  }

  #entries(): Entry[] {
    const context = this.#context;
    const { config, panel, session, texts } = context;
    const { widget } = config;
    const list = (act: (it: Conversations) => void): void =>
      void context.load<Conversations>("conversations").then(act, () => panel.apologize());
    const has = Boolean(session?.conversationId);
    const keeps = has && config.transcript.enabled;
    const entry = (wanted: unknown, label: string, icon: string, act: () => void): Entry[] =>
      wanted ? [{ label: texts[label]!, icon, act }] : [];
    return [
      ...entry(this.#owner === "bot", "askForPerson", PERSON, () => void this.person()),
      ...entry(this.#mayAskAssistant(), "askAssistant", ROBOT, () => void this.#askAssistant()),
      ...entry(has, "newConversation", PLUS, () => list((it) => it.begin())),
      ...entry(has, "conversations", LIST, () => list((it) => it.show())),
      ...entry(true, widget.sound ? "soundOff" : "soundOn", widget.sound ? QUIET : LOUD, () => {
        widget.sound = !widget.sound;
      }),
      ...entry(keeps, "transcriptDownload", DOWN, () => void downloadTranscript(context)),
      ...entry(keeps, "transcriptMail", MAIL, () => mailTranscript(context)),
      ...entry(has && this.#owner !== "closed", "end", END, () => askWhetherToEnd(context)),
    ];
  }
}

/** Whether the visitor has had the chance to rate this end of the conversation, in this tab. */
function wasAsked(id: string): boolean {
  try {
    return sessionStorage.getItem(ASKED) === id;
  } catch {
    return false;
  }
}

function noteAsking(id: string): void {
  try {
    sessionStorage.setItem(ASKED, id);
  } catch {
    // Blocked or full; then a reload asks again.
  }
}

function isAway({ config }: Context): boolean {
  return config.offlineForm.enabled && config.availability.status !== "online";
}

export default (context: Context): Forms => new Forms(context);
