// Everything that can be done from the keyboard, and by name from the palette.
//
// Single keys never act in fields or dialogs, and can be switched off altogether.

import { computed, signal } from "@preact/signals";
import { preferences } from "./preferences";

export interface Command {
  id: string;
  label: string;
  group: "Conversation" | "Go to" | "General" | "Theme";
  /** Such as `e`, `g m` for one after the other, or `Mod+k`, which works everywhere. */
  keys?: string;
  run(): void;
  /** Whether it makes sense just now. */
  when?(): boolean;
}

const CHORD_MS = 1_000;

const registered = signal<Command[]>([]);
export const commands = computed(() => registered.value);

/** What is open above everything. */
export const overlay = signal<"" | "palette" | "help">("");
// What could be done where the palette was opened; inside it nothing could.
export const possible = signal<Command[]>([]);

let begun = "";
let chord: number | undefined;

/** Have these among the commands; returns how to take them away again. */
export function register(more: Command[]): () => void {
  registered.value = [...registered.peek(), ...more];
  return () => {
    registered.value = registered.peek().filter((one) => !more.includes(one));
  };
}

export function isPossible({ when }: Command): boolean {
  return when?.() ?? true;
}

export function openPalette(): void {
  possible.value = registered.peek().filter(isPossible);
  overlay.value = "palette";
}

export function openHelp(): void {
  overlay.value = "help";
}

export function closeOverlay(): void {
  overlay.value = "";
}

/** How keys are shown: `Ctrl K`, `G then M`. */
export function shown(keys: string): string {
  const isMac = /Mac|iP/.test(navigator.platform);
  const named = keys.replace("Arrow", "").replace("Mod+", isMac ? "⌘ " : "Ctrl ").replace(" ", " then ");
  const text = keys.startsWith("Mod+") ? named.replace(" then ", " ") : named;
  return text.replace(/\b[a-z]\b/g, (letter) => letter.toUpperCase());
}

/** Take a key that nobody has taken yet. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey) {
    if (!event.altKey && !event.shiftKey) attempt(event, `Mod+${event.key.toLowerCase()}`);
    return;
  }
  if (event.altKey || overlay.peek() || !preferences.peek().shortcuts || isTaken(event.target as Element)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const keys = begun ? `${begun} ${key}` : key;
  begun = "";
  clearTimeout(chord);
  if (attempt(event, keys)) return;
  if (registered.peek().some((one) => one.keys?.startsWith(`${key} `))) {
    begun = key;
    chord = setTimeout(() => (begun = ""), CHORD_MS);
  }
}

function attempt(event: KeyboardEvent, keys: string): boolean {
  // The latest to come goes first: what is in front takes a key from what is behind it.
  const command = registered.peek().findLast((one) => one.keys === keys && isPossible(one));
  if (!command) return false;
  event.preventDefault();
  command.run();
  return true;
}

function isTaken(target: Element): boolean {
  return target.closest?.("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]") !== null;
}
