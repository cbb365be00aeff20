// Lists that are loaded page by page, and those that are short.

import { signal, useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { everything, get, query } from "../api";
import type { Page } from "../types";

export interface Listed<T> {
  rows: T[];
  state: "loading" | "ready" | "failed";
  problem: string;
  hasMore: boolean;
  more(): void;
}

interface Known<T> {
  rows: T[];
  cursor: string | null;
  state: Listed<T>["state"];
  problem: string;
}

const NOTHING: Known<never> = { rows: [], cursor: null, state: "loading", problem: "" };

/** What is at a path of the REST, with its query; empty without a path. */
export function useListed<T>(path: string): Listed<T> {
  const known = useSignal<Known<T>>(NOTHING);
  const latest = useRef(path);
  latest.current = path;
  const load = async (cursor: string | null): Promise<void> => {
    const before = cursor ? known.peek().rows : [];
    known.value = { ...known.peek(), state: "loading", problem: "" };
    try {
      const rest = query({ cursor }).replace("?", path.includes("?") ? "&" : "?");
      const page = await get<Page<T>>(path + rest);
      if (latest.current !== path) return;
      known.value = { rows: [...before, ...page.results], cursor: page.nextCursor, state: "ready", problem: "" };
    } catch (error) {
      if (latest.current === path) known.value = { ...known.peek(), state: "failed", problem: (error as Error).message };
    }
  };
  useEffect(() => {
    known.value = path ? { ...NOTHING } : { ...NOTHING, state: "ready" };
    if (path) void load(null);
  }, [path]);
  const { cursor, ...shown } = known.value;
  return { ...shown, hasMore: cursor !== null, more: () => void load(cursor) };
}

/** A short list that is known as a whole, and what the page does to it. */
export interface Short<T> {
  rows: Signal<T[]>;
  problem: Signal<string>;
  isReady: Signal<boolean>;
  /** Have this one in it, in the place of the one with its id. */
  put(one: T): void;
  remove(id: string): void;
}

export function useShort<T extends { id: string }>(path: string): Short<T> {
  const list = useRef<Short<T>>(undefined);
  list.current ??= short<T>();
  useEffect(() => {
    const { rows, problem, isReady } = list.current!;
    everything<T>(path).then(
      (all) => {
        rows.value = all;
        isReady.value = true;
      },
      (error: Error) => (problem.value = error.message),
    );
  }, [path]);
  return list.current;
}

function short<T extends { id: string }>(): Short<T> {
  const rows = signal<T[]>([]);
  return { rows, problem: signal(""), isReady: signal(false), ...changing(rows) };
}

/** How a list in a signal follows what is done to it. */
export function changing<T extends { id: string }>(rows: Signal<T[]>): Pick<Short<T>, "put" | "remove"> {
  return {
    put: (one) => {
      const isKnown = rows.peek().some(({ id }) => id === one.id);
      rows.value = isKnown ? rows.peek().map((each) => (each.id === one.id ? one : each)) : [...rows.peek(), one];
    },
    remove: (id) => void (rows.value = rows.peek().filter((one) => one.id !== id)),
  };
}
