// The messages. Whoever has scrolled up stays where they read, whatever comes above or below.

import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { contactName, conversation, member, typing } from "../store";
import { load, loadEarlier, messagesOf, threadOf } from "../threads";
import { complain } from "../toasts";
import type { Message as Data } from "../types";
import { seenSeq, streams } from "./live";
import { Message } from "./message";
import { Rich } from "./rich";

const AT_END = 48;
const NEAR_START = 240;
const PAUSE = 5 * 60_000;

export function Log({ id }: { id: string }) {
  const list = messagesOf(id).value;
  const { state, problem, cursor } = threadOf(id).value;
  const { box, unseen, onScroll, goToEnd } = usePlace(id, list);
  return (
    <div class="log-frame">
      <div ref={box} class="log" role="log" tabIndex={0} aria-label="Messages" aria-live="off" onScroll={onScroll}>
        {cursor && <p class="earlier" role="status">Loading earlier messages…</p>}
        {state === "failed" && (
          <p class="problem" role="alert">
            {problem} <button type="button" onClick={() => void load(id)}>Try again</button>
          </p>
        )}
        <Messages id={id} list={list} />
        <Coming id={id} />
      </div>
      {unseen > 0 && <button type="button" class="pill" onClick={goToEnd}>{unseen} new</button>}
      <p class="visually-hidden" role="status">{spoken(list)}</p>
    </div>
  );
}

function Messages({ id, list }: { id: string; list: Data[] }) {
  const newFrom = useNewFrom(id);
  const seen = seenSeq(id);
  const lastOwn = list.findLast(({ author, private: isPrivate, sending }) => author.kind === "agent" && !isPrivate && !sending);
  return (
    <ol>
      {list.map((message, index) => {
        const before = list[index - 1];
        const isNewDay = !before || day(before) !== day(message);
        const isNew = message.seq === newFrom;
        return (
          <Fragment key={message.id}>
            {isNewDay && <li class="day"><time dateTime={message.createdAt}>{named(message.createdAt)}</time></li>}
            {isNew && <li class="day unread">New</li>}
            <Message message={message} isFirst={isNewDay || isNew || !goesOn(before, message)} state={stateOf(message, lastOwn, seen)} />
          </Fragment>
        );
      })}
    </ol>
  );
}

/** What is not a message yet: an answer as it comes, and who is writing. */
function Coming({ id }: { id: string }) {
  const answer = streams.value.get(id);
  const writers = typing.value.get(id) ?? [];
  if (!answer && !writers.length) return null;
  return (
    <ol>
      {answer && (
        <li class="message assistant begins coming">
          <small class="by"><b>Assistant</b> · AI, writing</small>
          <div class="bubble"><Rich text={answer.text} /></div>
        </li>
      )}
      {writers.map(({ id: writer, kind, name, text }) => (
        <li key={`${kind} ${writer}`} class={`message ${kind} begins coming`}>
          <small class="by">
            <b dir="auto">{kind === "visitor" ? visitorOf(id) : name}</b> is typing{text ? ", not sent yet" : ""}
          </small>
          <div class="bubble">{text ? <Rich text={text} isPlain /> : <span class="dots" aria-hidden="true"><i /><i /><i /></span>}</div>
        </li>
      ))}
    </ol>
  );
}

function visitorOf(id: string): string {
  const one = conversation(id);
  return one ? contactName(one.contact_data) : "Visitor";
}

/** Keeps the place: the end as long as one is there, else what one reads. */
function usePlace(id: string, list: Data[]) {
  const box = useRef<HTMLDivElement>(null);
  const place = useRef({ isAtEnd: true, fromEnd: 0, first: list[0]?.id, last: list.at(-1)?.id, seen: 0, height: 0 });
  const unseen = useSignal(0);
  const isLoading = useRef(false);
  const toEnd = (): void => {
    const log = box.current;
    if (!log) return;
    log.scrollTop = log.scrollHeight;
    Object.assign(place.current, { isAtEnd: true, height: log.clientHeight });
  };
  const more = async (): Promise<void> => {
    if (isLoading.current || !threadOf(id).peek().cursor) return;
    isLoading.current = true;
    await loadEarlier(id).catch(complain);
    isLoading.current = false;
  };
  const onScroll = ({ currentTarget }: { currentTarget: HTMLElement }): void => {
    const { scrollHeight, scrollTop, clientHeight } = currentTarget;
    // The frame has shrunk below whoever reads the end; they have not gone anywhere.
    if (place.current.isAtEnd && place.current.height !== clientHeight) return toEnd();
    place.current.fromEnd = scrollHeight - scrollTop;
    place.current.isAtEnd = scrollHeight - scrollTop - clientHeight < AT_END;
    if (place.current.isAtEnd) unseen.value = 0;
    if (scrollTop < NEAR_START) void more();
  };

  useLayoutEffect(() => {
    const log = box.current!;
    const now = place.current;
    const last = list.at(-1);
    const isOwn = last?.id !== now.last && last?.sending === "pending";
    if (now.isAtEnd || isOwn) toEnd();
    else if (list[0]?.id !== now.first) log.scrollTop = log.scrollHeight - now.fromEnd;
    const known = Math.max(0, ...list.filter(({ sending }) => !sending).slice(-1).map(({ seq }) => seq));
    if (now.isAtEnd) now.seen = known;
    else unseen.value = list.filter(({ seq, sending, author }) => seq > now.seen && !sending && author.id !== member.peek()?.id).length;
    Object.assign(now, { first: list[0]?.id, last: last?.id, fromEnd: log.scrollHeight - log.scrollTop });
    if (log.scrollHeight <= log.clientHeight) void more();
  });
  useEffect(() => {
    const log = box.current!;
    const watcher = new ResizeObserver(() => place.current.isAtEnd && toEnd());
    watcher.observe(log);
    for (const child of log.children) watcher.observe(child);
    return () => watcher.disconnect();
  }, []);
  return { box, unseen: unseen.value, onScroll, goToEnd: toEnd };
}

/** The first message that the team had not read when the conversation was opened. */
function useNewFrom(id: string): number {
  const from = useRef<number | undefined>(undefined);
  const one = conversation(id);
  if (from.current === undefined && one) from.current = one.unread && one.teamReadSeq ? one.teamReadSeq + 1 : 0;
  return from.current ?? 0;
}

function goesOn(before: Data | undefined, { author, private: isPrivate, createdAt }: Data): boolean {
  if (!before || before.author.kind !== author.kind || before.author.id !== author.id) return false;
  return before.private === isPrivate && Date.parse(createdAt) - Date.parse(before.createdAt) < PAUSE;
}

function stateOf(message: Data, lastOwn: Data | undefined, seen: number): string {
  if (message.sending === "pending") return "Sending…";
  if (message !== lastOwn) return "";
  return seen >= message.seq ? "Read" : "Sent";
}

/** What is read out: the latest message of somebody else. */
function spoken(list: Data[]): string {
  const last = list.at(-1);
  if (!last || last.sending || last.author.id === member.value?.id) return "";
  return `${last.author.name || last.author.kind}: ${last.text}`;
}

const day = ({ createdAt }: Data): string => new Date(createdAt).toDateString();

function named(at: string): string {
  const date = new Date(at);
  const yesterday = new Date(Date.now() - 86_400_000);
  if (date.toDateString() === new Date().toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}
