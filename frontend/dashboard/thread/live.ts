// What is true of a conversation at this moment only: the words of an answer as they come, how far
// the visitor has read, and that we look at it.

import { effect, signal } from "@preact/signals";
import { markRead } from "../actions";
import { get, query } from "../api";
import { recount, tell } from "../loading";
import { route } from "../routes";
import { connection, conversation, counts, member, onEvent } from "../store";
import { detailOf, load, loadDetail, messagesOf } from "../threads";
import type { Author, Frame, Message, Page, ToolCall } from "../types";

interface Stream {
  turnId: string;
  attempt: number;
  draft: number;
  /** Of the piece that comes next; what has a gap is not shown. */
  next: number;
  text: string;
}

const VIEWING_EVERY = 20_000;
const SLACK = 2_000;
// An answer to an answer would have no end.
const ANSWER_PAUSE = 300;
const DETAIL_PAUSE = 2_000;
// Visitors go from page to page all the time.
const PAGE_PAUSE = 10_000;
// An answer that says nothing for so long was given up.
const SILENCE = 30_000;

export const streams = signal<ReadonlyMap<string, Stream>>(new Map());
export const seenSeqs = signal<ReadonlyMap<string, number>>(new Map());
export const toolCalls = signal<ReadonlyMap<string, ToolCall[]>>(new Map());

// Whether there is something of the visitor's that the team is not said to have read yet.
let isNews = false;
// Whether there is a note for us that we are not said to have seen.
let isMentioned = false;
let detailTimer: number | undefined;
let detailDue = Infinity;
// When we said last that we look at it, and when each colleague did.
let saidAt = 0;
let heardAt = new Map<string, number>();

function say(id: string): void {
  if (document.visibilityState !== "visible") return;
  saidAt = Date.now();
  tell({ type: "viewing", conversationId: id });
}

/** Look at a conversation; returns how to look away. */
export function lookAt(id: string): () => void {
  const onVisible = (): void => {
    say(id);
    catchUp(id);
  };
  heardAt = new Map();
  isNews = true;
  isMentioned = false;
  void load(id).then(() => {
    if (route.peek().conversation !== id) return;
    isMentioned ||= counts.peek()?.mentions !== 0 && messagesOf(id).peek().some(isForUs);
    catchUp(id);
  });
  void loadToolCalls(id);
  // A page that has just been loaded has no line to say it on yet.
  const unsay = effect(() => {
    if (connection.value === "online") say(id);
  });
  const timer = setInterval(() => say(id), VIEWING_EVERY);
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    unsay();
    clearInterval(timer);
    document.removeEventListener("visibilitychange", onVisible);
    tell({ type: "viewing", conversationId: null });
  };
}

export async function loadToolCalls(id: string): Promise<void> {
  const page = await get<Page<ToolCall>>(`conversations/${id}/tool-calls${query({ limit: "20" })}`).catch(() => null);
  if (page) toolCalls.value = new Map([[id, page.results]]);
}

onEvent(({ type, data }: Frame) => {
  const { conversation: open } = route.peek();
  const isLookedAt = data?.conversationId === open;
  if (type === "message:delta") stream(data);
  else if (type === "read") see(data);
  else if (type === "viewing") meet(data);
  else if (type === "visitors") refresh(PAGE_PAUSE);
  else if (type === "typing" && isLookedAt && data.author.kind === "visitor") greet(data.conversationId);
  else if (type === "tool:approval" && isLookedAt) void loadToolCalls(data.conversationId);
  else if (type === "conversation:updated" && data.id === open) read(data.id);
  else if (type === "message:new") {
    if (["assistant", "system"].includes(data.author.kind)) end(data.conversationId);
    if (isLookedAt) hear(data);
  }
});

/** Read the details again within so many milliseconds: the page, and whether anybody is on it. */
function refresh(pause: number): void {
  const due = Date.now() + pause;
  if (due > detailDue) return;
  clearTimeout(detailTimer);
  detailDue = due;
  detailTimer = setTimeout(() => {
    detailDue = Infinity;
    const id = route.peek().conversation;
    if (id && document.visibilityState === "visible") void loadDetail(id).catch(() => undefined);
  }, pause);
}

/** A visitor who writes is not away. */
function greet(id: string): void {
  if (detailOf(id).peek()?.presence !== "online") refresh(DETAIL_PAUSE);
}

/** Whoever comes, or comes again, is told at once that we are here; who only stays is not. */
function meet({ conversationId, author }: { conversationId: string | null; author: Author }): void {
  if (!author.id || author.id === member.peek()?.id) return;
  const { conversation: open } = route.peek();
  const now = Date.now();
  const silence = now - (heardAt.get(author.id) ?? 0);
  heardAt.delete(author.id);
  if (!open || conversationId !== open) return;
  heardAt.set(author.id, now);
  const stays = silence > VIEWING_EVERY - SLACK && silence < VIEWING_EVERY + SLACK;
  if (!stays && now - saidAt > ANSWER_PAUSE) say(open);
}

const isForUs = ({ mentions }: Message): boolean => mentions?.includes(member.peek()?.id ?? "") ?? false;

function hear(message: Message): void {
  const id = message.conversationId;
  isNews ||= message.author.kind === "visitor";
  isMentioned ||= isForUs(message);
  read(id);
  refresh(DETAIL_PAUSE);
  // An answer ends the calls that it needed.
  if (message.author.kind === "assistant") void loadToolCalls(id);
}

/** Everything that has come is seen; what is marked as unread from now on stays so. */
function catchUp(id: string): void {
  read(id);
  if (document.visibilityState === "visible") isNews = false;
}

/** Say that it is read, once it is; what somebody marks as unread stays so. */
function read(id: string): void {
  const isUnread = isNews && conversation(id)?.unread;
  if (document.visibilityState !== "visible" || !(isUnread || isMentioned)) return;
  isNews = isMentioned = false;
  void markRead(id).then(recount);
}

interface Delta extends Omit<Stream, "next"> {
  conversationId: string;
  index: number;
}

function stream({ conversationId, turnId, attempt, draft, index, text }: Delta): void {
  const known = streams.peek().get(conversationId);
  const goesOn = known?.turnId === turnId && known.attempt === attempt && known.draft === draft;
  if (goesOn ? known.next !== index : index !== 0) return;
  const now = { turnId, attempt, draft, next: index + 1, text: (goesOn ? known.text : "") + text };
  streams.value = new Map(streams.peek()).set(conversationId, now);
  setTimeout(() => streams.peek().get(conversationId) === now && end(conversationId), SILENCE);
}

function end(id: string): void {
  if (!streams.peek().has(id)) return;
  const left = new Map(streams.peek());
  left.delete(id);
  streams.value = left;
}

function see({ conversationId, seq }: { conversationId: string; seq: number }): void {
  seenSeqs.value = new Map(seenSeqs.peek()).set(conversationId, seq);
}

/** Up to which message the visitor has read, as far as anybody knows. */
export function seenSeq(id: string): number {
  return Math.max(seenSeqs.value.get(id) ?? 0, detailOf(id).value?.visitorReadSeq ?? 0);
}
