// Looking for what was said, and for whom.

import { useEffect, useRef } from "preact/hooks";
import { query as asQuery } from "../api";
import { go, pathOf, pathOfContact } from "../routes";
import { contactName } from "../store";
import type { ContactHit, MessageHit } from "./data";
import { useListed } from "./lists";
import { Day, End, Found, Screen } from "./parts";

const PLACES = { messages: "Messages", contacts: "Contacts" };
const PAUSE = 300;

type Place = keyof typeof PLACES;

export function Search({ query }: { query: URLSearchParams }) {
  const q = query.get("q") ?? "";
  const place: Place = query.get("in") === "contacts" ? "contacts" : "messages";
  const where = (words: string, to: Place): string => `/search${asQuery({ q: words, in: to === "messages" ? "" : to })}`;
  return (
    <Screen title="Search">
      <Words q={q} onWords={(words) => go(where(words, place), true)} />
      <ul class="tabs" aria-label="Where">
        {(Object.keys(PLACES) as Place[]).map((each) => (
          <li key={each}>
            <a href={where(q, each)} aria-current={each === place ? "true" : undefined}>{PLACES[each]}</a>
          </li>
        ))}
      </ul>
      {place === "messages" ? <Messages q={q} /> : <Contacts q={q} />}
    </Screen>
  );
}

/** Looks for them as soon as somebody pauses. */
function Words({ q, onWords }: { q: string; onWords(words: string): void }) {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  useEffect(() => {
    field.current!.focus();
    return () => clearTimeout(timer.current);
  }, []);
  const later = (wait: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onWords(field.current!.value.trim()), wait);
  };
  return (
    <form role="search" class="inputs" onSubmit={(event) => (event.preventDefault(), later(0))}>
      <input
        ref={field}
        type="search"
        aria-label="Words"
        aria-describedby="how-to-search"
        maxLength={200}
        defaultValue={q}
        onInput={() => later(PAUSE)}
      />
      <button class="primary">Search</button>
      <p id="how-to-search" class="quiet">“…” keeps words together, - leaves a word out, OR takes either.</p>
    </form>
  );
}

function Messages({ q }: { q: string }) {
  const list = useListed<MessageHit>(q && `search${asQuery({ q, in: "messages" })}`);
  return (
    <>
      <ul class="hits" aria-label="Messages">
        {list.rows.map(({ messageId, conversationId, seq, author, createdAt, contact_data, excerpt, private: isPrivate }) => (
          <li key={messageId}>
            <a href={`${pathOf(conversationId)}?at=${seq}`}>
              <span class="hit-head">
                <b dir="auto">{contactName(contact_data)}</b>
                <span class="quiet">{isPrivate ? "Note of " : ""}<bdi>{author.name || author.kind}</bdi> · <Day at={createdAt} /></span>
              </span>
              <span dir="auto" class={isPrivate ? "excerpt note" : "excerpt"}><Found excerpt={excerpt} /></span>
            </a>
          </li>
        ))}
      </ul>
      <End list={list} nothing={q ? "No message has these words." : "What was said, by visitors and by the team, notes included."} />
    </>
  );
}

function Contacts({ q }: { q: string }) {
  const list = useListed<ContactHit>(q && `search${asQuery({ q, in: "contacts" })}`);
  return (
    <>
      <ul class="hits" aria-label="Contacts">
        {list.rows.map((contact) => (
          <li key={contact.id}>
            <a href={pathOfContact(contact.id)}>
              <span class="hit-head">
                <b dir="auto">{contactName(contact)}</b>
                <span class="quiet">since <Day at={contact.createdAt} /></span>
              </span>
              <span dir="auto" class="excerpt"><Found excerpt={contact.excerpt} /></span>
            </a>
          </li>
        ))}
      </ul>
      <End list={list} nothing={q ? "Nobody is called so." : "Names, addresses and telephone numbers."} />
    </>
  );
}
