// One visitor's conversation: what was said, what is on its way, and how it gets there.

import { Refusal, type Api, type Way } from "./api";
import type { Memory, Session } from "./memory";
import type { Attachment, Conversation, Delta, Message, ToolRequest, Unsent } from "./messages";
import { Socket, type Frame } from "./socket";
import type { Answer, Tools } from "./tools";

export interface Ear {
  /** A message; not new when it was changed or comes from the past. */
  message(message: Message, isNew: boolean): unknown;
  unsent(all: readonly Unsent[]): void;
  /** Messages from before all others, and so not new. */
  older(messages: readonly Message[]): void;
  /** How far the team has read. */
  teamRead(seq: number): void;
  /** The answer as far as it has come, empty at first; undefined when none is being written. */
  coming(text: string | undefined): void;
  /** Forget all messages; they come again. */
  restart(): void;
  /** How the line is, who holds the conversation, and which person spoke last. */
  state(line: Line, owner: string, person: string): unknown;
  /** Whatever the server tells, before it is acted upon. */
  frame(frame: Frame): void;
  /** There is no line at the moment. */
  lost(): void;
  /** Say in the visitor's words why a message was refused. */
  explain(code: string): string;
}

/** Polling: where no socket gets through, requests do. */
export type Line = "idle" | "connecting" | "ready" | "lost" | "polling";

interface Acknowledgement {
  callId?: string;
  messageId: string;
  id: string;
  seq: number;
  conversationId: string;
}

interface Position {
  conversationId?: string;
  lastEventId: number;
}

const TYPING_SHOWN = 6_000;
/** No answer takes this long; whoever waits for one need not be told so any longer. */
const THINKING_SHOWN = 90_000;
const TYPING_TOLD_EVERY = 3_000;
const BAD_SECRET = "invalid_session_secret";
/** What is heard while the visitor is about to begin another conversation than the one heard of. */
const OF_NO_CONVERSATION = ["auth:ok", "ack", "error"];

export class Chat {
  /** The number of the last event that was heard. */
  cursor: number | undefined;
  /** The name of whoever of the team has the conversation, as far as one was told. */
  assignee = "";
  /** Takes the files that go with the next message. */
  takeFiles: (() => Attachment[]) | undefined;
  readonly #api: Api;
  readonly #memory: Memory;
  readonly way: Way;
  readonly #tools: Tools;
  readonly #ear: Ear;
  readonly #known = new Set<string>();
  #session: Session | undefined;
  #beginning: Promise<void> | undefined;
  #connecting: Promise<void> | undefined;
  #socket: Socket | undefined;
  #line: Line = "idle";
  #owner = "bot";
  #person = "";
  #last: Message | undefined;
  #unsent: Unsent[] = [];
  /** Where messages go on before the earliest that is shown. */
  #earlier: string | null = null;
  #isReading = false;
  #beginsAnother = false;
  /** What the page's tools returned and the server has not confirmed. */
  readonly #results = new Map<string, Answer>();
  /** Those of them that a request is carrying. */
  readonly #carried = new Set<string>();
  /** Events up to this one are told again, and are not of this moment. */
  #past = 0;
  /** How far our clock is ahead of the server's, as far as is known. */
  #ahead: number | undefined;
  #pieces: string[] = [];
  #answerKey = "";
  #isEnded = false;
  #typing: number | undefined;
  #typingTold = 0;

  constructor(api: Api, memory: Memory, way: Way, tools: Tools, ear: Ear) {
    this.#api = api;
    this.way = way;
    this.#memory = memory;
    this.#tools = tools;
    this.#ear = ear;
  }

  /** Go on with the conversation that this browser remembers; false if there is none. */
  resume(): boolean {
    this.#session = this.#memory.session;
    if (this.#session) void this.#connect();
    return this.#session !== undefined;
  }

  say(text: string): void {
    const attachments = this.takeFiles?.() ?? [];
    if (!text && !attachments.length) return;
    this.resend([{ messageId: uid(), text, attachments, refused: "" }]);
  }

  /** What is not confirmed; another chat of the same visitor can go on with it. */
  get unsent(): readonly Unsent[] {
    return this.#unsent;
  }

  resend(all: readonly Unsent[]): void {
    this.#unsent.push(...all);
    if (all.length) this.flush();
  }

  retry(unsent: Unsent): void {
    unsent.refused = "";
    this.flush();
  }

  /** Ask for a person; before anything was said, by saying so. */
  async askForPerson(words: string): Promise<void> {
    if (!this.#session?.conversationId || this.#owner === "closed") this.say(words);
    else if (this.#owner === "bot") {
      await this.#api.handOver(this.#session).catch(() => this.say(words));
    }
  }

  /** The visitor is writing: a good moment to connect, and to tell the team. */
  typing(): void {
    if (Date.now() - this.#typingTold < TYPING_TOLD_EVERY) return;
    this.#typingTold = Date.now();
    void this.#connect();
    this.#socket?.send({ type: "typing" });
  }

  /** Tell the server what need not be heard for sure. */
  tell(frame: Frame): void {
    this.#socket?.send(frame);
  }

  /** The visitor's session, begun if there is none. Raises Refusal. */
  async session(): Promise<Session> {
    if (!this.#session || !this.#api.token) {
      // Several who ask at once must not get a session each.
      this.#beginning ??= this.#begin().finally(() => (this.#beginning = undefined));
      await this.#beginning;
    }
    return this.#session!;
  }

  /** Show another conversation, or without an id begin one with the next message; false if not now. */
  switchTo(conversationId?: string): boolean {
    // What is on its way was not meant for another conversation.
    if (!this.#session || this.next()) return false;
    const session = { ...this.#session, conversationId };
    this.#keep(session);
    this.#beginsAnother = !conversationId;
    this.#last = this.cursor = this.#ahead = undefined;
    [this.#past, this.#owner, this.#person, this.#earlier] = [0, "bot", "", null];
    this.assignee = "";
    this.#ear.restart();
    this.#expect(undefined);
    this.#set(this.#line);
    if (conversationId) this.#reconnect();
    return true;
  }

  /** Read the page of messages before the earliest one that is shown. */
  async older(): Promise<void> {
    if (!this.#earlier || this.#isReading) return;
    const session = this.#session!;
    this.#isReading = true;
    try {
      const page = await this.#api.history(session, this.#earlier);
      if (!this.#isOf(session)) return;
      this.#earlier = page.nextCursor;
      this.#ear.older(page.results);
    } catch {
      // The next scrolling tries again.
    } finally {
      this.#isReading = false;
    }
  }

  read(): void {
    if (this.#last) this.#socket?.send({ type: "read", seq: this.#last.seq });
  }

  get isReady(): boolean {
    return this.#line === "ready";
  }

  /** Whether the server hears us, by whichever way. */
  get isHeard(): boolean {
    return this.isReady || this.#line === "polling";
  }

  /** Whether an answer is being written, as far as we know. */
  get isAnswered(): boolean {
    return this.#typing !== undefined;
  }

  /** A request got through while there is no socket, or did not. */
  polled(isHeard: boolean): void {
    // Not over a socket that came meanwhile, or that the server refused for good.
    if (!this.isReady && this.#line !== "idle") this.#set(isHeard ? "polling" : "lost");
  }

  /** The server has this message, and it is in this conversation. */
  accept(sent: Unsent | undefined, conversationId: string): void {
    this.#beginsAnother = false;
    // Now the visitor takes part.
    this.#keep({ ...this.#session!, conversationId, isHeld: undefined });
    const left = this.#unsent.filter((unsent) => unsent !== sent);
    if (left.length < this.#unsent.length && this.#owner === "bot") this.#expect(THINKING_SHOWN);
    this.#unsent = left;
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#typing);
    this.#socket?.end();
  }

  /** Send the oldest message that waits; each is acknowledged before the next one goes. */
  flush(): void {
    this.#ear.unsent(this.#unsent);
    const next = this.next();
    if (!next) return;
    const { messageId, text, beginsAnother: newConversation } = next;
    const attachments = next.attachments.map(({ id }) => id);
    const message = { messageId, text, attachments, newConversation, ...this.way };
    if (this.#socket?.send({ type: "message", ...message })) return;
    if (this.#line === "polling") this.#ear.lost();
    else void this.#connect();
  }

  /** What is sent next; all others wait until it is confirmed, or refused. */
  next(): Unsent | undefined {
    const next = this.#unsent.find((unsent) => !unsent.refused);
    if (next) next.beginsAnother = this.#beginsAnother || undefined;
    return next;
  }

  #connect(): Promise<void> {
    if (this.#socket) return Promise.resolve();
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<void> {
    this.#set("connecting");
    try {
      await this.session();
    } catch (error) {
      this.#set("idle");
      this.refuse(error);
      return;
    }
    if (this.#isEnded) return;
    this.#socket = new Socket(this.#api.socketAddress, {
      hello: () => this.#hello(),
      onFrame: (frame) => this.hear(frame),
      onLost: (why) => this.#lost(why),
    });
  }

  #reconnect(): void {
    this.#socket?.end();
    this.#socket = undefined;
    void this.#connect();
  }

  async #begin(): Promise<void> {
    try {
      const { sessionId, sessionSecret, widgetToken } = await this.#api.begin(this.#session);
      this.#api.token ||= widgetToken;
      this.#keep({ ...this.#session, sessionId, sessionSecret });
    } catch (error) {
      if (!this.#session || !(error instanceof Refusal && error.code === BAD_SECRET)) throw error;
      this.#forget();
      await this.#begin();
    }
  }

  #hello(): Frame {
    const { token } = this.#api;
    return { type: "auth", token, ...this.#session, lastEventId: this.cursor };
  }

  /** Take what the server tells, by whichever way it comes. */
  hear(frame: Frame): void {
    this.#ear.frame(frame);
    if (this.#beginsAnother && !OF_NO_CONVERSATION.includes(frame.type)) return;
    if (typeof frame.id === "number") {
      this.cursor = frame.id;
      if (frame.id > this.#past && this.#line === "ready") {
        const late = Date.now() - Date.parse(frame.ts as string);
        this.#ahead = Math.min(this.#ahead ?? late, late);
      }
    }
    switch (frame.type) {
      case "auth:ok":
        void this.#ready(frame.data as Position);
        break;
      case "ack":
        this.#acknowledge(frame.data as Acknowledgement);
        break;
      case "error":
        if (frame.messageId) this.refuse(frame);
        // Too late: the assistant does not wait for it any more.
        if (frame.callId) this.#results.delete(frame.callId as string);
        break;
      case "tool:request":
        this.#use(frame.data as ToolRequest, frame.id !== undefined);
        break;
      case "resync":
        void this.#catchUp();
        break;
      case "message:new":
      case "message:updated":
        this.#take(frame.data as Message);
        break;
      case "message:delta":
        this.#grow(frame.data as Delta);
        break;
      case "typing":
        if ((frame.data as { typing?: boolean }).typing === false) this.#expect(undefined);
        else this.#expect(TYPING_SHOWN);
        break;
      case "conversation:updated":
        this.#follow(frame.data as Conversation);
    }
  }

  async #ready({ conversationId, lastEventId }: Position): Promise<void> {
    this.#past = lastEventId;
    this.#set("ready");
    const follows = conversationId && !this.#beginsAnother;
    if (follows) this.#keep({ ...this.#session!, conversationId });
    if (follows && this.cursor === undefined) await this.#catchUp();
    this.cursor ??= lastEventId;
    this.flush();
    this.sendResults();
  }

  /** Read everything afresh: on a new page, or after too long an absence. */
  async #catchUp(isRepeated = false): Promise<void> {
    const session = this.#session!;
    const [history, all] = await Promise.all([
      this.#api.history(session).catch(() => undefined),
      this.#api.conversations(session).catch(() => undefined),
    ]);
    if (!this.#isOf(session)) return;
    const [newest] = history?.results ?? [];
    // What came over the line meanwhile may not be in the answer, which replaces everything.
    if (newest && !isRepeated && newest.seq < (this.#last?.seq ?? 0)) return this.#catchUp(true);
    if (history && newest) {
      this.#ear.restart();
      this.#earlier = history.nextCursor;
    }
    this.#last = undefined;
    for (const message of history?.results.reverse() ?? []) this.#take(message, false);
    const now = all?.results.find(({ id }) => id === session.conversationId);
    if (now) this.#follow(now);
    else this.#set(this.#line);
  }

  #isOf({ conversationId }: Session): boolean {
    return this.#session?.conversationId === conversationId && !this.#beginsAnother;
  }

  #follow({ owner, teamReadSeq, assignee }: Conversation): void {
    this.#owner = owner;
    this.assignee = assignee?.name ?? "";
    if (owner !== "bot") this.#expect(undefined);
    if (teamReadSeq) this.#ear.teamRead(teamReadSeq);
    this.#set(this.#line);
  }

  #acknowledge({ callId, messageId, id, seq, conversationId }: Acknowledgement): void {
    if (callId) {
      this.#results.delete(callId);
      return;
    }
    const sent = this.#unsent.find((unsent) => unsent.messageId === messageId);
    this.accept(sent, conversationId);
    if (!sent) return;
    this.#ear.unsent(this.#unsent);
    const author = { kind: "visitor" as const, name: "" };
    const createdAt = new Date().toISOString();
    const { text, attachments } = sent;
    this.#take({ id, seq, author, text, attachments, sources: [], choices: [], createdAt });
    this.flush();
  }

  #take(message: Message, isNew = !this.#known.has(message.id)): void {
    this.#known.add(message.id);
    if (message.author.kind === "agent") {
      this.#person = message.author.name;
      this.#set(this.#line);
    }
    if (!this.#last || message.seq >= this.#last.seq) {
      this.#last = message;
      if (message.author.kind !== "visitor") this.#expect(undefined);
    }
    this.#ear.message(message, isNew);
  }

  /** Pieces are provisional: they may be lost, come twice or in any order, and late. */
  #grow({ turnId, attempt, draft, index, text }: Delta): void {
    if (this.#owner !== "bot" || this.#last?.author.kind !== "visitor") return;
    const key = `${turnId} ${attempt} ${draft}`;
    if (key !== this.#answerKey) this.#pieces = [];
    this.#answerKey = key;
    this.#pieces[index] = text;
    const gap = this.#pieces.findIndex((piece) => piece === undefined);
    this.#expect(THINKING_SHOWN, this.#pieces.slice(0, gap < 0 ? undefined : gap).join(""));
  }

  /** Let the page do what an assistant asks for, unless that is an old story. */
  #use(request: ToolRequest, isEvent: boolean): void {
    if (isEvent && Date.now() - (this.#ahead ?? 0) > Date.parse(request.deadline)) return;
    void this.#tools.call(request, (answer) => {
      this.#results.set(request.id, answer);
      this.sendResults();
    });
  }

  /** Send what tools returned, until the server has it. */
  sendResults(): void {
    for (const [callId, answer] of this.#results) {
      if (this.#socket?.send({ type: "tool:result", callId, ...answer })) continue;
      if (this.#carried.has(callId)) continue;
      this.#carried.add(callId);
      this.#api
        .toolResult(this.#session!, callId, answer)
        .then(
          () => this.#results.delete(callId),
          (error) => error instanceof Refusal && this.#results.delete(callId),
        )
        .finally(() => this.#carried.delete(callId));
    }
  }

  /** Show for so long that an answer is being written; for no time, that none is any more. */
  #expect(milliseconds: number | undefined, text = ""): void {
    clearTimeout(this.#typing);
    this.#typing = undefined;
    this.#ear.coming(milliseconds ? text : undefined);
    if (milliseconds) this.#typing = setTimeout(() => this.#expect(undefined), milliseconds);
  }

  /** The line is gone; `why` says what would not change by trying again. */
  #lost(why: string): void {
    // That no socket gets through says nothing yet of requests, which are tried now.
    if (why || this.isReady) this.#set(why ? "idle" : "lost");
    if (why) {
      this.#socket = undefined;
      if (why !== BAD_SECRET) return this.refuse({ code: why });
      this.#forget();
      return this.flush();
    }
    this.#ear.lost();
  }

  /** The server does not take the next message. */
  refuse(error: unknown): void {
    const next = this.next();
    if (!next) return;
    const { code, retryAfter } = error as Partial<Refusal>;
    next.refused = this.#ear.explain(code ?? "");
    next.notBefore = Date.now() + 1_000 * (retryAfter ?? 0);
    this.flush();
  }

  #set(line: Line): void {
    this.#line = line;
    this.#ear.state(line, this.#owner, this.#person);
  }

  #keep(session: Session): void {
    // An answer that comes after the end must not bring back a visitor who has left.
    if (this.#isEnded) return;
    this.#session = session;
    this.#memory.write(session);
  }

  #forget(): void {
    this.#session = this.cursor = undefined;
    if (!this.#isEnded) this.#memory.clear();
    this.#ear.restart();
  }
}

/** A random id, also on pages without https, where the browser has no randomUUID. */
function uid(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
