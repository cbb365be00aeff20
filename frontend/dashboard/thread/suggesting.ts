// What is offered while somebody writes: canned responses after `/`, and in notes colleagues after `@`.

import { signal } from "@preact/signals";
import { everything, post } from "../api";
import { member, members } from "../store";
import type { CannedResponse } from "../types";

export interface Suggestion {
  id: string;
  label: string;
  more: string;
  /** What is written instead of what was typed. Raises Refusal. */
  text(): Promise<string>;
  memberId?: string;
}

interface Typed {
  /** Where what was typed begins, with its sign. */
  start: number;
  sign: string;
  words: string;
}

const MOST = 8;
const FRESH_MS = 60_000;

const canned = signal<CannedResponse[]>([]);
let loadedAt = 0;

/** What is being typed at this place of a text, if it is something to complete. */
export function typedAt(text: string, end: number, isNote: boolean): Typed | undefined {
  const found = /(?:^|\s)([/@])([\p{L}\p{N}_.-]*)$/u.exec(text.slice(0, end));
  if (!found || (found[1] === "@" && !isNote)) return undefined;
  return { start: end - found[2]!.length - 1, sign: found[1]!, words: found[2]!.toLowerCase() };
}

export function suggestions(conversationId: string, { sign, words }: Typed): Suggestion[] {
  if (sign === "@") return colleagues(words);
  void loadCanned();
  const starts = ({ shortcut }: CannedResponse): boolean => shortcut.toLowerCase().startsWith(words);
  const fits = canned.value.filter((one) => starts(one) || one.text.toLowerCase().includes(words));
  fits.sort((a, b) => Number(starts(b)) - Number(starts(a)));
  return fits.slice(0, MOST).map((one) => ({
    id: one.id,
    label: `/${one.shortcut}`,
    more: one.text,
    text: async () => (await post<{ text: string }>(`canned-responses/${one.id}/render`, { conversationId })).text,
  }));
}

function colleagues(words: string): Suggestion[] {
  const fits = members.value.filter(({ id, name, email }) => id !== member.value?.id && `${name} ${email}`.toLowerCase().includes(words));
  return fits.slice(0, MOST).map(({ id, name, email }) => ({
    id,
    label: `@${name || email}`,
    more: email,
    text: async () => `@${name || email} `,
    memberId: id,
  }));
}

async function loadCanned(): Promise<void> {
  if (Date.now() - loadedAt < FRESH_MS) return;
  loadedAt = Date.now();
  canned.value = await everything<CannedResponse>("canned-responses").catch(() => canned.peek());
}
