// Where no socket gets through, a request may: it sends what waits, and asks for what has happened.

import type { Refusal } from "../api";
import type { Context } from "../context";
import type { Frame } from "../socket";

export interface Polling {
  /** Send and look now, and look again for as long as there is no line. */
  begin(): void;
}

const EVERY = 4_000;

class Requests implements Polling {
  readonly #context: Context;
  #isPosting = false;
  #timer: number | undefined;

  constructor(context: Context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  begin(): void {
    // It may have come after a log-out, and the next visitor's session is not that of these words.
    if (this.#context.signal.aborted) return;
    void this.#post();
    this.#again();
  }

  #again(): void {
    clearTimeout(this.#timer);
    if (!this.#context.signal.aborted) this.#timer = setTimeout(() => void this.#look(), EVERY);
  }

  /** The id makes sending it both ways harmless. */
  async #post(): Promise<void> {
    const { chat } = this.#context;
    const unsent = chat.next();
    if (!unsent || this.#isPosting) return;
    this.#isPosting = true;
    try {
      const { sessionId, conversationId } = this.#context.session!;
      const { messageId, text, attachments, beginsAnother: newConversation } = unsent;
      const said = { messageId, message: text, attachments: attachments.map(({ id }) => id) };
      const how = { ...chat.way, handOverWhenSpent: true, newConversation };
      const body = { sessionId, conversationId, ...said, ...how };
      const answer = await this.#ask<{ conversationId: string }>("/chat", body);
      chat.accept(unsent, answer.conversationId);
      await this.#read();
      chat.flush();
    } catch (error) {
      // Without a status no answer has come.
      if ((error as Partial<Refusal>).status) chat.refuse(error);
    } finally {
      this.#isPosting = false;
    }
  }

  async #look(): Promise<void> {
    const { chat } = this.#context;
    if (chat.isReady) return;
    if (document.visibilityState === "visible") await this.#read().catch(() => undefined);
    chat.sendResults();
    this.#again();
  }

  async #read(): Promise<void> {
    const { chat, session } = this.#context;
    if (!session?.conversationId) return;
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
