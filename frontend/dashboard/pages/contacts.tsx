// Everybody who has written, or whom the team has noted.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { post, query as asQuery } from "../api";
import { go, pathOfContact } from "../routes";
import { save } from "../saving";
import { contactName } from "../store";
import type { ContactDetail } from "./data";
import { useListed } from "./lists";
import { Day, Dialog, End, Problem, Screen, filled, useTask } from "./parts";

const PAUSE = 300;

export function Contacts({ query }: { query: URLSearchParams }) {
  const q = query.get("q") ?? "";
  const sort = query.get("sort") === "name" ? "name" : "";
  const isAdding = useSignal(false);
  const list = useListed<ContactDetail>(`contacts${asQuery({ q, sort: q ? "" : sort })}`);
  const where = (words: string, by: string): void => go(`/contacts${asQuery({ q: words, sort: by })}`, true);
  return (
    <Screen title="Contacts" actions={<Actions onAdd={() => (isAdding.value = true)} />}>
      <div class="inputs">
        <Filter q={q} onWords={(words) => where(words, sort)} />
        <label>
          Order{" "}
          <select value={sort} disabled={q !== ""} onChange={({ currentTarget }) => where(q, currentTarget.value)}>
            <option value="">Newest first</option>
            <option value="name">By name</option>
          </select>
        </label>
      </div>
      <Table rows={list.rows} />
      <End list={list} nothing={q ? "Nobody is called so." : "Nobody has written yet."} />
      {isAdding.value && <Adding onClose={() => (isAdding.value = false)} />}
    </Screen>
  );
}

function Actions({ onAdd }: { onAdd(): void }) {
  const { run, isBusy, problem } = useTask();
  return (
    <div class="buttons">
      <Problem text={problem} />
      <button type="button" disabled={isBusy} onClick={() => void run(() => save("contacts.csv", "contacts.csv"))}>Export as CSV</button>
      <button type="button" class="primary" onClick={onAdd}>Add a contact</button>
    </div>
  );
}

function Filter({ q, onWords }: { q: string; onWords(words: string): void }) {
  const timer = useRef(0);
  const later = ({ currentTarget: { value } }: { currentTarget: HTMLInputElement }): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onWords(value.trim()), PAUSE);
  };
  return <input type="search" aria-label="Filter by name, address or number" placeholder="Name, address or number" maxLength={200} defaultValue={q} onInput={later} />;
}

function Table({ rows }: { rows: ContactDetail[] }) {
  if (!rows.length) return null;
  return (
    <div class="table">
      <table class="people">
        <thead><tr><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">Phone</th><th scope="col">Since</th></tr></thead>
        <tbody>
          {rows.map((contact) => (
            <tr key={contact.id}>
              <td>
                <a dir="auto" href={pathOfContact(contact.id)}>{contactName(contact)}</a>
                {contact.verified && <span class="tag">verified</span>}
              </td>
              <td>{contact.email}</td>
              <td>{contact.phone}</td>
              <td><Day at={contact.createdAt} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Adding({ onClose }: { onClose(): void }) {
  const { run, isBusy, problem } = useTask();
  const submit = (event: Event): void => {
    const given = filled(event);
    void run(async () => {
      const made = await post<ContactDetail>("contacts", given);
      onClose();
      go(pathOfContact(made.id));
    }, "Added");
  };
  return (
    <Dialog title="Add a contact" onClose={onClose}>
      <form class="fields" onSubmit={submit}>
        <label>Name <input name="name" maxLength={200} autoFocus /></label>
        <label>E-mail <input name="email" type="email" maxLength={254} /></label>
        <label>Phone <input name="phone" type="tel" maxLength={40} /></label>
        <Problem text={problem} />
        <div class="buttons">
          <button type="button" onClick={onClose}>Cancel</button>
          <button class="primary" disabled={isBusy}>Add</button>
        </div>
      </form>
    </Dialog>
  );
}
