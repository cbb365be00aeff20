// The list as it stands on the screen: its rows, the one in hand, and those that are ticked.

import { computed, signal } from "@preact/signals";
import { go, pathOf, route, viewId } from "./routes";
import { viewById, views } from "./views";

/** The view whose list is shown. */
export const currentView = computed(() => viewById(viewId.value) ?? views.value.find(({ id }) => id === "all")!);
/** Its rows as they are drawn, which may be behind what is known. */
export const rows = signal<string[]>([]);
/** The row that has the keyboard, or had it last. */
export const active = signal<string | null>(null);
export const ticked = signal<ReadonlySet<string>>(new Set());
/** Counts up whenever the list is to be as it is known, whoever points at it. */
export const released = signal(0);
/** Counts up whenever the row in hand is to get the focus. */
export const grabbed = signal(0);

export function release(): void {
  released.value++;
}

/** Give the keyboard to a row so many further on than the one in hand, or than the open one. */
export function step(by: number): void {
  const ids = rows.peek();
  if (!ids.length) return;
  const isInList = document.activeElement?.closest(".rows") !== null;
  const from = isInList ? active.peek() : (route.peek().conversation ?? active.peek());
  const at = ids.indexOf(from ?? "");
  const to = at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + by));
  grab(ids[to]!);
}

export function grab(id: string): void {
  active.value = id;
  grabbed.value++;
}

/** What keys act on: the row that has the keyboard, else the open conversation. */
export function target(): string | undefined {
  const row = document.activeElement?.closest<HTMLElement>(".rows [data-id]");
  return row?.dataset.id ?? route.value.conversation;
}

/** Leave a conversation that is done with for the next one of the list, if it was open. */
export function goOn(id: string): void {
  const ids = rows.peek();
  const at = ids.indexOf(id);
  const next = ids[at + 1] ?? ids[at - 1];
  const wasInHand = active.peek() === id && document.activeElement?.closest(".rows") !== null;
  if (route.peek().conversation === id) go(next && next !== id ? pathOf(next) : "/");
  else if (wasInHand && next) grab(next);
  release();
}

export function tick(id: string, isTicked: boolean): void {
  const now = new Set(ticked.peek());
  if (isTicked) now.add(id);
  else now.delete(id);
  ticked.value = now;
}

export function untickAll(): void {
  if (ticked.peek().size) ticked.value = new Set();
}
