// Where no socket gets through, a request may: it sends what waits, and asks for what has happened.

import type { Refusal } from "../api";
import type { Context } from "../context";
import type { Frame } from "../socket";

export interface Polling {
  /** Send and look now, and look again for as long as there is no line. */
  begin(): void;
}

const EVERY = 4_000;
const WHILE_ANSWERED = 1_000;

class Requests implements Polling {
  readonly #context: Context;
  #looking: Promise<void> | undefined;
  #timer: number | undefined;

  constructor(context: Context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  begin(): void {
    clearTimeout(this.#timer);
    // It may have come after a log-out, and the next visitor's session is not that of these words.
    if (this.#context.signal.aborted) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      this.#again();
    });
  }

  #again(): void {
    const { chat, signal } = this.#context;
    if (chat.isReady || signal.aborted) return;
    this.#timer = setTimeout(() => this.begin(), chat.isAnswered ? WHILE_ANSWERED : EVERY);
  }

  async #look(): Promise<void> {
    const { chat } = this.#context;
    if (document.visibilityState === "hidden" && !chat.next()) return;
    try {
      do {
        await this.#read();
        chat.polled(true);
        chat.flush();
      } while (await this.#post());
    } catch {
      chat.polled(false);
    }
    chat.sendResults();
  }

  /** False if there was nothing to send. The id makes sending it both ways harmless. */
  async #post(): Promise<boolean> {
    const { chat } = this.#context;
    const unsent = chat.next();
    if (!unsent || chat.isReady) return false;
    const { sessionId, conversationId } = this.#context.session!;
    const { messageId, text, attachments, beginsAnother: newConversation } = unsent;
    const said = { messageId, message: text, attachments: attachments.map(({ id }) => id) };
    // What the assistant does meanwhile, such as to ask for a tool of the page, is read, not waited for.
    const how = { ...chat.way, handOverWhenSpent: true, newConversation, wait: false };
    const body = { sessionId, conversationId, ...said, ...how };
    try {
      const answer = await this.#ask<{ conversationId: string }>("/chat", body);
      chat.accept(unsent, answer.conversationId);
    } catch (error) {
      // Without a status no answer has come.
      if (!(error as Partial<Refusal>).status) throw error;
      chat.refuse(error);
    }
    return true;
  }

  async #read(): Promise<void> {
    const { api, chat, session } = this.#context;
    // Then it only tells whether requests get through.
    if (!session?.conversationId) return void (await api.conversations(session!));
    const path = `/conversations/${session.conversationId}/events?after=${chat.cursor ?? 0}`;
    const { results, lastEventId } = await this.#ask<{ results: Frame[]; lastEventId: number }>(path);
    for (const frame of results) chat.hear(frame);
    chat.cursor = Math.max(chat.cursor ?? 0, lastEventId);
  }

  #ask<T>(path: string, body?: object): Promise<T> {
    const { api, session } = this.#context;
    return api.ask(path, { session, body });
  }
}

export default (context: Context): Polling => new Requests(context);
