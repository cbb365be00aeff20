// Who is on the pages just now.

import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, post } from "../api";
import { go, pathOf } from "../routes";
import { contactName, isAdmin, onEvent } from "../store";
import type { Message } from "../types";
import type { Visitor } from "./data";
import { Dialog, Problem, Screen, Since, filled, useTask } from "./parts";

// In case an event was lost: the board is not stored anywhere.
const REFRESH_EVERY = 30_000;

const visitors = signal<Visitor[] | null>(null);

export function Visitors() {
  const problem = useSignal("");
  const addressee = useSignal<Visitor | null>(null);
  useEffect(() => {
    const load = (): void =>
      void get<{ results: Visitor[] }>("visitors").then(
        ({ results }) => {
          visitors.value = results;
          problem.value = "";
        },
        (error: Error) => void (problem.value = error.message),
      );
    load();
    const timer = setInterval(load, REFRESH_EVERY);
    const unhook = onEvent(({ type, data }) => {
      if (type !== "visitors") return;
      if (Array.isArray(data?.results)) visitors.value = data.results;
      else load();
    });
    return () => {
      clearInterval(timer);
      unhook();
    };
  }, []);
  const known = visitors.value ?? [];
  return (
    <Screen title="Visitors" actions={<span class="quiet" role="status">{visitors.value ? `${known.length} on your pages` : ""}</span>}>
      <Problem text={problem.value} />
      {visitors.value?.length === 0 && <Nobody />}
      <ul class="cards">
        {known.map((one) => <Card key={one.id} visitor={one} onWrite={() => (addressee.value = one)} />)}
      </ul>
      {addressee.value && <Writing visitor={addressee.value} onClose={() => (addressee.value = null)} />}
    </Screen>
  );
}

function Nobody() {
  return (
    <p class="quiet">
      Nobody is on a page that reports its visitors. A bubble does so where its live board of visitors is switched on
      {isAdmin.value ? <> in <a href="/admin/widgets/bubble/" target="_blank" rel="noopener">its settings</a>.</> : "."}
    </p>
  );
}

const named = ({ contact }: Visitor): string => (contact ? contactName(contact) : "Visitor");

function Card({ visitor, onWrite }: { visitor: Visitor; onWrite(): void }) {
  const { url, title, since, conversationId } = visitor;
  return (
    <li class="card">
      <b dir="auto">{named(visitor)}</b>
      <span class="quiet"><Since at={since} /></span>
      <span class="where" dir="auto">{title || "A page without a title"}</span>
      <span class="where quiet" dir="ltr">{url}</span>
      {conversationId ? (
        <a class="button" href={pathOf(conversationId)}>Open the conversation</a>
      ) : (
        <button type="button" onClick={onWrite}>Write first</button>
      )}
    </li>
  );
}

function Writing({ visitor, onClose }: { visitor: Visitor; onClose(): void }) {
  const { run, isBusy, problem } = useTask();
  const key = useSignal(crypto.getRandomValues(new Uint32Array(4)).join("-"));
  const submit = (event: Event): void => {
    const { text = "" } = filled(event);
    void run(async () => {
      const sent = await post<Message>(`visitors/${encodeURIComponent(visitor.id)}/messages`, { text, messageId: key.value });
      onClose();
      go(pathOf(sent.conversationId));
    });
  };
  return (
    <Dialog title={`Write to ${named(visitor)}`} onClose={onClose}>
      <form class="fields" onSubmit={submit}>
        <label>Message <textarea name="text" rows={4} required maxLength={10_000} autoFocus dir="auto" /></label>
        <p class="quiet">It opens on their page within half a minute, and the conversation is yours.</p>
        <Problem text={problem} />
        <div class="buttons">
          <button type="button" onClick={onClose}>Cancel</button>
          <button class="primary" disabled={isBusy}>Send</button>
        </div>
      </form>
    </Dialog>
  );
}
