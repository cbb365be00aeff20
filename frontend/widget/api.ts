// The widget's requests. No cookies: who asks is said by token, session and its secret.

import type { Config, Conversation, Message } from "./messages";
import type { Session } from "./memory";
import type { Answer } from "./tools";

/** What the server answered instead of what was asked for. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Seconds until it is worth another try, where the server says so. */
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

interface Begun {
  sessionId: string;
  sessionSecret: string;
  widgetToken: string;
}

export interface Results<T> {
  results: T[];
  nextCursor: string | null;
}

/** How the page sends its visitors in: by a flow, and to the version that is not yet public. */
export interface Way {
  flowName?: string | undefined;
  useStagingVersion?: boolean | undefined;
  /** What assistants are to know. */
  variables?: Record<string, string>;
}

export interface Asking {
  session?: Session | undefined;
  /** Sent as JSON, with POST. */
  body?: object;
  /** A public question: without a token no browser asks the server first whether it may. */
  isPublic?: boolean;
}

/** What the page says of itself and its visitor. */
export interface Page extends Way {
  token?: string | undefined;
  /** Where sockets go, if not to the base. */
  socketBase?: string | undefined;
  /** What the page calls its visitor; proves nothing. */
  userId?: string | undefined;
}

export class Api {
  /** The bubble's code; a tenant's id only until the configuration has named the code. */
  widgetId: string;
  token: string;
  readonly #base: string;
  readonly #socketBase: string;
  readonly #userId: string | undefined;

  constructor(base: string, widgetId: string, { token, socketBase, userId }: Page) {
    this.#base = base;
    this.#socketBase = (socketBase || base).replace(/^http/, "ws");
    this.#userId = userId;
    this.widgetId = widgetId;
    this.token = token ?? "";
  }

  get socketAddress(): string {
    return `${this.#socketBase}/api/ws/chat`;
  }

  async config(isPublic: boolean, locale: string): Promise<Config> {
    const path = `/config?locale=${encodeURIComponent(locale)}`;
    return (await this.ask<{ config: Config }>(path, { isPublic })).config;
  }

  /** Go on with a session, or begin one. */
  begin(session: Session | undefined): Promise<Begun> {
    const body = { sessionId: session?.sessionId, userId: this.#userId };
    return this.ask("/session", { session, body });
  }

  /** The session's conversations, latest first. */
  conversations(session: Session, cursor?: string): Promise<Results<Conversation>> {
    return this.ask(`/conversations${from(cursor)}`, { session });
  }

  /** A page of the conversation's messages, newest first. */
  history(session: Session, cursor?: string): Promise<Results<Message>> {
    const path = `/conversations/${session.conversationId}/messages`;
    return this.ask(path + from(cursor), { session });
  }

  toolResult(session: Session, callId: string, body: Answer): Promise<unknown> {
    const path = `/conversations/${session.conversationId}/tool-calls/${callId}`;
    return this.ask(path, { session, body });
  }

  /** Ask for a person instead of the assistant. */
  handOver(session: Session): Promise<unknown> {
    return this.ask(`/conversations/${session.conversationId}/handover`, { session, body: {} });
  }

  /** Where a question is asked. */
  address(path: string): string {
    return `${this.#base}/api/widgets/${encodeURIComponent(this.widgetId)}${path}`;
  }

  /** Who asks. */
  headers(session: Session | undefined): Record<string, string> {
    const headers: Record<string, string> = {};
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (session) headers["X-Session-Secret"] = session.sessionSecret;
    return headers;
  }

  /** The answer as JSON. Raises Refusal, or TypeError where no answer comes. */
  async ask<T>(path: string, asking: Asking = {}): Promise<T> {
    return (await this.fetch(path, asking)).json() as Promise<T>;
  }

  /** The answer as it is, such as a file. Raises Refusal, or TypeError where no answer comes. */
  async fetch(path: string, { session, body, isPublic }: Asking = {}): Promise<Response> {
    const headers: Record<string, string> = isPublic ? {} : this.headers(session);
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(this.address(path), {
      method: body ? "POST" : "GET",
      headers,
      body: body ? JSON.stringify(body) : null,
      credentials: "omit",
    });
    if (response.ok) return response;
    const answer = (await response.json().catch(() => ({}))) as Record<string, string>;
    const retryAfter = Number(response.headers.get("Retry-After"));
    throw new Refusal(response.status, answer.code ?? "", answer.error ?? "", retryAfter);
  }
}

function from(cursor: string | undefined): string {
  return cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
}
