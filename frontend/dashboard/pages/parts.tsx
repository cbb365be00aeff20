// What these pages are made of.

import { signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { toast } from "../toasts";
import type { Excerpt } from "./data";
import type { Listed } from "./lists";

const MINUTE = 60_000;

/** The time, twice a minute: for how long something has lasted. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), MINUTE / 2);

export function Screen({ title, actions, children }: { title: string; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <main class="page" id="main" tabIndex={-1}>
      <header class="page-head">
        <h1>{title}</h1>
        {actions}
      </header>
      {children}
    </main>
  );
}

/** How long it has lasted, or with `isAgo` how long it is over. */
export function Since({ at, isAgo }: { at: string; isAgo?: boolean }) {
  const span = lasted(now.value - Date.parse(at));
  return <time dateTime={at} title={new Date(at).toLocaleString()}>{isAgo && span !== "now" ? `${span} ago` : span}</time>;
}

export function lasted(ms: number): string {
  const minutes = Math.floor(ms / MINUTE);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`;
}

export function Day({ at }: { at: string }) {
  const date = new Date(at);
  return <time dateTime={at} title={date.toLocaleString()}>{date.toLocaleDateString(undefined, { dateStyle: "medium" })}</time>;
}

/** What was found, with what was looked for marked. */
export function Found({ excerpt }: { excerpt: Excerpt }) {
  return <>{excerpt.map(({ text, match }, index) => (match ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>))}</>;
}

/** What stands below a list: that it goes on, that it is empty, or that it failed. */
export function End({ list, nothing }: { list: Listed<unknown>; nothing: string }) {
  const { state, problem, rows, hasMore, more } = list;
  if (state === "failed") {
    return <p class="problem" role="alert">{problem} <button type="button" onClick={more}>Try again</button></p>;
  }
  if (hasMore) return <button type="button" disabled={state === "loading"} onClick={more}>Show more</button>;
  return <p class="quiet" role="status">{state === "loading" ? "Loading…" : rows.length ? "" : nothing}</p>;
}

/** Runs what a button or form does, one at a time; tells what went wrong, in the server's words. */
export function useTask() {
  const isBusy = useSignal(false);
  const problem = useSignal("");
  const run = async (task: () => Promise<unknown>, done = ""): Promise<boolean> => {
    if (isBusy.peek()) return false;
    isBusy.value = true;
    problem.value = "";
    try {
      await task();
      if (done) toast(done);
      return true;
    } catch (error) {
      problem.value = (error as Error).message;
      return false;
    } finally {
      isBusy.value = false;
    }
  };
  return { run, isBusy: isBusy.value, problem: problem.value };
}

export function Problem({ text }: { text: string }) {
  return text ? <p class="problem" role="alert">{text}</p> : null;
}

export function Check({ label, name, checked, onChange }: { label: string; name?: string; checked: boolean; onChange?(is: boolean): void }) {
  return (
    <label class="check">
      <input type="checkbox" name={name} checked={checked} onChange={({ currentTarget }) => onChange?.(currentTarget.checked)} />
      {label}
    </label>
  );
}

/** The texts of a form by their names. */
export function filled(event: Event): Record<string, string> {
  event.preventDefault();
  return Object.fromEntries([...new FormData(event.currentTarget as HTMLFormElement)].map(([name, value]) => [name, String(value).trim()]));
}

export function Dialog({ title, onClose, children }: { title: string; onClose(): void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current!.showModal();
    return () => dialog.current?.close();
  }, []);
  return (
    <dialog ref={dialog} class="asking" aria-labelledby="asking" onClose={onClose}>
      <h2 id="asking">{title}</h2>
      {children}
    </dialog>
  );
}

interface Question {
  title: string;
  /** What happens then. */
  text: string;
  /** What the button says that does it. */
  label: string;
  run(): Promise<unknown>;
}

const question = signal<Question | null>(null);

/** Ask before something that cannot be undone. */
export function ask(asked: Question): void {
  question.value = asked;
}

/** Where such a question shows. */
export function Asking() {
  const { run, isBusy, problem } = useTask();
  const asked = question.value;
  if (!asked) return null;
  const close = (): void => void (question.value = null);
  return (
    <Dialog title={asked.title} onClose={close}>
      <p>{asked.text}</p>
      <Problem text={problem} />
      <div class="buttons">
        <button type="button" onClick={close}>Cancel</button>
        <button type="button" class="primary" disabled={isBusy} onClick={() => void run(asked.run).then((isDone) => isDone && close())}>
          {asked.label}
        </button>
      </div>
    </Dialog>
  );
}
