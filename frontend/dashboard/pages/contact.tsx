// One person: what is known of them, and what they wrote about.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, patch, post, query } from "../api";
import { go, pathOf, pathOfContact } from "../routes";
import { contactName, onEvent } from "../store";
import type { Conversation, Page } from "../types";
import type { ContactDetail, ContactHit } from "./data";
import { useListed } from "./lists";
import { Day, Dialog, End, Found, Problem, Screen, filled, useTask } from "./parts";

export function Contact({ id }: { id: string }) {
  const one = useSignal<ContactDetail | null>(null);
  const problem = useSignal("");
  const isMerging = useSignal(false);
  useEffect(() => {
    get<ContactDetail>(`contacts/${encodeURIComponent(id)}`).then(
      (found) => void (one.value = found),
      (error: Error) => void (problem.value = error.message),
    );
    return onEvent(({ type, data }) => {
      if (data?.id !== id) return;
      if (type === "contact:merged") go(pathOfContact(data.into), true);
      else if (type === "contact:updated" && one.peek()) one.value = { ...one.peek()!, ...data };
    });
  }, [id]);
  const contact = one.value;
  if (!contact) return <Screen title="Contact"><Problem text={problem.value} /><a href="/contacts">All contacts</a></Screen>;
  const merge = <button type="button" onClick={() => (isMerging.value = true)}>Merge…</button>;
  return (
    <Screen title={contactName(contact)} actions={merge}>
      <p class="quiet">
        <a href="/contacts">Contacts</a> · since <Day at={contact.createdAt} />
        {contact.verified && <span class="tag">verified by the site</span>}
      </p>
      <div class="columns">
        <Known contact={contact} onChange={(changed) => (one.value = changed)} />
        <Conversations id={id} />
      </div>
      {isMerging.value && <Merging gone={contact} onClose={() => (isMerging.value = false)} />}
    </Screen>
  );
}

function Known({ contact, onChange }: { contact: ContactDetail; onChange(changed: ContactDetail): void }) {
  const { run, isBusy, problem } = useTask();
  const change = (body: object): Promise<boolean> =>
    run(async () => onChange(await patch<ContactDetail>(`contacts/${contact.id}`, body)), "Saved");
  const add = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const { attribute = "", value = "" } = filled(event);
    if (await change({ attributes: { [attribute]: value } })) form.reset();
  };
  return (
    <section aria-labelledby="known">
      <h2 id="known">What is known</h2>
      <form class="fields" onSubmit={(event) => void change(filled(event))}>
        <label>Name <input name="name" maxLength={200} defaultValue={contact.name} dir="auto" /></label>
        <label>E-mail <input name="email" type="email" maxLength={254} defaultValue={contact.email ?? ""} /></label>
        <label>Phone <input name="phone" type="tel" maxLength={40} defaultValue={contact.phone} /></label>
        <Problem text={problem} />
        <div class="buttons"><button class="primary" disabled={isBusy}>Save</button></div>
      </form>
      <h3>Attributes</h3>
      <dl class="attributes">
        {Object.entries(contact.attributes).map(([name, value]) => (
          <div key={name}>
            <dt dir="auto">{name}</dt>
            <dd dir="auto">{String(value)}</dd>
            <dd>
              <button type="button" class="plain" aria-label={`Remove ${name}`} disabled={isBusy} onClick={() => void change({ attributes: { [name]: null } })}>✕</button>
            </dd>
          </div>
        ))}
      </dl>
      <form class="inputs" onSubmit={(event) => void add(event)}>
        <input name="attribute" aria-label="Name of the attribute" placeholder="Name" required maxLength={60} />
        <input name="value" aria-label="Its value" placeholder="Value" required maxLength={500} />
        <button disabled={isBusy}>Add</button>
      </form>
    </section>
  );
}

function Conversations({ id }: { id: string }) {
  const list = useListed<Conversation>(`contacts/${id}/conversations`);
  return (
    <section aria-labelledby="conversations">
      <h2 id="conversations">Conversations</h2>
      <ul class="hits">
        {list.rows.map((one) => (
          <li key={one.id}>
            <a href={pathOf(one.id)}>
              <span class="hit-head">
                <b dir="auto">{one.subject || one.channel}</b>
                <span class="quiet">{one.status} · <Day at={one.updatedAt} /></span>
              </span>
              <span class="excerpt" dir="auto">{one.lastMessage?.text}</span>
            </a>
          </li>
        ))}
      </ul>
      <End list={list} nothing="None yet." />
    </section>
  );
}

/** First whom, then what becomes of both. */
function Merging({ gone, onClose }: { gone: ContactDetail; onClose(): void }) {
  const { run, isBusy, problem } = useTask();
  const found = useSignal<ContactHit[] | null>(null);
  const kept = useSignal<ContactHit | null>(null);
  const search = (event: Event): void => {
    const { q = "" } = filled(event);
    void run(async () => {
      const page = await get<Page<ContactHit>>(`search${query({ q, in: "contacts", limit: "10" })}`);
      found.value = page.results.filter(({ id }) => id !== gone.id);
    });
  };
  const merge = (): void =>
    void run(async () => {
      await post(`contacts/${gone.id}/merge`, { into: kept.value!.id });
      onClose();
      go(pathOfContact(kept.value!.id), true);
    }, "Merged");
  if (kept.value) return <Sure gone={gone} kept={kept.value} isBusy={isBusy} problem={problem} onMerge={merge} onClose={onClose} />;
  return (
    <Dialog title={`Merge ${contactName(gone)} into another contact`} onClose={onClose}>
      <form class="inputs" onSubmit={search}>
        <input name="q" type="search" aria-label="Who is the same person?" placeholder="Name, address or number" required maxLength={200} autoFocus />
        <button disabled={isBusy}>Search</button>
      </form>
      <Problem text={problem} />
      <ul class="candidates">
        {found.value?.map((hit) => (
          <li key={hit.id}>
            <button type="button" onClick={() => (kept.value = hit)}><span dir="auto"><Found excerpt={hit.excerpt} /></span></button>
          </li>
        ))}
      </ul>
      <p class="quiet" role="status">{found.value?.length === 0 ? "Nobody else is called so." : ""}</p>
      <div class="buttons"><button type="button" onClick={onClose}>Cancel</button></div>
    </Dialog>
  );
}

interface SureProps {
  gone: ContactDetail;
  kept: ContactHit;
  isBusy: boolean;
  problem: string;
  onMerge(): void;
  onClose(): void;
}

function Sure({ gone, kept, isBusy, problem, onMerge, onClose }: SureProps) {
  return (
    <Dialog title="One and the same?" onClose={onClose}>
      <ul class="plain-list">
        <li>All conversations of <b dir="auto">{contactName(gone)}</b> become <b dir="auto">{contactName(kept)}</b>’s.</li>
        <li>What is known of {contactName(kept)} stays; what only {contactName(gone)} has is added. If the site vouches for one of them, that one’s details go first.</li>
        <li>{contactName(gone)} is deleted. This cannot be undone.</li>
      </ul>
      <Problem text={problem} />
      <div class="buttons">
        <button type="button" onClick={onClose}>Cancel</button>
        <button type="button" class="primary" disabled={isBusy} onClick={onMerge}>Merge</button>
      </div>
    </Dialog>
  );
}
