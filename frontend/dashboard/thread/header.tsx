// Whom one talks to, who answers them, and what can be done with the conversation.

import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as actions from "../actions";
import { Icon } from "../icons";
import { goOn } from "../listing";
import { go } from "../routes";
import { age, Avatar } from "../row";
import { assistants, contactName, member, memberName, members, teamName, teams, viewing } from "../store";
import type { Conversation } from "../types";
import { Menu, openMenu, type Choice } from "./menu";

const HOUR = 3_600_000;
const CHANNELS: Record<string, string> = { chat: "Chat", blits: "Blits", zeebee: "Zeebee", blackbox: "BlackBox" };

/** Whether the pane with the details is shown; where there is room for it, it is at first. */
export const areDetailsOpen = signal(matchMedia("(min-width: 1180px)").matches);
const pickedFor = signal("");

export function Header({ one }: { one: Conversation }) {
  const { id, contact_data: contact } = one;
  const name = contactName(contact);
  return (
    <header class="head">
      <a class="back" href="/" aria-label="Back"><Icon name="back" /></a>
      <Avatar name={name} id={contact.id} />
      <div class="who">
        <h2 dir="auto">{name}</h2>
        <p>{[answers(one), CHANNELS[one.channel] ?? one.channel].join(" · ")}</p>
      </div>
      <Viewers id={id} />
      <div class="actions">
        <Holder one={one} />
        <span class="wide"><Menu name="assign" label="Assign" choices={assignments(one)} /></span>
        <span class="wide">
          <Menu name="snooze" label="Snooze" choices={one.status === "resolved" ? [] : naps(id)} nothing="It is closed." />
        </span>
        {one.status !== "resolved" && <button type="button" onClick={() => close(id)}>Close</button>}
        <Menu name="more" label="More" face={<Icon name="more" />} choices={others(one)} />
        <button
          type="button"
          class="plain narrow-not"
          aria-label="Details"
          title="Details"
          aria-pressed={areDetailsOpen.value}
          onClick={() => (areDetailsOpen.value = !areDetailsOpen.value)}
        >
          <Icon name="details" />
        </button>
      </div>
      {pickedFor.value === id && <Picker id={id} />}
    </header>
  );
}

/** Who answers, in words. */
function answers(one: Conversation): string {
  const who = memberName(one.assigneeId);
  const team = teamName(one.teamId);
  if (one.status === "snoozed" && one.snoozedUntil) return `Snoozed until ${moment(one.snoozedUntil)}`;
  if (one.owner === "closed" || one.status === "resolved") return "Closed";
  if (one.owner === "bot") return `${assistants.value.find(({ id }) => id === one.assistantId)?.name ?? "The assistant"} answers`;
  if (one.owner === "human") {
    const isOwn = one.assigneeId !== null && one.assigneeId === member.value?.id;
    return isOwn ? "You answer" : `${who || "A member"} answers`;
  }
  const waited = one.waitingSince ? age(one.waitingSince) : "now";
  const place = `Waiting for ${who || team || "the team"}`;
  return waited === "now" ? place : `${place} · ${waited}`;
}

/** Colleagues who look at it now. */
function Viewers({ id }: { id: string }) {
  const names = (viewing.value.get(id) ?? []).map(({ name }) => name);
  if (!names.length) return null;
  return <p class="viewers" role="status">{names.join(", ")} {names.length > 1 ? "are" : "is"} here too</p>;
}

function Holder({ one }: { one: Conversation }) {
  const isOwn = one.assigneeId === member.value?.id;
  if (one.owner === "closed" || one.status === "resolved") return null;
  if (one.owner === "human" && isOwn) {
    return one.assistantId ? <button type="button" onClick={() => void actions.giveBack(one.id)}>Give back</button> : null;
  }
  // What a colleague holds is not the assistant's to be taken from.
  if (one.owner === "human") {
    const assign = (): void => void actions.assign(one.id, member.value?.id ?? null);
    return <button type="button" class="narrow-not" onClick={assign}>Assign to me</button>;
  }
  return <button type="button" class="primary" onClick={() => void actions.takeOver(one.id)}>Take over</button>;
}

function assignments({ id, assigneeId, teamId }: Conversation): Choice[] {
  const own = member.value?.id;
  const to = (memberId: string | null, label: string): Choice => ({
    label,
    isOn: assigneeId === memberId,
    isOnly: true,
    run: () => void actions.assign(id, memberId),
  });
  const others = members.value.filter((one) => one.id !== own);
  return [
    ...(own ? [to(own, "Me")] : []),
    to(null, "Nobody"),
    ...others.map((one) => to(one.id, one.name || one.email)),
    ...teams.value.map((team) => ({
      label: `Team ${team.name}`,
      isOn: teamId === team.id,
      isOnly: true,
      run: () => void actions.assignTeam(id, team.id),
    })),
  ];
}

function naps(id: string): Choice[] {
  const until = (label: string, at: Date): Choice => ({ label: `${label} (${moment(at.toISOString())})`, run: () => snooze(id, at) });
  const evening = atClock(0, 18);
  return [
    until("In an hour", new Date(Date.now() + HOUR)),
    ...(evening.getTime() > Date.now() + HOUR ? [until("This evening", evening)] : []),
    until("Tomorrow", atClock(1, 9)),
    until("Next week", atClock(((8 - new Date().getDay()) % 7) || 7, 9)),
    { label: "Another time…", run: () => (pickedFor.value = id) },
  ];
}

function others(one: Conversation): Choice[] {
  const { id, status } = one;
  const choices: Choice[] = [{ label: "Mark as unread", run: () => leaveUnread(id) }];
  if (status === "open") choices.push({ label: "Mark as pending", run: () => void actions.park(id) });
  if (status === "pending" || status === "snoozed") {
    choices.push({ label: "Take back to the open ones", run: () => void actions.reopen(id) });
  }
  choices.push({ label: "Assign…", run: () => (openMenu.value = "assign") });
  if (status !== "resolved") choices.push({ label: "Snooze…", run: () => (openMenu.value = "snooze") });
  choices.push({ label: "Details", run: () => (areDetailsOpen.value = !areDetailsOpen.value) });
  // Pages that are not secure have no clipboard.
  if (isSecureContext) choices.push({ label: "Copy the link", run: () => void navigator.clipboard.writeText(location.href) });
  return choices;
}

/** Looking at it would read it again. */
function leaveUnread(id: string): void {
  void actions.markUnread(id);
  go("/");
}

function close(id: string): void {
  actions.close(id);
  goOn(id);
}

function snooze(id: string, at: Date): void {
  actions.snooze(id, at);
  goOn(id);
}

function Picker({ id }: { id: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const at = useSignal(local(atClock(1, 9)));
  useEffect(() => dialog.current!.showModal(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const chosen = new Date(at.value);
    if (!(chosen.getTime() > Date.now())) return;
    dialog.current!.close();
    snooze(id, chosen);
  };
  return (
    <dialog ref={dialog} class="picker" aria-label="Snooze" onClose={() => (pickedFor.value = "")}>
      <form onSubmit={submit}>
        <label>
          Snooze until
          <input
            type="datetime-local"
            required
            min={local(new Date())}
            value={at.value}
            onInput={({ currentTarget }) => (at.value = currentTarget.value)}
          />
        </label>
        <button type="button" onClick={() => dialog.current!.close()}>Cancel</button>
        <button class="primary">Snooze</button>
      </form>
    </dialog>
  );
}

function atClock(days: number, hour: number): Date {
  const at = new Date();
  at.setDate(at.getDate() + days);
  at.setHours(hour, 0, 0, 0);
  return at;
}

function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function moment(at: string): string {
  return new Date(at).toLocaleString(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}
