// Where replies and notes are written. What is written is never lost: not by leaving, not by a
// server that is away, and not by a colleague who answers first.

import { signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Refusal } from "../api";
import { Icon } from "../icons";
import { tell } from "../loading";
import { conversation, member } from "../store";
import { send } from "../threads";
import { complain } from "../toasts";
import { change, draftOf, empty, fetchDraft, restore, type Draft } from "./drafts";
import { size } from "./files";
import { Suggestions } from "./suggestions";
import { suggestions, typedAt, type Suggestion } from "./suggesting";
import { add, again, drop } from "./uploads";

const TYPING_EVERY = 3_000;
const MOST_MENTIONS = 20;
const ENTER = "livechat.enter";

/** Counts up whenever somebody wants to write; whether a note, the draft tells. */
export const wanted = signal(0);
const isEnterSending = signal(isEnterKept());
// When the visitor was last told that somebody writes.
let told = 0;

export function write(id: string, isPrivate: boolean): void {
  change(id, { private: isPrivate });
  wanted.value++;
}

export function Composer({ id }: { id: string }) {
  const draft = draftOf(id).value;
  useEffect(() => void fetchDraft(id), [id]);
  const isReady = draft.uploads.every(({ attachment }) => attachment) && (draft.text.trim() !== "" || draft.uploads.length > 0);
  const submit = (event?: Event): void => {
    event?.preventDefault();
    if (!isReady) return;
    void deliver(id, draft);
    wanted.value++;
  };
  return (
    <form class={draft.private ? "composer note" : "composer"} onSubmit={submit}>
      <Modes id={id} isPrivate={draft.private} />
      {draft.answered && <Answered id={id} draft={draft} />}
      <Field id={id} draft={draft} submit={submit} />
      <Uploads id={id} draft={draft} />
      <Foot id={id} draft={draft} isReady={isReady} />
    </form>
  );
}

/** Send it; if another member was first, give it back and ask. */
async function deliver(id: string, draft: Draft): Promise<void> {
  const { text, uploads, since } = draft;
  const files = uploads.flatMap(({ attachment }) => attachment ?? []);
  const mentions = draft.private ? mentioned(draft) : [];
  const what = {
    text: text.trim(),
    ...(draft.private && { private: true }),
    ...(files.length && { attachments: files.map((file) => file.id) }),
    ...(mentions.length && { mentions }),
    ...(!draft.private && since !== null && { ifSeq: since }),
  };
  empty(id);
  told = 0;
  try {
    await send(id, what, files);
  } catch (error) {
    restore(id, text, draft.private);
    change(id, { uploads });
    const { code, body } = error as Refusal;
    if (code === "answered_meanwhile") change(id, { answered: { seq: body.seq, message: body.message } });
    else complain(error);
  }
}

function mentioned({ text, mentions }: Draft): string[] {
  const ids = Object.entries(mentions).filter(([name]) => text.includes(name)).map(([, id]) => id);
  return [...new Set(ids)].slice(0, MOST_MENTIONS);
}

function Modes({ id, isPrivate }: { id: string; isPrivate: boolean }) {
  const owner = conversation(id)?.owner;
  return (
    <div class="modes" role="group" aria-label="What to write">
      <button type="button" aria-pressed={!isPrivate} onClick={() => write(id, false)}>Reply</button>
      <button type="button" aria-pressed={isPrivate} onClick={() => write(id, true)}>Note</button>
      <small>{isPrivate ? "Only the team sees notes." : owner === "bot" ? "Your reply takes over from the assistant." : ""}</small>
    </div>
  );
}

function Answered({ id, draft }: { id: string; draft: Draft }) {
  const { seq, message } = draft.answered!;
  const anyway = (): void => void deliver(id, { ...draft, since: seq, answered: null });
  return (
    <div class="answered" role="alert">
      <p>
        <b dir="auto">{message.author.name}</b> answered first: <q dir="auto">{message.text.slice(0, 200)}</q>
      </p>
      <button type="button" class="primary" onClick={anyway}>Send anyway</button>
      <button type="button" onClick={() => change(id, { answered: null, since: seq })}>Keep writing</button>
    </div>
  );
}

interface FieldProps {
  id: string;
  draft: Draft;
  submit(): void;
}

function Field({ id, draft, submit }: FieldProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const at = useSignal(0);
  const chosen = useSignal(0);
  const isOff = useSignal(true);
  const typed = isOff.value ? undefined : typedAt(draft.text, at.value, draft.private);
  const offered = typed ? suggestions(id, typed) : [];
  useEffect(() => {
    if (wanted.value) field.current!.focus();
  }, [wanted.value]);
  useEffect(() => () => void (wanted.value = 0), []);
  useLayoutEffect(() => grow(field.current!), [draft.text]);

  const take = async ({ text, label, memberId }: Suggestion): Promise<void> => {
    const { start } = typed!;
    const end = at.value;
    isOff.value = true;
    try {
      const given = await text();
      const now = draftOf(id).peek();
      change(id, {
        text: now.text.slice(0, start) + given + now.text.slice(end),
        ...(memberId && { mentions: { ...now.mentions, [label]: memberId } }),
      });
      requestAnimationFrame(() => field.current?.setSelectionRange(start + given.length, start + given.length));
    } catch (error) {
      complain(error);
    }
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (offered.length && onOffered(event)) return event.preventDefault();
    const isMod = event.ctrlKey || event.metaKey;
    if (event.key === "Escape") field.current!.closest<HTMLElement>(".thread")!.querySelector<HTMLElement>(".log")!.focus();
    else if (event.key === "Enter" && (isMod || (isEnterSending.value && !event.shiftKey))) submit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onOffered = ({ key }: KeyboardEvent): boolean => {
    const last = offered.length - 1;
    if (key === "ArrowDown") chosen.value = chosen.value >= last ? 0 : chosen.value + 1;
    else if (key === "ArrowUp") chosen.value = chosen.value <= 0 ? last : chosen.value - 1;
    else if (key === "Enter" || key === "Tab") void take(offered[Math.min(chosen.value, last)]!);
    else if (key === "Escape") isOff.value = true;
    else return false;
    return true;
  };
  const onInput = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }): void => {
    at.value = currentTarget.selectionStart;
    chosen.value = 0;
    isOff.value = false;
    change(id, { text: currentTarget.value });
    if (!draft.private) tellTyping(id, currentTarget.value !== "");
  };
  const onPaste = (event: ClipboardEvent): void => {
    const { files } = event.clipboardData!;
    if (!files.length) return;
    event.preventDefault();
    add(id, files);
  };
  return (
    <>
      {offered.length > 0 && <Suggestions all={offered} chosen={Math.min(chosen.value, offered.length - 1)} take={(one) => void take(one)} />}
      <textarea
        ref={field}
        dir="auto"
        rows={2}
        aria-label={draft.private ? "Note" : "Reply"}
        aria-autocomplete="list"
        aria-controls={offered.length ? "suggestions" : undefined}
        aria-activedescendant={offered.length ? `suggestion-${Math.min(chosen.value, offered.length - 1)}` : undefined}
        placeholder={draft.private ? "A note for the team. @ mentions somebody." : "Write a reply. / finds canned responses."}
        value={draft.text}
        onInput={onInput}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onBlur={() => (isOff.value = true)}
      />
    </>
  );
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

function Uploads({ id, draft }: { id: string; draft: Draft }) {
  if (!draft.uploads.length) return null;
  return (
    <ul class="uploads">
      {draft.uploads.map((upload) => (
        <li key={upload.key} class={upload.problem ? "failed" : undefined}>
          <span dir="auto">{upload.name}</span>
          {upload.problem ? (
            <small class="problem" role="alert">{upload.problem}</small>
          ) : upload.attachment ? (
            <small>{size(upload.size)}</small>
          ) : (
            <progress value={upload.progress} aria-label={`Uploading ${upload.name}`} />
          )}
          {upload.problem && <button type="button" onClick={() => again(id, upload)}>Try again</button>}
          <button type="button" class="plain" aria-label={`Remove ${upload.name}`} onClick={() => drop(id, upload.key)}>
            <Icon name="cross" />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Foot({ id, draft, isReady }: { id: string; draft: Draft; isReady: boolean }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div class="foot">
      <button type="button" class="plain" aria-label="Attach files" title="Attach files" onClick={() => picker.current!.click()}>
        <Icon name="clip" />
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label="Files"
        onChange={({ currentTarget }) => {
          add(id, [...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
      <label>
        <input type="checkbox" checked={isEnterSending.value} onChange={({ currentTarget }) => keepEnter(currentTarget.checked)} />
        Enter sends
      </label>
      <button class="primary" disabled={!isReady || !member.value}>
        {draft.private ? "Add note" : "Send"}
      </button>
    </div>
  );
}

function isEnterKept(): boolean {
  try {
    return localStorage.getItem(ENTER) === "1";
  } catch {
    return false;
  }
}

function keepEnter(is: boolean): void {
  isEnterSending.value = is;
  try {
    localStorage.setItem(ENTER, is ? "1" : "0");
  } catch {
    // Storage may be forbidden; then it holds until the page is left.
  }
}
