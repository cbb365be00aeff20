// Beside the messages: who the visitor is, and what is known of the conversation.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import * as actions from "../actions";
import { get, query } from "../api";
import { Icon } from "../icons";
import { pathOf } from "../routes";
import { age } from "../row";
import { labels } from "../store";
import { detailOf } from "../threads";
import type { Conversation, Detail, Page, Priority } from "../types";
import { ContactCard } from "./contact";
import { areDetailsOpen } from "./header";
import { Menu } from "./menu";
import { Outside } from "./rich";
import { ToolCalls } from "./tools";

const PRIORITIES: Record<Priority, string> = { none: "None", low: "Low", medium: "Medium", high: "High", urgent: "Urgent" };
const PAST = "10";

export function Details({ one }: { one: Conversation }) {
  const detail = detailOf(one.id).value;
  return (
    <aside class="details" aria-label="Details">
      <header class="head">
        <h3>Details</h3>
        <button type="button" class="plain" aria-label="Close the details" onClick={() => (areDetailsOpen.value = false)}>
          <Icon name="cross" />
        </button>
      </header>
      <ContactCard one={one} presence={detail?.presence ?? null} />
      {detail?.page && <Where page={detail.page} />}
      <Sorting one={one} />
      {one.rating && <Rating {...one.rating} />}
      <ToolCalls id={one.id} />
      {detail && <Spending usage={detail.usage} />}
      {detail && <Facts title="Qualified with" facts={detail.qualification} />}
      <Past key={one.contact_data.id} contactId={one.contact_data.id} current={one.id} />
    </aside>
  );
}

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Where({ page }: { page: NonNullable<Detail["page"]> }) {
  return (
    <Section title="Page">
      <p><Outside url={page.url} text={page.title || page.url} /></p>
      <p class="muted">{age(page.at) === "now" ? "Now" : `${age(page.at)} ago`}</p>
    </Section>
  );
}

function Sorting({ one }: { one: Conversation }) {
  const { id, labels: given, priority } = one;
  const choices = labels.value.map(({ name }) => {
    const isOn = given.includes(name);
    return { label: name, isOn, run: () => void actions.label(id, isOn ? { remove: [name] } : { add: [name] }) };
  });
  return (
    <Section title="Sorting">
      <label class="line">
        Priority
        <select
          value={priority ?? "none"}
          onChange={({ currentTarget }) => void actions.setPriority(id, currentTarget.value as Priority)}
        >
          {Object.entries(PRIORITIES).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </select>
      </label>
      <div class="labels">
        {given.length > 0 && (
          <ul>
            {given.map((name) => (
              <li key={name}>
                <i class="dot" style={{ backgroundColor: labels.value.find((each) => each.name === name)?.color }} />
                <span dir="auto">{name}</span>
                <button
                  type="button"
                  class="plain"
                  aria-label={`Take ${name} off`}
                  onClick={() => void actions.label(id, { remove: [name] })}
                >
                  <Icon name="cross" />
                </button>
              </li>
            ))}
          </ul>
        )}
        <Menu name="label" label="Label" choices={choices} nothing="There are no labels yet." />
      </div>
    </Section>
  );
}

function Rating({ score, comment }: { score: number; comment: string }) {
  return (
    <Section title="Rating">
      <p>{score} of 5</p>
      {comment && <blockquote dir="auto">{comment}</blockquote>}
    </Section>
  );
}

function Spending({ usage: { turns, tokens, cost } }: { usage: Detail["usage"] }) {
  if (!turns) return null;
  return (
    <Section title="Spending">
      <p>{turns === 1 ? "1 answer" : `${turns} answers`}, {tokens.toLocaleString()} tokens</p>
      {cost !== null && <p class="muted">US$ {Number(cost).toFixed(4)}</p>}
    </Section>
  );
}

export function Facts({ title, facts }: { title: string; facts: Record<string, unknown> }) {
  const entries = Object.entries(facts ?? {});
  if (!entries.length) return null;
  return (
    <Section title={title}>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt dir="auto">{name}</dt>
            <dd dir="auto">{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

/** The contact's other conversations. */
function Past({ contactId, current }: { contactId: string; current: string }) {
  const found = useSignal<Conversation[]>([]);
  useEffect(() => {
    get<Page<Conversation>>(`contacts/${contactId}/conversations${query({ limit: PAST })}`).then(
      ({ results }) => (found.value = results),
      () => undefined,
    );
  }, [contactId]);
  const others = found.value.filter(({ id }) => id !== current);
  if (!others.length) return null;
  return (
    <Section title="Other conversations">
      <ul class="past">
        {others.map(({ id, subject, lastMessage, updatedAt, status }) => (
          <li key={id}>
            <a href={pathOf(id)} dir="auto">{subject || lastMessage?.text || "Conversation"}</a>
            <small>{age(updatedAt)} · {status}</small>
          </li>
        ))}
      </ul>
    </Section>
  );
}
