// The lists: which conversations belong to one, in which order, and how far it is loaded.

import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { get, query } from "./api";
import { conversations, counts, latest, member, savedViews, take, teams } from "./store";
import type { Conversation, Filters, Page, Sort } from "./types";

export interface View {
  id: string;
  name: string;
  filters: Filters;
  sort: Sort;
  /** How many it has, where that is known. */
  count: number | null;
  group: "inbox" | "teams" | "saved";
}

export interface Loaded {
  /** Of the next page; null at the end. */
  cursor: string | null;
  state: "new" | "loading" | "ready" | "failed";
  problem: string;
  /** The last one that was loaded: what lies behind it is known only in parts. */
  last: Conversation | null;
  /** Those that belong to it because the server says so, where we cannot tell. */
  ids: ReadonlySet<string>;
}

type Fact = (one: Conversation) => string | string[];

const PAGE = "100";
const EMPTY: Loaded = { cursor: null, state: "new", problem: "", last: null, ids: new Set() };
const URGENCY = ["none", "low", "medium", "high", "urgent"];
const FACTS: Record<string, Fact> = {
  status: ({ status }) => status,
  owner: ({ owner }) => owner,
  assignee: ({ assigneeId }) => (assigneeId === null ? "none" : me(assigneeId)),
  team: ({ teamId }) => teamId ?? "none",
  label: ({ labels }) => labels,
  channel: ({ channel }) => channel,
  priority: ({ priority }) => priority,
  assistant: ({ assistantId }) => assistantId ?? "none",
  unread: ({ unread }) => (unread ? ["1", "true"] : ["0", "false"]),
};
// What goes first has the greater key, but for those who wait: the longest first.
const KEYS: Record<Sort, (one: Conversation) => string> = {
  updated: ({ updatedAt }) => updatedAt,
  created: ({ createdAt }) => createdAt,
  waiting: ({ waitingSince }) => waitingSince ?? "9",
  priority: ({ priority, updatedAt }) => URGENCY.indexOf(priority) + updatedAt,
};

/** By the view's id; a saved one may be asked for otherwise later on, and begins anew then. */
const lists = new Map<string, { of: string; pages: Signal<Loaded>; order: ReadonlySignal<string[]> }>();

export const views = computed<View[]>(() => {
  const has = counts.value;
  const inbox = (id: string, name: string, filters: Filters, count?: number, sort: Sort = "updated"): View => ({
    id, name, filters, sort, count: count ?? null, group: "inbox",
  });
  return [
    inbox("mine", "Mine", { status: "open", assignee: "me" }, has?.mine),
    inbox("waiting", "Waiting", { status: "open", owner: "waiting" }, has?.waiting),
    inbox("unassigned", "Unassigned", { status: "open", assignee: "none" }, has?.unassigned),
    inbox("all", "All open", { status: "open" }, has?.all),
    inbox("mentions", "Mentions", { mentions: "me" }, has?.mentions),
    inbox("pending", "Pending", { status: "pending" }, has?.pending),
    inbox("snoozed", "Snoozed", { status: "snoozed" }, has?.snoozed),
    inbox("closed", "Closed", { status: "resolved" }),
    ...teams.value.map(({ id, name }): View => ({
      id: `team-${id}`, name, filters: { status: "open", team: id }, sort: "updated",
      count: has?.teams[id] ?? (has ? 0 : null), group: "teams",
    })),
    ...savedViews.value.map(({ id, name, filters, sort }): View => ({
      id, name, filters, sort, count: null, group: "saved",
    })),
  ];
});

export function viewById(id: string): View | undefined {
  return views.value.find((one) => one.id === id);
}

function listOf(view: View) {
  const of = JSON.stringify([view.filters, view.sort]);
  const known = lists.get(view.id);
  if (known?.of === of) return known;
  const pages = signal(EMPTY);
  const list = { of, pages, order: computed(() => ordered(view, pages.value, latest.value)) };
  lists.set(view.id, list);
  return list;
}

export const loadedOf = (view: View): Signal<Loaded> => listOf(view).pages;

/** The ids of what belongs to it, in order, as far as it is loaded; it follows every change. */
export const orderOf = (view: View): ReadonlySignal<string[]> => listOf(view).order;

/** Load its first page, or the next one. */
export async function loadMore(view: View, again = false): Promise<void> {
  const known = loadedOf(view);
  const before = known.peek();
  if (before.state === "loading" || (before.state === "ready" && !before.cursor && !again)) return;
  known.value = { ...before, state: "loading" };
  try {
    const sort = view.sort === "updated" ? "" : view.sort;
    const cursor = again ? null : before.cursor;
    const path = `conversations${query({ ...view.filters, sort, limit: PAGE, cursor })}`;
    const page = await get<Page<Conversation>>(path);
    take(page.results);
    known.value = {
      cursor: page.nextCursor,
      state: "ready",
      problem: "",
      last: page.hasMore ? (page.results.at(-1) ?? null) : null,
      ids: new Set([...(again ? [] : before.ids), ...page.results.map(({ id }) => id)]),
    };
  } catch (error) {
    known.value = { ...known.peek(), state: "failed", problem: (error as Error).message };
  }
}

/** What we have may have gaps: begin each view again, this one at once. */
export function distrust(current: View | undefined): void {
  for (const [id, { pages }] of lists) if (id !== current?.id) pages.value = EMPTY;
  if (current) void loadMore(current, true);
}

/** What could not be loaded can be again. */
export function recover(current: View | undefined): void {
  for (const [id, { pages }] of lists) {
    if (pages.peek().state !== "failed") continue;
    if (id === current?.id) void loadMore(current, true);
    else pages.value = EMPTY;
  }
}

/** Have a conversation belong to a view of which only the server could know. */
export function admit(viewId: string, id: string): void {
  const pages = lists.get(viewId)?.pages;
  if (pages) pages.value = { ...pages.peek(), ids: new Set([...pages.peek().ids, id]) };
}

/** Whether a conversation belongs to what is asked for, as far as it tells itself. */
export function matches(one: Conversation, filters: Filters): boolean {
  return Object.entries(filters).every(([name, wanted]) => {
    const fact = FACTS[name]?.(one);
    if (fact === undefined) return true;
    return String(wanted).split(",").some((each) => (Array.isArray(fact) ? fact.includes(each) : fact === each));
  });
}

/** Whether it is asked for something that no conversation tells itself, such as its words. */
function isObscure(filters: Filters): boolean {
  return Object.keys(filters).some((name) => !(name in FACTS));
}

function ordered({ filters, sort }: View, { last, ids, state }: Loaded, all: string[]): string[] {
  if (state === "new") return [];
  const mine = { ...filters, ...(filters.assignee && { assignee: named(filters.assignee) }) };
  const key = KEYS[sort];
  const sign = sort === "waiting" ? 1 : -1;
  const end = last && key(last);
  const isIn = (one: Conversation): boolean =>
    one.lastMessage !== null && matches(one, mine) && (end === null || (key(one) < end ? -1 : 1) * sign <= 0 || key(one) === end);
  const known = isObscure(filters) ? all.filter((id) => ids.has(id)) : all;
  const found = known.filter((id) => isIn(conversations.get(id)!.peek()));
  if (sort === "updated") return found;
  const at = (id: string): string => key(conversations.get(id)!.peek());
  return found.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0) * sign);
}

/** A member's id, or "me" for our own. */
function me(id: string): string {
  return id === member.peek()?.id ? "me" : id;
}

function named(list: string): string {
  return list.split(",").map(me).join(",");
}
