// The commands that the shell itself has; the thread has its own.

import * as actions from "./actions";
import { openHelp, openPalette, register, type Command } from "./commands";
import { active, grab, goOn, rows, step, target, tick, ticked, untickAll } from "./listing";
import { leave } from "./loading";
import { askPermission, permission } from "./notices";
import { prefer, preferences } from "./preferences";
import { go, pathOf, pathOfView, route } from "./routes";
import { availability, conversation, member, memberName } from "./store";
import { toast } from "./toasts";

const isInbox = (): boolean => route.peek().page === "inbox";
const hasTarget = (): boolean => isInbox() && target() !== undefined;
const own = (): string | null => member.peek()?.id ?? null;

/** Something that is done to the conversation in hand. */
function toTarget(id: string, label: string, keys: string | undefined, run: (id: string) => unknown): Command {
  const command: Command = { id, label, group: "Conversation", when: hasTarget, run: () => void run(target()!) };
  return keys ? { ...command, keys } : command;
}

function way(id: string, label: string, keys: string | undefined, path: string): Command {
  const command: Command = { id, label, group: "Go to", run: () => go(path) };
  return keys ? { ...command, keys } : command;
}

const ACTIONS: Command[] = [
  toTarget("close", "Close, and go to the next", "e", (id) => {
    actions.close(id);
    goOn(id);
  }),
  toTarget("snooze-tomorrow", "Snooze until tomorrow, 9:00", undefined, (id) => snooze(id, tomorrow())),
  toTarget("snooze-hour", "Snooze for an hour", undefined, (id) => snooze(id, new Date(Date.now() + 3_600_000))),
  toTarget("pending", "Mark as pending", undefined, (id) => actions.park(id)),
  toTarget("reopen", "Take back to the open ones", undefined, (id) => actions.reopen(id)),
  toTarget("assign-me", "Assign to me", "m", (id) => actions.assign(id, own())),
  toTarget("unassign", "Assign to nobody", undefined, (id) => actions.assign(id, null)),
  toTarget("unread", "Mark as unread", "u", (id) => actions.markUnread(id)),
  toTarget("take-over", "Take over from the assistant", "i", (id) => takeOver(id)),
  toTarget("give-back", "Give back to the assistant", undefined, (id) => actions.giveBack(id)),
  toTarget("tick", "Select", "x", (id) => tick(id, !ticked.peek().has(id))),
];

const WAYS: Command[] = [
  way("go-mine", "Mine", "g m", pathOfView("mine")),
  way("go-unassigned", "Unassigned", "g u", pathOfView("unassigned")),
  way("go-waiting", "Waiting", "g w", pathOfView("waiting")),
  way("go-all", "All open", "g a", pathOfView("all")),
  way("search", "Search", "/", "/search"),
  way("go-visitors", "Visitors", "g v", "/visitors"),
  way("go-contacts", "Contacts", "g c", "/contacts"),
  way("go-settings", "Settings", "g s", "/settings"),
];

const GENERAL: Command[] = [
  { id: "palette", label: "Everything by name", group: "General", keys: "Mod+k", run: openPalette },
  { id: "help", label: "Keyboard shortcuts", group: "General", keys: "?", run: openHelp },
  { id: "next", label: "Next conversation", group: "General", keys: "j", when: isInbox, run: () => step(1) },
  { id: "previous", label: "Previous conversation", group: "General", keys: "k", when: isInbox, run: () => step(-1) },
  { id: "down", label: "Next row", group: "General", keys: "ArrowDown", when: inRows, run: () => step(1) },
  { id: "up", label: "Row before", group: "General", keys: "ArrowUp", when: inRows, run: () => step(-1) },
  { id: "first", label: "First row", group: "General", keys: "Home", when: inRows, run: () => step(-Infinity) },
  { id: "last", label: "Last row", group: "General", keys: "End", when: inRows, run: () => step(Infinity) },
  { id: "open", label: "Open", group: "General", keys: "o", when: inRows, run: () => go(pathOf(target()!)) },
  { id: "leave", label: "Back to the list", group: "General", keys: "Escape", when: isInbox, run: back },
  { id: "notify", label: "Allow notifications of this browser", group: "General", when: () => permission.peek() === "default", run: () => void askPermission() },
  { id: "presence", label: "Be available, or away", group: "General", run: () => void actions.beThere(availability.peek()?.status !== "online") },
  { id: "log-out", label: "Log out", group: "General", run: () => void leave() },
];

const LOOKS: Command[] = [
  { id: "dark", label: "Dark", group: "Theme", run: () => void prefer({ theme: "dark" }) },
  { id: "light", label: "Light", group: "Theme", run: () => void prefer({ theme: "light" }) },
  { id: "auto", label: "As the system", group: "Theme", run: () => void prefer({ theme: "auto" }) },
  { id: "density", label: "Compact rows, on or off", group: "Theme", run: changeDensity },
];

register([...ACTIONS, ...WAYS, ...GENERAL, ...LOOKS]);

function inRows(): boolean {
  return document.activeElement?.closest(".rows") !== null;
}

/** Out of what one is in, step by step: the selection, the conversation. */
function back(): void {
  if (ticked.peek().size) return untickAll();
  const { conversation: id } = route.peek();
  if (!id) return;
  const isInList = rows.peek().includes(id);
  go("/");
  if (isInList) grab(id);
  else active.value = null;
}

function snooze(id: string, until: Date): void {
  actions.snooze(id, until);
  goOn(id);
}

function takeOver(id: string): Promise<void> | void {
  const one = conversation(id);
  if (one?.owner !== "human") return actions.takeOver(id);
  if (one.assigneeId === own()) toast("It is yours already.");
  else toast(`${memberName(one.assigneeId) || "A member"} answers. Press M to have it assigned to you.`);
}

function tomorrow(): Date {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(9, 0, 0, 0);
  return at;
}

function changeDensity(): void {
  const density = preferences.peek().density === "compact" ? "comfortable" : "compact";
  void prefer({ density });
}
