// Where replies and notes are written. What is written outlives leaving the conversation, a server
// that is away, and a colleague who answers first.

import { useEffect, useRef } from "preact/hooks";
import { Refusal } from "../api";
import { Icon } from "../icons";
import { prefer, preferences } from "../preferences";
import { conversation, member } from "../store";
import { send } from "../threads";
import { complain } from "../toasts";
import { change, draftOf, empty, fetchDraft, restore, type Draft } from "./drafts";
import { Field, wanted } from "./field";
import { size } from "./files";
import { add, again, drop } from "./uploads";

const MOST_MENTIONS = 20;

export function write(id: string, isPrivate: boolean): void {
  change(id, { private: isPrivate });
  wanted.value++;
}

export function Composer({ id }: { id: string }) {
  const draft = draftOf(id).value;
  useEffect(() => void fetchDraft(id), [id]);
  const hasContent = draft.text.trim() !== "" || draft.uploads.length > 0;
  const isReady = hasContent && draft.uploads.every(({ attachment }) => attachment);
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
  const { uploads, since } = draft;
  const files = uploads.flatMap(({ attachment }) => attachment ?? []);
  const mentions = draft.private ? mentioned(draft) : [];
  const what = {
    text: draft.text.trim(),
    ...(draft.private && { private: true }),
    ...(files.length && { attachments: files.map((file) => file.id) }),
    ...(mentions.length && { mentions }),
    ...(!draft.private && since !== null && { ifSeq: since }),
  };
  empty(id);
  try {
    await send(id, what, files);
  } catch (error) {
    restore(id, draft);
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
        <input
          type="checkbox"
          checked={preferences.value.enterSends}
          onChange={({ currentTarget }) => void prefer({ enterSends: currentTarget.checked })}
        />
        Enter sends
      </label>
      <button class="primary" disabled={!isReady || !member.value}>
        {draft.private ? "Add note" : "Send"}
      </button>
    </div>
  );
}
