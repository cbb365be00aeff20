// Everything by name: what can be done, where one can go, whom one has talked to lately.

import { computed, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { closeOverlay, possible, shown } from "./commands";
import { go, pathOf, pathOfView } from "./routes";
import { contactName, conversations, latest } from "./store";
import { views } from "./views";

interface Entry {
  id: string;
  label: string;
  group: string;
  keys?: string | undefined;
  run(): void;
}

const PEOPLE = 6;
const MOST = 40;

const wanted = signal("");
const chosen = signal(0);

function close(): void {
  wanted.value = "";
  chosen.value = 0;
  closeOverlay();
}

const found = computed<Entry[]>(() => {
  const words = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word));
  const everything = [...possible.value.filter(({ id }) => id !== "palette"), ...ways()];
  const entries = everything.filter(({ label, group }) => fits(`${label} ${group}`));
  if (!words.length) return entries.slice(0, MOST);
  return [...entries, ...people(fits), search(wanted.value.trim())].slice(0, MOST);
});

export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current!.showModal();
    return () => dialog.current?.close();
  }, []);
  const entries = found.value;
  const at = Math.min(chosen.value, entries.length - 1);
  const choose = (entry: Entry | undefined): void => {
    if (!entry) return;
    dialog.current!.close();
    close();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) chosen.value = (at + by + entries.length) % entries.length;
    else if (event.key === "Enter" && !event.isComposing) choose(entries[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Command palette"
      onClose={close}
      onClick={({ target, currentTarget }) => target === currentTarget && dialog.current!.close()}
      onKeyDown={onKeyDown}
    >
      <input
        role="combobox"
        aria-label="Search or jump to"
        aria-expanded="true"
        aria-controls="palette-entries"
        aria-activedescendant={entries[at] ? `palette-${at}` : undefined}
        placeholder="What do you want to do?"
        autoFocus
        value={wanted.value}
        onInput={({ currentTarget }) => {
          wanted.value = currentTarget.value;
          chosen.value = 0;
        }}
      />
      <ul id="palette-entries" role="listbox" aria-label="Choices">
        {entries.map((entry, index) => (
          <Choice key={entry.id} entry={entry} index={index} isChosen={index === at} choose={choose} />
        ))}
      </ul>
    </dialog>
  );
}

interface ChoiceProps {
  entry: Entry;
  index: number;
  isChosen: boolean;
  choose(entry: Entry): void;
}

function Choice({ entry, index, isChosen, choose }: ChoiceProps) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isChosen) item.current!.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  return (
    <li ref={item} id={`palette-${index}`} role="option" aria-selected={isChosen} onClick={() => choose(entry)}>
      <span class="group">{entry.group}</span>
      <span dir="auto">{entry.label}</span>
      {entry.keys && <kbd>{shown(entry.keys)}</kbd>}
    </li>
  );
}

function ways(): Entry[] {
  return views.value.map(({ id, name }) => ({
    id: `view-${id}`,
    label: name,
    group: "View",
    run: () => go(pathOfView(id)),
  }));
}

function people(fits: (text: string) => boolean): Entry[] {
  const entries: Entry[] = [];
  for (const id of latest.peek()) {
    const { contact_data: contact } = conversations.get(id)!.peek();
    if (!fits(`${contact.name} ${contact.email ?? ""}`)) continue;
    entries.push({ id, label: contactName(contact), group: "Conversation", run: () => go(pathOf(id)) });
    if (entries.length === PEOPLE) break;
  }
  return entries;
}

function search(words: string): Entry {
  const run = (): void => go(`/search?q=${encodeURIComponent(words)}`);
  return { id: "search-all", label: `Search all messages for “${words}”`, group: "Search", run };
}
