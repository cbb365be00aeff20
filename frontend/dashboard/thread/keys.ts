// What can be done in an open conversation by key, and by name from the palette.

import { register, type Command } from "../commands";
import { route } from "../routes";
import { write } from "./composer";
import { areDetailsOpen } from "./header";
import { openMenu } from "./menu";

const isOpen = (): boolean => route.peek().page === "inbox" && route.peek().conversation !== undefined;

function here(id: string, label: string, keys: string | undefined, run: (conversationId: string) => void): Command {
  const command: Command = { id, label, group: "Conversation", when: isOpen, run: () => run(route.peek().conversation!) };
  return keys ? { ...command, keys } : command;
}

register([
  here("reply", "Reply", "r", (id) => write(id, false)),
  here("note", "Write a note", "n", (id) => write(id, true)),
  here("snooze", "Snooze…", "s", () => (openMenu.value = "snooze")),
  here("assign", "Assign…", "a", () => (openMenu.value = "assign")),
  here("label", "Label…", "l", () => {
    areDetailsOpen.value = true;
    openMenu.value = "label";
  }),
  here("details", "Details, on or off", "d", () => (areDetailsOpen.value = !areDetailsOpen.value)),
]);
