// One conversation of the list. It is drawn again when it changes, and nothing else is.

import { signal } from "@preact/signals";
import { active, tick, ticked } from "./listing";
import { pathOf, route } from "./routes";
import { contactName, conversations, labels, member, memberName, typing } from "./store";
import type { Conversation } from "./types";

const MINUTE = 60_000;
const HUES = 12;

const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), MINUTE / 2);

const OWNERS: Record<Conversation["owner"], string> = {
  bot: "Assistant",
  waiting: "Waiting",
  human: "",
  closed: "Closed",
};

interface Props {
  id: string;
  index: number;
  total: number;
  top: number;
}

export function Row({ id, index, total, top }: Props) {
  const one = conversations.get(id)?.value;
  if (!one) return null;
  const isOpen = route.value.conversation === id;
  const isActive = (active.value ?? route.value.conversation) === id || (active.value === null && index === 0);
  const name = contactName(one.contact_data);
  const classes = ["row", one.unread && "unread", isOpen && "open", ticked.value.has(id) && "ticked"];
  return (
    <li
      class={classes.filter(Boolean).join(" ")}
      style={{ top: `${top}px` }}
      data-id={id}
      aria-setsize={total}
      aria-posinset={index + 1}
    >
      <a
        href={pathOf(id)}
        tabIndex={isActive ? 0 : -1}
        aria-current={isOpen ? "true" : undefined}
        onFocus={() => (active.value = id)}
      >
        <Avatar name={name} id={one.contact_data.id} />
        <span class="name" dir="auto">{name}</span>
        <span class="age">{age(one.updatedAt)}</span>
        <LastLine one={one} />
        <Marks one={one} />
      </a>
      <input
        type="checkbox"
        class="tick"
        tabIndex={-1}
        aria-label={`Select ${name}`}
        checked={ticked.value.has(id)}
        onChange={({ currentTarget }) => tick(id, currentTarget.checked)}
      />
    </li>
  );
}

export function Avatar({ name, id }: { name: string; id: string }) {
  const initials = [...name].slice(0, 1).join("").toUpperCase();
  return <span class={`avatar hue-${hue(id)}`} aria-hidden="true">{initials}</span>;
}

function LastLine({ one }: { one: Conversation }) {
  const who = typing.value.get(one.id)?.[0];
  if (who) return <em class="line">{who.kind === "visitor" ? "typing…" : `${who.name} is typing…`}</em>;
  return <span class="line" dir="auto">{speaker(one) + (one.lastMessage?.text || "…")}</span>;
}

/** Who said the last thing. */
function speaker({ lastMessage, assigneeId }: Conversation): string {
  if (lastMessage?.author === "assistant") return "Assistant: ";
  if (lastMessage?.author !== "agent") return "";
  // Old previews do not tell which member, but whose it is mostly does.
  const id = lastMessage.authorId ?? assigneeId;
  if (id !== null && id === member.value?.id) return "You: ";
  return `${memberName(id) || "Team"}: `;
}

function Marks({ one }: { one: Conversation }) {
  const state = one.status === "snoozed" ? "Snoozed" : one.status === "pending" ? "Pending" : OWNERS[one.owner];
  const known = labels.value.filter(({ name }) => one.labels.includes(name));
  return (
    <span class="marks">
      {known.slice(0, 3).map(({ id, name, color }) => (
        <i key={id} class="dot" role="img" aria-label={name} title={name} style={{ backgroundColor: color }} />
      ))}
      {one.priority === "urgent" || one.priority === "high" ? (
        <span class={`mark ${one.priority}`}>{one.priority === "urgent" ? "Urgent" : "High"}</span>
      ) : null}
      {state && <span class={`mark ${one.owner}`}>{state}</span>}
      {one.unread > 0 && (
        <b class="unread-count" aria-label={`${one.unread} unread`}>
          {one.unread > 99 ? "99+" : one.unread}
        </b>
      )}
    </span>
  );
}

/** How long ago, as short as can be: now, 5m, 3h, 2d, 12 Mar. */
export function age(at: string): string {
  const minutes = Math.max(0, Math.floor((now.value - Date.parse(at)) / MINUTE));
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes}m`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h`;
  if (minutes < 7 * 24 * 60) return `${Math.floor(minutes / 24 / 60)}d`;
  return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

function hue(id: string): number {
  return parseInt(id.slice(-4), 16) % HUES || 0;
}
