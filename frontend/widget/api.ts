// The widget's requests. No cookies: who asks is said by token, session and its secret.

import type { Frame } from "./socket";
import type { Config, Message, Unsent } from "./messages";
import type { Session } from "./memory";
import type { Answer } from "./tools";

/** What the server answered instead of what was asked for. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Begun {
  sessionId: string;
  sessionSecret: string;
  widgetToken: string;
}

export interface Asking {
  session?: Session | undefined;
  /** Sent as JSON with POST, but a form as it is. */
  body?: object;
  /** A public question: without a token no browser asks the server first whether it may. */
  isPublic?: boolean;
}

export class Api {
  /** The bubble's code; a tenant's id only until the configuration has named the code. */
  widgetId: string;
  token: string;
  readonly #base: string;
  readonly #socketBase: string;

  constructor(base: string, widgetId: string, token = "", socketBase = "") {
    this.#base = base;
    this.#socketBase = socketBase || base.replace(/^http/, "ws");
    this.widgetId = widgetId;
    this.token = token;
  }

  get socketAddress(): string {
    return `${this.#socketBase}/api/ws/chat`;
  }

  async config(isPublic: boolean): Promise<Config> {
    return (await this.ask<{ config: Config }>("/config", { isPublic })).config;
  }

  /** Go on with a session, or begin one. */
  begin(session: Session | undefined): Promise<Begun> {
    return this.ask("/session", { session, body: { sessionId: session?.sessionId } });
  }

  /** Send without a socket; the answer may come with it, and is in the events in any case. */
  send(session: Session, unsent: Unsent, flowName: string): Promise<{ conversationId: string }> {
    const { sessionId, conversationId } = session;
    const { messageId, text } = unsent;
    const said = { sessionId, conversationId, messageId, message: text, flowName };
    return this.ask("/chat", { session, body: { ...said, handOverWhenSpent: true } });
  }

  /** Who answers in the conversation. */
  async owner(session: Session): Promise<string | undefined> {
    const { results } = await this.ask<{ results: { id: string; owner: string }[] }>(
      "/conversations",
      { session },
    );
    return results.find(({ id }) => id === session.conversationId)?.owner;
  }

  /** The conversation's latest messages, newest first. */
  async history(session: Session): Promise<Message[]> {
    const path = `/conversations/${session.conversationId}/messages`;
    return (await this.ask<{ results: Message[] }>(path, { session })).results;
  }

  events(session: Session, after: number): Promise<{ results: Frame[]; lastEventId: number }> {
    return this.ask(`/conversations/${session.conversationId}/events?after=${after}`, { session });
  }

  toolResult(session: Session, callId: string, body: Answer): Promise<unknown> {
    const path = `/conversations/${session.conversationId}/tool-calls/${callId}`;
    return this.ask(path, { session, body });
  }

  /** Ask for a person instead of the assistant. */
  handOver(session: Session): Promise<unknown> {
    return this.ask(`/conversations/${session.conversationId}/handover`, { session, body: {} });
  }

  /** The answer as JSON. Raises Refusal, or TypeError where no answer comes. */
  async ask<T>(path: string, asking: Asking = {}): Promise<T> {
    return (await this.fetch(path, asking)).json() as Promise<T>;
  }

  /** The answer as it is, such as a file. Raises Refusal, or TypeError where no answer comes. */
  async fetch(path: string, { session, body, isPublic }: Asking = {}): Promise<Response> {
    const headers: Record<string, string> = {};
    const isForm = body instanceof FormData;
    if (this.token && !isPublic) headers.Authorization = `Bearer ${this.token}`;
    if (session) headers["X-Session-Secret"] = session.sessionSecret;
    if (body && !isForm) headers["Content-Type"] = "application/json";
    const widget = `${this.#base}/api/widgets/${encodeURIComponent(this.widgetId)}`;
    const response = await fetch(widget + path, {
      method: body ? "POST" : "GET",
      headers,
      body: !body || isForm ? (body ?? null) : JSON.stringify(body),
      credentials: "omit",
    });
    if (response.ok) return response;
    const answer = (await response.json().catch(() => ({}))) as Record<string, string>;
    throw new Refusal(response.status, answer.code ?? "", answer.error ?? "");
  }
}
