// The messages of the conversations that are looked at: loading, sending, trying again.

import { effect, signal, type Signal } from "@preact/signals";
import { Refusal, get, post, query } from "./api";
import { connection, member, messages, take, withMessage } from "./store";
import type { Attachment, Detail, Message, Page } from "./types";

export interface Outgoing {
  text: string;
  private?: boolean;
  /** Ids of files that were uploaded. */
  attachments?: string[];
  /** The newest message that the writer has seen: 409 if another member answered since. */
  ifSeq?: number;
  mentions?: string[];
}

export interface Thread {
  /** Of the page before the oldest message; null at the beginning. */
  cursor: string | null;
  state: "loading" | "ready" | "failed";
  problem: string;
}

// So many threads stay in memory.
const KEPT = 30;
const PAGE = "50";
const NEVER_SENT = Number.MAX_SAFE_INTEGER;

const threads = new Map<string, Signal<Thread>>();
const details = new Map<string, Signal<Detail | null>>();
const outgoing = new Map<string, Outgoing>();
// What no server has answered to, as it was written, and the conversation that it is for.
const unanswered = new Map<string, string>();
const repeated = new Set<string>();

// What has not got there is nowhere else. Chrome before 119 looks at the second alone.
addEventListener("beforeunload", (event) => {
  if (!outgoing.size) return;
  event.preventDefault();
  event.returnValue = true;
});
// What is said in a conversation is sent one after the other: it is to be read as it was written.
const turns = new Map<string, Promise<void>>();

effect(() => {
  if (connection.value === "online") retryAll();
});

/** The messages of a conversation; empty until `load` has been there. */
export function messagesOf(id: string): Signal<Message[]> {
  const known = messages.get(id) ?? signal<Message[]>([]);
  messages.set(id, known);
  return known;
}

export function threadOf(id: string): Signal<Thread> {
  const known = threads.get(id) ?? signal<Thread>({ cursor: null, state: "loading", problem: "" });
  threads.set(id, known);
  return known;
}

/** What only those see who look at a conversation; null until it is loaded. */
export function detailOf(id: string): Signal<Detail | null> {
  const known = details.get(id) ?? signal<Detail | null>(null);
  details.set(id, known);
  return known;
}

/** Load what is known of a conversation again. */
export async function loadDetail(id: string): Promise<void> {
  const detail = await get<Detail>(`conversations/${id}`);
  detailOf(id).value = detail;
  take([detail]);
}

/** Load the newest messages, and the conversation if nobody has it yet; again after a gap. */
export async function load(id: string): Promise<void> {
  const thread = threadOf(id);
  const known = messagesOf(id);
  recall(id);
  try {
    const [page] = await Promise.all([
      get<Page<Message>>(`conversations/${id}/messages${query({ limit: PAGE })}`),
      loadDetail(id),
    ]);
    // What came by the socket meanwhile stays, and so does what is on its way.
    const oldest = page.results.at(-1)?.seq ?? 0;
    const kept = page.hasMore ? known.peek().filter(({ seq }) => seq >= oldest) : known.peek();
    known.value = page.results.reduce(withMessage, kept);
    thread.value = { cursor: page.nextCursor, state: "ready", problem: "" };
  } catch (error) {
    thread.value = { ...thread.peek(), state: "failed", problem: (error as Error).message };
  }
}

/** Load the page before the oldest message. Raises Refusal. */
export async function loadEarlier(id: string): Promise<void> {
  const thread = threadOf(id);
  const { cursor } = thread.peek();
  if (!cursor) return;
  const page = await get<Page<Message>>(`conversations/${id}/messages${query({ limit: PAGE, cursor })}`);
  if (thread.peek().cursor !== cursor) return;
  const known = messagesOf(id);
  known.value = page.results.reduce(withMessage, known.peek());
  thread.value = { ...thread.peek(), cursor: page.nextCursor };
}

/** Show it at once, and send it. Raises Refusal if another member has answered meanwhile. */
export async function send(id: string, what: Outgoing, files: Attachment[] = []): Promise<void> {
  const messageId = crypto.getRandomValues(new Uint32Array(4)).join("-");
  outgoing.set(messageId, what);
  const known = messagesOf(id);
  known.value = [...known.peek(), asMessage(id, messageId, what, files)];
  await deliver(id, messageId);
}

/** Send what did not get there; the server takes it once, however often it is sent.
 *
 * If another member has answered meanwhile it says so, and goes out if it is sent once more.
 */
export async function retry(id: string, messageId: string): Promise<void> {
  repeated.add(messageId);
  change(id, messageId, { sending: "pending", problem: "" });
  await deliver(id, messageId);
}

/** Send again what no server has answered to: the last of each conversation brings the others. */
function retryAll(): void {
  const last = new Map(Array.from(unanswered, ([messageId, id]) => [id, messageId]));
  for (const [id, messageId] of last) void retry(id, messageId);
}

/** Give up what did not get there; returns it, for the composer. */
export function discard(id: string, messageId: string): Outgoing | undefined {
  const known = messagesOf(id);
  known.value = known.peek().filter((one) => one.id !== messageId);
  const what = outgoing.get(messageId);
  for (const each of [outgoing, unanswered, repeated]) each.delete(messageId);
  return what;
}

export function clear(): void {
  threads.clear();
  details.clear();
  outgoing.clear();
  unanswered.clear();
  repeated.clear();
  turns.clear();
}

/** Whatever was loaded may have gaps: load it again when it is looked at. */
export function distrust(except: string | undefined): void {
  for (const id of [...messages.keys()]) if (id !== except) drop(id);
}

function deliver(id: string, messageId: string): Promise<void> {
  const turn = (turns.get(id) ?? Promise.resolve()).then(() => carry(id, messageId));
  turns.set(id, turn.catch(() => undefined));
  return turn;
}

/** Send it after what still waits there: nothing overtakes what was written before. */
async function carry(id: string, messageId: string): Promise<void> {
  let problem = "";
  for (const [earlier, to] of unanswered) {
    if (problem || earlier === messageId) break;
    if (to === id) problem = await hand(id, earlier);
  }
  if (problem) wait(id, messageId, problem);
  else await hand(id, messageId);
}

/** Returns why no server has answered; nothing if one did. */
async function hand(id: string, messageId: string): Promise<string> {
  const what = outgoing.get(messageId);
  if (!what) return "";
  change(id, messageId, { sending: "pending", problem: "" });
  try {
    const message = await post<Message>(`conversations/${id}/messages`, { ...what, messageId });
    discard(id, messageId);
    const known = messagesOf(id);
    known.value = withMessage(known.peek(), message);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 0 || error.status > 500) {
      wait(id, messageId, error.message);
      return error.message;
    }
    unanswered.delete(messageId);
    if (error.code === "answered_meanwhile") {
      if (!repeated.has(messageId)) {
        discard(id, messageId);
        throw error;
      }
      delete what.ifSeq;
    }
    change(id, messageId, { sending: "failed", problem: error.message });
  }
  return "";
}

function wait(id: string, messageId: string, problem: string): void {
  unanswered.set(messageId, id);
  repeated.add(messageId);
  change(id, messageId, { sending: "failed", problem });
}

function change(id: string, messageId: string, changes: Partial<Message>): void {
  const known = messagesOf(id);
  known.value = known.peek().map((one) => (one.id === messageId ? { ...one, ...changes } : one));
}

function asMessage(conversationId: string, id: string, what: Outgoing, attachments: Attachment[]): Message {
  const { text, mentions = [] } = what;
  const { id: authorId = null, name = "" } = member.peek() ?? {};
  return {
    id,
    conversationId,
    seq: NEVER_SENT,
    author: { kind: "agent", id: authorId, name },
    text,
    attachments,
    private: what.private ?? false,
    status: "pending",
    sources: [],
    choices: [],
    mentions,
    createdAt: new Date().toISOString(),
    sending: "pending",
  };
}

/** Make it the latest that was looked at, and let go of those long past. */
function recall(id: string): void {
  const known = messages.get(id)!;
  messages.delete(id);
  messages.set(id, known);
  const past = [...messages.keys()].slice(0, Math.max(0, messages.size - KEPT));
  for (const one of past) drop(one);
}

function drop(id: string): void {
  // What did not get there is kept for its writer.
  if (messages.get(id)?.peek().some(({ sending }) => sending)) return;
  messages.delete(id);
  threads.delete(id);
  details.delete(id);
}
