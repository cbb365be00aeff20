// What is known, as signals. A row is drawn again alone; whatever happens within a frame of the
// screen is drawn once. Nothing here asks the server: see loading.ts, threads.ts and actions.ts.

import { batch, computed, signal, type Signal } from "@preact/signals";
import type {
  Assistant,
  Availability,
  Connection,
  Contact,
  Conversation,
  Counts,
  Frame,
  Label,
  Me,
  Member,
  Message,
  SavedView,
  Team,
} from "./types";

export interface Presence {
  id: string | null;
  name: string;
  kind: string;
  /** What a visitor is writing, where the team may see it. */
  text?: string;
  until: number;
}

export const me = signal<Me | null>(null);
export const members = signal<Member[]>([]);
export const teams = signal<Team[]>([]);
export const labels = signal<Label[]>([]);
export const assistants = signal<Assistant[]>([]);
export const savedViews = signal<SavedView[]>([]);
/** Whether one gets new conversations; as chosen, while one is here. */
export const availability = signal<Availability | null>(null);
export const counts = signal<Counts | null>(null);
export const connection = signal<Connection>("connecting");
/** What is in the way of the connection, in the server's words; empty if nobody knows. */
export const connectionProblem = signal("");

export const conversations = new Map<string, Signal<Conversation>>();
/** Of the conversations that were looked at; oldest first, without gaps from the first on. */
export const messages = new Map<string, Signal<Message[]>>();
/** Who writes in which conversation, and who looks at it. */
export const typing = signal<ReadonlyMap<string, Presence[]>>(new Map());
export const viewing = signal<ReadonlyMap<string, Presence[]>>(new Map());

/** All known conversations, latest change first. */
export const latest = signal<string[]>([]);
export const member = computed(() => me.value?.member ?? null);
export const isAdmin = computed(() => ["owner", "admin"].includes(me.value?.member.role ?? ""));

const PREVIEW = 140;
// A tab may stay open for weeks.
const KEPT = 20_000;
const TYPING_SECONDS = 6;
const VIEWING_SECONDS = 30;
const HIDDEN_PAUSE = 250;

type Hook = (frame: Frame) => void;

const hooks = new Set<Hook>();
// What a member has done and the server not yet: laid over whatever it says meanwhile.
const overlays = new Map<string, { shown: Partial<Conversation>; below: Conversation }>();
let queue: Frame[] = [];

/** Be told of every event, after it is in the store; returns how to stop that. */
export function onEvent(hook: Hook): () => void {
  hooks.add(hook);
  return () => hooks.delete(hook);
}

export function conversation(id: string): Conversation | undefined {
  return conversations.get(id)?.value;
}

export function memberName(id: string | null): string {
  return members.value.find((one) => one.id === id)?.name ?? "";
}

export function teamName(id: string | null): string {
  return teams.value.find((one) => one.id === id)?.name ?? "";
}

export function contactName({ name, email, phone }: Contact): string {
  return name || email || phone || "Visitor";
}

/** Take what the REST answered, unless an event has told something newer. */
export function take(found: Conversation[]): void {
  batch(() => {
    for (const one of found) {
      const known = conversations.get(one.id)?.peek();
      if (!known || known.updatedAt <= one.updatedAt) put(one);
    }
    sort();
  });
}

/** Have it look as it will when the server has done what it is asked for. */
export function overlay(id: string, shown: Partial<Conversation>): void {
  const known = conversations.get(id);
  if (!known) return;
  const below = overlays.get(id)?.below ?? known.peek();
  overlays.set(id, { shown, below });
  show(id, { ...below, ...shown });
}

/** End that, unless something else is laid over it by now.
 *
 * With `isDone` it goes on looking so until the server tells what became of it.
 */
export function uncover(id: string, shown: Partial<Conversation>, isDone = false): void {
  const laid = overlays.get(id);
  if (laid?.shown !== shown) return;
  overlays.delete(id);
  if (!isDone) show(id, laid.below);
}

function show(id: string, one: Conversation): void {
  conversations.get(id)!.value = one;
  latest.value = [...latest.peek()];
}

/** Take an event; it shows with the next frame of the screen. */
export function push(frame: Frame): void {
  if (!queue.length) {
    if (document.visibilityState === "hidden") setTimeout(flush, HIDDEN_PAUSE);
    else requestAnimationFrame(flush);
  }
  queue.push(frame);
}

export function flush(): void {
  const frames = queue;
  queue = [];
  batch(() => {
    for (const frame of frames) apply(frame);
    if (frames.some(({ type }) => /^(conversation|label):|^message:new$/.test(type))) sort();
  });
  for (const frame of frames) for (const hook of hooks) hook(frame);
}

/** The messages with this one among them, in order, once. */
export function withMessage(known: Message[], message: Message): Message[] {
  const isKnown = known.some(({ id }) => id === message.id);
  const sent = isKnown ? undefined : known.find((one) => one.sending && isEcho(one, message));
  const others = known.filter((one) => one.id !== message.id && one !== sent);
  const at = others.findIndex(({ seq }) => seq > message.seq);
  others.splice(at < 0 ? others.length : at, 0, message);
  return others;
}

function isEcho(sent: Message, heard: Message): boolean {
  const isOwn = heard.author.kind === "agent" && heard.author.id === sent.author.id;
  return isOwn && sent.text === heard.text && sent.private === heard.private;
}

function apply(frame: Frame): void {
  const { type, data } = frame;
  if (type.startsWith("conversation:")) put(data);
  else if (type === "message:new" || type === "message:updated") hear(data, type === "message:new");
  else if (type === "contact:updated") rename(data.id, data);
  else if (type === "contact:merged") rename(data.id, { id: data.into });
  else if (type === "label:updated") relabel(data);
  else if (type === "typing") note(typing, data, data.typing === false ? 0 : TYPING_SECONDS);
  else if (type === "viewing") look(data);
}

function put(data: Conversation): void {
  const laid = overlays.get(data.id);
  if (laid) laid.below = data;
  const shown = { ...data, ...laid?.shown };
  const known = conversations.get(data.id);
  if (known) known.value = shown;
  else conversations.set(data.id, signal(shown));
}

function sort(): void {
  const at = (id: string): string => conversations.get(id)!.peek().updatedAt;
  const known = latest.peek();
  const ids = known.length === conversations.size ? [...known] : [...conversations.keys()];
  ids.sort((a, b) => (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : 0));
  for (const id of ids.splice(KEPT)) conversations.delete(id);
  latest.value = ids;
}

function hear(message: Message, isNew: boolean): void {
  const known = messages.get(message.conversationId);
  if (known) known.value = withMessage(known.peek(), message);
  if (isNew) follow(message);
  note(typing, message, 0);
}

/** What a message does to its conversation, of which no other event tells. */
function follow(message: Message): void {
  const { conversationId, seq, author, private: isPrivate, createdAt } = message;
  const laid = overlays.get(conversationId);
  const one = laid?.below ?? conversations.get(conversationId)?.peek();
  if (!one || (one.lastMessage?.seq ?? 0) >= seq || one.updatedAt > createdAt) return;
  const member = author.kind === "agent" && author.id && { authorId: author.id };
  const text = words(message).slice(0, PREVIEW);
  const lastMessage = isPrivate ? one.lastMessage : { seq, author: author.kind, ...member, text, createdAt };
  // A visitor's is unread, and a member's answer says that the team has read the rest.
  const answered = author.kind === "agent" && !isPrivate ? 0 : one.unread;
  const unread = author.kind === "visitor" ? one.unread + 1 : answered;
  const woken = author.kind === "visitor" && one.status === "snoozed" && { status: "open" as const, snoozedUntil: null };
  put({ ...one, ...woken, seq, lastMessage, unread, updatedAt: createdAt });
}

/** What is said, as the server's preview has it: without most marks, and without where it was found. */
function words({ author, text, sources }: Message): string {
  if (author.kind !== "assistant" && author.kind !== "agent") return text;
  const head = text.indexOf("\n\n");
  const title = sources[0]?.title;
  const said = title && head > 0 && text.slice(0, head).includes(title) ? text.slice(head + 2) : text;
  return said.replace(/^```\w*\n?|^#{1,6}\s+|\*\*|`/gm, "");
}

/** Change what each conversation says that is so, whatever is laid over it. */
function changeAll(what: (one: Conversation) => Partial<Conversation> | false): void {
  for (const [id, known] of conversations) {
    const one = overlays.get(id)?.below ?? known.peek();
    const changes = what(one);
    if (changes) put({ ...one, ...changes });
  }
}

function rename(id: string, changes: Partial<Contact>): void {
  changeAll(({ contact_data }) => contact_data.id === id && { contact_data: { ...contact_data, ...changes } });
}

/** Conversations bear the names of labels; these follow. */
function relabel({ formerName, deleted, ...label }: Label & { formerName: string; deleted: boolean }): void {
  const known = labels.peek();
  const at = known.findIndex(({ id }) => id === label.id);
  labels.value = known.toSpliced(at < 0 ? known.length : at, at < 0 ? 0 : 1, ...(deleted ? [] : [label]));
  if (formerName === label.name && !deleted) return;
  const now = (names: string[]): string[] => names.flatMap((name) => (name !== formerName ? name : deleted ? [] : label.name));
  changeAll(({ labels: names }) => names.includes(formerName) && { labels: [...new Set(now(names))] });
}

/** A member looks at one conversation at a time. */
function look({ conversationId, author }: { conversationId: string | null; author: Presence }): void {
  for (const id of viewing.peek().keys()) {
    if (id !== conversationId) note(viewing, { conversationId: id, author }, 0);
  }
  if (conversationId) note(viewing, { conversationId, author }, VIEWING_SECONDS);
}

/** Somebody does something for so many seconds unless we hear otherwise; 0 ends it. */
function note(
  where: Signal<ReadonlyMap<string, Presence[]>>,
  { conversationId, author, text }: { conversationId: string; author: Omit<Presence, "until">; text?: string },
  seconds: number,
): void {
  if (author.id !== null && author.id === member.peek()?.id) return;
  const before = where.peek().get(conversationId) ?? [];
  const others = before.filter((one) => !isSame(one, author));
  if (!seconds && others.length === before.length) return;
  const until = Date.now() + seconds * 1000;
  const now = seconds ? [...others, { ...author, ...(text && { text }), until }] : others;
  const all = new Map(where.peek());
  if (now.length) all.set(conversationId, now);
  else all.delete(conversationId);
  where.value = all;
  if (seconds) setTimeout(() => lapse(where, conversationId), seconds * 1000 + 50);
}

/** A conversation has one visitor, whatever their messages call them. */
function isSame(one: { kind: string; id: string | null }, other: { kind: string; id: string | null }): boolean {
  return one.kind === other.kind && (one.kind === "visitor" || one.id === other.id);
}

function lapse(where: Signal<ReadonlyMap<string, Presence[]>>, id: string): void {
  const left = (where.peek().get(id) ?? []).filter(({ until }) => until > Date.now());
  const all = new Map(where.peek());
  if (left.length) all.set(id, left);
  else all.delete(id);
  where.value = all;
}
