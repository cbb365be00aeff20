// What is written and not sent: kept in this browser at once, and on the server a little later.

import { signal, type Signal } from "@preact/signals";
import { del, get, put } from "../api";
import { conversation, member } from "../store";
import { messagesOf } from "../threads";
import type { Message } from "../types";
import { dropAll, type Upload } from "./uploads";

export interface Draft {
  text: string;
  private: boolean;
  uploads: Upload[];
  /** Those whom a note may be for, by the name that stands in it. */
  mentions: Record<string, string>;
  /** The newest message that was there when writing began. */
  since: number | null;
  /** Whether the server has it as it is. */
  isStored: boolean;
  /** Another member's answer that came first. */
  answered: { seq: number; message: Message } | null;
}

const KEPT = "livechat.draft.";
const PAUSE = 1_500;
const EMPTY: Draft = { text: "", private: false, uploads: [], mentions: {}, since: null, isStored: false, answered: null };

const drafts = new Map<string, Signal<Draft>>();
const timers = new Map<string, number>();
const onTheirWay = new Map<string, Promise<unknown>>();

export function draftOf(id: string): Signal<Draft> {
  const known = drafts.get(key(id)) ?? signal<Draft>({ ...EMPTY, ...remembered(id) });
  drafts.set(key(id), known);
  return known;
}

/** Take what another machine has made of it, unless the server has not heard of what is written here. */
export async function fetchDraft(id: string): Promise<void> {
  const draft = draftOf(id);
  const isOurs = (): boolean => draft.peek().text !== "" && !draft.peek().isStored;
  if (isOurs()) return store(id);
  const kept = await get<Pick<Draft, "text" | "private">>(`conversations/${id}/draft`).catch(() => null);
  const { text, private: isPrivate } = draft.peek();
  if (!kept || isOurs() || (kept.text === text && (!text || kept.private === isPrivate))) return;
  draft.value = { ...draft.peek(), text: kept.text, ...(kept.text && { private: kept.private }), since: newest(id), isStored: true };
  remember(id, draft.peek());
}

export function change(id: string, changes: Partial<Draft>): void {
  const draft = draftOf(id);
  const before = draft.peek();
  const now = { ...before, ...changes };
  if (now.text && !before.text) now.since = newest(id);
  draft.value = now;
  if (!("text" in changes || "private" in changes)) return;
  draft.value = { ...now, isStored: false };
  keep(id, draft.peek());
}

/** Put back what could not be sent, before what was written meanwhile. */
export function restore(id: string, { text, uploads, mentions, ...rest }: Pick<Draft, "text" | "private" | "uploads" | "mentions">): void {
  const now = draftOf(id).peek();
  change(id, {
    ...rest,
    text: [text, now.text].filter(Boolean).join("\n"),
    uploads: [...uploads, ...now.uploads],
    mentions: { ...mentions, ...now.mentions },
  });
}

/** Begin anew, in the same mode; the server forgets its copy by itself when a reply is stored. */
export function empty(id: string): void {
  const draft = draftOf(id);
  clearTimeout(timers.get(id));
  dropAll(draft.peek().uploads);
  draft.value = { ...EMPTY, private: draft.peek().private };
  remember(id, draft.peek());
  // A copy that is still on its way would come after the reply.
  void onTheirWay.get(id)?.then(() => drop(id));
}

/** The number of the newest message that is known. */
export function newest(id: string): number {
  return messagesOf(id).peek().findLast(({ sending }) => !sending)?.seq ?? conversation(id)?.seq ?? 0;
}

function keep(id: string, draft: Draft): void {
  remember(id, draft);
  clearTimeout(timers.get(id));
  const whose = key(id);
  timers.set(id, setTimeout(() => whose === key(id) && void store(id), PAUSE));
}

async function store(id: string): Promise<void> {
  const { text, private: isPrivate } = draftOf(id).peek();
  if (!text) return drop(id);
  const sent = put(`conversations/${id}/draft`, { text: text.slice(0, 10_000), private: isPrivate }).then(
    () => noteStored(id, text),
    () => undefined,
  );
  onTheirWay.set(id, sent);
  await sent;
  if (onTheirWay.get(id) === sent) onTheirWay.delete(id);
}

function noteStored(id: string, text: string): void {
  const draft = draftOf(id);
  if (draft.peek().text !== text) return;
  draft.value = { ...draft.peek(), isStored: true };
  remember(id, draft.peek());
}

async function drop(id: string): Promise<void> {
  await del(`conversations/${id}/draft`).catch(() => undefined);
}

function remembered(id: string): Partial<Draft> {
  try {
    return JSON.parse(localStorage.getItem(key(id)) ?? "{}") as Partial<Draft>;
  } catch {
    return {};
  }
}

function remember(id: string, { text, private: isPrivate, mentions, since, isStored }: Draft): void {
  try {
    if (text) localStorage.setItem(key(id), JSON.stringify({ text, private: isPrivate, mentions, since, isStored }));
    else localStorage.removeItem(key(id));
  } catch {
    // Storage may be forbidden or full; then the server's copy has to do.
  }
}

/** Browsers are shared, drafts are not. */
const key = (id: string): string => `${KEPT}${member.peek()?.id}.${id}`;
