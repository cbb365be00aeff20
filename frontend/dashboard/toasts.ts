// Short notices that go by themselves, some with a way back.

import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  text: string;
  /** What takes it back, as long as it is shown. */
  undo?: () => void;
  isProblem?: boolean;
}

export const UNDO_SECONDS = 5;
const SHOWN = 3;

export const toasts = signal<Toast[]>([]);
let last = 0;

export function toast(text: string, more: Omit<Toast, "id" | "text"> = {}): number {
  const id = ++last;
  const all = [...toasts.peek(), { id, text, ...more }];
  // What can be undone stays for as long as it can.
  toasts.value = all.filter(({ undo }, at) => undo || at >= all.length - SHOWN);
  setTimeout(() => dismiss(id), UNDO_SECONDS * 1000);
  return id;
}

export function dismiss(id: number): void {
  toasts.value = toasts.peek().filter((one) => one.id !== id);
}

/** Say what went wrong, in the server's words. */
export function complain(error: unknown): void {
  toast((error as Error).message, { isProblem: true });
}
