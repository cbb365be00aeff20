// What each member has chosen for themselves; the server keeps it, and this browser until it says.

import { computed, effect, signal } from "@preact/signals";
import { patch } from "./api";
import { me } from "./store";
import { complain } from "./toasts";
import type { Me, Preferences } from "./types";

const KEPT = "livechat.preferences";
const DEFAULTS: Preferences = { theme: "auto", density: "comfortable", shortcuts: true, enterSends: false, notifications: {} };

const kept = signal<Partial<Preferences>>(remembered());

export const preferences = computed<Preferences>(() => ({
  ...DEFAULTS,
  ...kept.value,
  ...me.value?.preferences,
}));

effect(() => {
  const { theme, density } = preferences.value;
  const { dataset } = document.documentElement;
  if (theme === "auto") delete dataset.theme;
  else dataset.theme = theme;
  dataset.density = density;
  remember(preferences.value);
});

/** Choose; it holds at once, here and in the member's other browsers. */
export async function prefer(changes: Partial<Preferences>): Promise<void> {
  const chosen = { ...preferences.peek(), ...changes };
  kept.value = chosen;
  if (me.peek()) me.value = { ...me.peek()!, preferences: chosen };
  await patch<Me>("me", { preferences: changes }).catch(complain);
}

function remembered(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Preferences>;
  } catch {
    return {};
  }
}

function remember(chosen: Preferences): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(chosen));
  } catch {
    // Storage may be forbidden; then a page begins in the system's colours.
  }
}
