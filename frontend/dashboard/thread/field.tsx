// The field that replies and notes are written in, with what it offers while somebody writes.

import { signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { tell } from "../loading";
import { preferences } from "../preferences";
import { complain } from "../toasts";
import { change, draftOf, type Draft } from "./drafts";
import { Suggestions } from "./suggestions";
import { suggestions, typedAt, type Suggestion } from "./suggesting";
import { add } from "./uploads";

const TYPING_EVERY = 3_000;

/** Counts up whenever somebody wants to write; whether a note, the draft tells. */
export const wanted = signal(0);

// When the visitor was last told that somebody writes.
let told = 0;

interface Props {
  id: string;
  draft: Draft;
  submit(): void;
}

export function Field({ id, draft, submit }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { offered, chosen, take, note, leave, onKey } = useOffers(id, draft, field);
  useEffect(() => {
    if (wanted.value) field.current!.focus();
  }, [wanted.value]);
  useEffect(() => () => void (wanted.value = 0), []);
  useLayoutEffect(() => {
    grow(field.current!);
    if (!draft.text) told = 0;
  }, [draft.text]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const isMod = event.ctrlKey || event.metaKey;
    const isSending = event.key === "Enter" && (isMod || (preferences.peek().enterSends && !event.shiftKey));
    if (!onKey(event.key)) {
      if (event.key === "Escape") leaveFor(field.current!, ".log");
      else if (isSending) submit();
      else return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const onInput = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }): void => {
    note(currentTarget.selectionStart);
    change(id, { text: currentTarget.value });
    if (!draft.private) tellTyping(id, currentTarget.value !== "");
  };
  return (
    <>
      {offered.length > 0 && <Suggestions all={offered} chosen={chosen} take={(one) => void take(one)} />}
      <textarea
        ref={field}
        dir="auto"
        rows={2}
        aria-label={draft.private ? "Note" : "Reply"}
        aria-autocomplete="list"
        aria-controls={offered.length ? "suggestions" : undefined}
        aria-activedescendant={offered.length ? `suggestion-${chosen}` : undefined}
        placeholder={draft.private ? "A note for the team. @ mentions somebody." : "Write a reply. / finds canned responses."}
        value={draft.text}
        onInput={onInput}
        onKeyDown={onKeyDown}
        onPaste={(event) => paste(id, event)}
        onBlur={leave}
      />
    </>
  );
}

/** What could be written instead of what was just typed, and the keys that choose among it. */
function useOffers(id: string, draft: Draft, field: { current: HTMLTextAreaElement | null }) {
  const at = useSignal(0);
  const wish = useSignal(0);
  const isOff = useSignal(true);
  const typed = isOff.value ? undefined : typedAt(draft.text, at.value, draft.private);
  const offered = typed ? suggestions(id, typed) : [];
  const last = offered.length - 1;
  const chosen = Math.min(wish.value, last);
  const leave = (): void => void (isOff.value = true);
  const note = (place: number): void => {
    at.value = place;
    wish.value = 0;
    isOff.value = false;
  };
  const take = async ({ text, label, memberId }: Suggestion): Promise<void> => {
    const { start } = typed!;
    const end = at.value;
    leave();
    try {
      const given = await text();
      const { text: written, mentions } = draftOf(id).peek();
      const named = memberId ? { mentions: { ...mentions, [label]: memberId } } : {};
      change(id, { text: written.slice(0, start) + given + written.slice(end), ...named });
      requestAnimationFrame(() => field.current?.setSelectionRange(start + given.length, start + given.length));
    } catch (error) {
      complain(error);
    }
    field.current?.focus();
  };
  const onKey = (key: string): boolean => {
    if (!offered.length) return false;
    if (key === "ArrowDown") wish.value = chosen >= last ? 0 : chosen + 1;
    else if (key === "ArrowUp") wish.value = chosen <= 0 ? last : chosen - 1;
    else if (key === "Enter" || key === "Tab") void take(offered[chosen]!);
    else if (key === "Escape") leave();
    else return false;
    return true;
  };
  return { offered, chosen, take, note, leave, onKey };
}

function paste(id: string, event: ClipboardEvent): void {
  const { files } = event.clipboardData!;
  if (!files.length) return;
  event.preventDefault();
  add(id, files);
}

function leaveFor(field: HTMLElement, selector: string): void {
  field.closest(".thread")!.querySelector<HTMLElement>(selector)!.focus();
}

function tellTyping(id: string, is: boolean): void {
  if (is && Date.now() - told < TYPING_EVERY) return;
  told = is ? Date.now() : 0;
  tell({ type: "typing", conversationId: id, typing: is });
}

/** Firefox and Safari have no field that grows by itself. */
function grow(field: HTMLTextAreaElement): void {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}
