// One message: whose it is shows without colour, by its fill, its outline and its corner.

import { memberName } from "../store";
import { complain } from "../toasts";
import { discard, retry } from "../threads";
import type { Message as Data, Source } from "../types";
import { restore } from "./drafts";
import { Files } from "./files";
import { Outside, Rich } from "./rich";
import { taken } from "./uploads";

interface Props {
  message: Data;
  /** Whether it is the first of several by the same author. */
  isFirst: boolean;
  /** What is said below it, such as that it was read. */
  state: string;
}

export function Message({ message, isFirst, state }: Props) {
  const { author, text, attachments, sources, choices, mentions = [], sending } = message;
  if (author.kind === "system") return <System message={message} />;
  const kind = message.private ? "note" : author.kind;
  const classes = ["message", kind, isFirst && "begins", sending].filter(Boolean).join(" ");
  return (
    <li class={classes} data-seq={sending ? undefined : message.seq}>
      {isFirst && <Head message={message} />}
      {message.status === "erased" ? (
        <p class="bubble erased">Erased</p>
      ) : (
        <div class="bubble">
          {text && <Rich text={text} isPlain={author.kind === "visitor"} />}
          {choices.length > 0 && <ul class="offered">{choices.map((one) => <li key={one} dir="auto">{one}</li>)}</ul>}
          <Files files={attachments} />
          <Sources sources={sources} />
          {mentions.length > 0 && <p class="mentions">For {mentions.map((id) => memberName(id) || "a former member").join(", ")}</p>}
        </div>
      )}
      {sending === "failed" ? <Unsent message={message} /> : state && <small class="state">{state}</small>}
    </li>
  );
}

function Head({ message: { author, private: isPrivate, createdAt } }: { message: Data }) {
  const kinds = { visitor: "Visitor", assistant: "Assistant", agent: "Team", system: "" };
  const name = author.name || kinds[author.kind];
  return (
    <small class="by">
      <b dir="auto">{name}</b>
      {isPrivate ? " · Note" : author.kind === "assistant" ? " · AI" : ""} <time dateTime={createdAt}>{clock(createdAt)}</time>
    </small>
  );
}

function System({ message: { text, createdAt } }: { message: Data }) {
  return (
    <li class="message system">
      <p dir="auto">{text}</p> <time dateTime={createdAt}>{clock(createdAt)}</time>
    </li>
  );
}

function Sources({ sources }: { sources: Source[] }) {
  if (!sources.length) return null;
  return (
    <details class="sources">
      <summary>{sources.length === 1 ? "1 source" : `${sources.length} sources`}</summary>
      <ol>
        {sources.map(({ title = "", url = "" }, index) => (
          <li key={index}><Outside url={url} text={title} /></li>
        ))}
      </ol>
    </details>
  );
}

/** What did not get there: its reason, and what can be done about it. */
function Unsent({ message: { id, conversationId, problem, attachments, private: isPrivate } }: { message: Data }) {
  const edit = (): void => {
    const what = discard(conversationId, id);
    if (!what) return;
    const mentions = Object.fromEntries((what.mentions ?? []).map((one) => [`@${memberName(one)}`, one]));
    restore(conversationId, { text: what.text, private: isPrivate, uploads: attachments.map(taken), mentions });
  };
  return (
    <p class="unsent" role="alert">
      <span>Not sent. {problem}</span>
      <span>
        <button type="button" onClick={() => void retry(conversationId, id).catch(complain)}>Try again</button>{" "}
        <button type="button" onClick={edit}>Edit</button>
      </span>
    </p>
  );
}

export function clock(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}
