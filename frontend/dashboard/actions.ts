// What is done to conversations: shown at once, and taken back where the server refuses.
//
// What a visitor would notice, such as the end, is only asked for when it can no longer be undone.

import { post, put } from "./api";
import { availability, contactName, conversation, conversations, member, onEvent, overlay, take, uncover } from "./store";
import { UNDO_SECONDS, complain, dismiss, toast } from "./toasts";
import type { Availability, Conversation } from "./types";

interface Postponed {
  /** Its notice, which is that of all with which it was done. */
  toast: number;
  timer: number;
  shown: Partial<Conversation>;
  commit(keepalive: boolean): Promise<void>;
}

// As many as the server takes in one request.
const AT_ONCE = 100;

const postponed = new Map<string, Postponed>();

// A page that is left has no more time.
addEventListener("pagehide", () => void settle(true));

// Whoever writes meanwhile must not be cut off; where the server is first to know, it refuses.
onEvent(({ type, data }) => {
  if (type !== "message:new" || data.private || !postponed.has(data.conversationId)) return;
  const { kind, id, name } = data.author;
  if (kind !== "visitor" && (kind !== "agent" || id === member.peek()?.id)) return;
  takeBack(data.conversationId);
  toast(`${name || "The visitor"} wrote meanwhile, so it stays open.`);
});

/** Do something to a conversation, showing the outcome at once. Raises nothing: it complains. */
export async function act(
  id: string,
  path: string,
  body: object = {},
  shown: Partial<Conversation> = {},
): Promise<void> {
  overlay(id, shown);
  await carryOut(id, path, body, shown, false);
}

export function close(...ids: string[]): void {
  const shown: Partial<Conversation> = { status: "resolved", owner: "closed", unread: 0 };
  postpone(ids, "close", ({ seq }) => ({ ifSeq: seq }), shown, "Closed");
}

export function snooze(id: string, until: Date): void {
  const at = until.toISOString();
  postpone([id], "status", () => ({ status: "snoozed", until: at }), { status: "snoozed", snoozedUntil: at }, "Snoozed");
}

export const park = (id: string): Promise<void> =>
  act(id, "status", { status: "pending" }, { status: "pending" });

export const reopen = (id: string): Promise<void> =>
  act(id, "status", { status: "open" }, { status: "open", snoozedUntil: null });

export const assign = (id: string, memberId: string | null): Promise<void> =>
  act(id, "assign", { memberId }, { assigneeId: memberId });

export const assignTeam = (id: string, teamId: string | null): Promise<void> =>
  act(id, "assign", { teamId }, { teamId });

export const takeOver = (id: string): Promise<void> =>
  act(id, "take-over", {}, { owner: "human", assigneeId: member.peek()?.id ?? null });

export const giveBack = (id: string): Promise<void> => act(id, "give-back", {}, { owner: "bot" });

export const setPriority = (id: string, priority: Conversation["priority"]): Promise<void> =>
  act(id, "priority", { priority }, { priority });

export function label(id: string, { add = [], remove = [] }: { add?: string[]; remove?: string[] }): Promise<void> {
  const before = conversation(id)?.labels ?? [];
  const labels = [...before.filter((one) => !remove.includes(one)), ...add.filter((one) => !before.includes(one))];
  return act(id, "labels", { add, remove }, { labels });
}

export const markRead = (id: string): Promise<void> => act(id, "read", {}, { unread: 0 });

export const markUnread = (id: string): Promise<void> =>
  act(id, "unread", {}, { unread: Math.max(1, conversation(id)?.unread ?? 1) });

/** Get new conversations from now on, or none. */
export async function beThere(is: boolean): Promise<void> {
  try {
    availability.value = await put<Availability>("availability", { status: is ? "online" : "away" });
  } catch (error) {
    complain(error);
  }
}

/** Do at once whatever could still be undone. */
export async function settle(keepalive = false): Promise<void> {
  await Promise.all([...postponed.values()].map((one) => one.commit(keepalive)));
}

/** Do the same to several; each by itself, so that one refusal stops no other. */
export async function actOnAll(ids: string[], what: string, how: object, shown: Partial<Conversation>): Promise<void> {
  for (const id of ids) overlay(id, shown);
  const done = new Set<string>();
  try {
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const body = { ids: ids.slice(at, at + AT_ONCE), do: what, with: how };
      const { results } = await post<{ results: { id: string; ok: boolean }[] }>("conversations/bulk", body);
      for (const { id, ok } of results) if (ok) done.add(id);
    }
    const refused = ids.length - done.size;
    if (refused) toast(`${refused} of ${ids.length} could not be changed.`, { isProblem: true });
  } catch (error) {
    complain(error);
  }
  for (const id of ids) uncover(id, shown, done.has(id));
}

function postpone(
  ids: string[],
  path: string,
  body: (now: Conversation) => object,
  shown: Partial<Conversation>,
  done: string,
): void {
  ids.forEach(takeBack);
  const all = ids.flatMap((id) => conversations.get(id)?.peek() ?? []);
  const [first] = all;
  if (!first) return;
  const what = all.length > 1 ? `${all.length} conversations` : contactName(first.contact_data);
  const undo = (): void => ids.filter((id) => postponed.get(id)?.toast === notice).forEach(takeBack);
  const notice = toast(`${done}: ${what}`, { undo });
  for (const now of all) {
    const commit = (keepalive: boolean): Promise<void> => {
      clear(now.id);
      return carryOut(now.id, path, body(now), shown, keepalive);
    };
    const timer = setTimeout(() => void commit(false), UNDO_SECONDS * 1000);
    postponed.set(now.id, { toast: notice, timer, shown, commit });
    overlay(now.id, shown);
  }
}

function takeBack(id: string): void {
  const one = postponed.get(id);
  if (one && clear(id)) uncover(id, one.shown);
}

function clear(id: string): boolean {
  const one = postponed.get(id);
  if (!one) return false;
  clearTimeout(one.timer);
  postponed.delete(id);
  if (![...postponed.values()].some(({ toast }) => toast === one.toast)) dismiss(one.toast);
  return true;
}

async function carryOut(
  id: string,
  path: string,
  body: object,
  shown: Partial<Conversation>,
  keepalive: boolean,
): Promise<void> {
  try {
    const now = await post<Conversation>(`conversations/${id}/${path}`, body, { keepalive });
    uncover(id, shown);
    take([now]);
  } catch (error) {
    uncover(id, shown);
    complain(error);
  }
}
