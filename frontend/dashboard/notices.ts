// What tells somebody who looks elsewhere: title, favicon, notification, sound.

import { computed, effect, signal } from "@preact/signals";
import { preferences } from "./preferences";
import { go, pathOf } from "./routes";
import { contactName, conversations, counts, latest, me, member } from "./store";
import type { Conversation, Frame, Message, Wish } from "./types";

type Kind = "waiting" | "assigned" | "mention" | "reply";

interface Place {
  /** Whether this is the tab that speaks for all. */
  leads: boolean;
  /** Whether somebody looks at any of them. */
  isSeen: boolean;
}

const EXCERPT = 120;
const UNTOLD: Wish = { browser: true, sound: true };

/** What the browser says: default, granted, denied; or unsupported. */
export const permission = signal("Notification" in window ? Notification.permission : "unsupported");

/** What waits for oneself: unread ones of one's own, and those that wait for anybody. */
export const waiting = computed(() => {
  const id = member.value?.id;
  const known = latest.value.map((one) => conversations.get(one)!.peek());
  const mine = known.filter((one) => one.assigneeId === id && one.unread && one.status === "open").length;
  const unheld = known.filter((one) => one.owner === "waiting" && one.status === "open" && !one.assigneeId).length;
  return mine + Math.max(unheld, counts.value?.waiting ?? 0);
});

// Which conversations were already told of as waiting, and as whose.
const told = new Map<string, string>();
let sound: AudioContext | undefined;

// Browsers let pages sound only after somebody has touched them.
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => void wake(), { once: true });

effect(() => {
  const name = me.value ? `Inbox – ${me.value.tenant.name}` : "LiveChat";
  document.title = waiting.value && me.value ? `(${waiting.value}) ${name}` : name;
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const { calm, badged } = icon?.dataset ?? {};
  const wanted = waiting.value && me.value ? badged : calm;
  if (icon && wanted && icon.getAttribute("href") !== wanted) icon.href = wanted;
});

/** Ask for the right to notify; browsers want a click before. */
export async function askPermission(): Promise<void> {
  permission.value = await Notification.requestPermission();
}

/** Tell of an event, if it is of a kind that the member wants to hear of. */
export function notify(frame: Frame, { leads, isSeen }: Place): void {
  const news = frame.type === "message:new" ? ofMessage(frame.data) : ofConversation(frame);
  if (!news || !leads) return;
  const wish = { ...UNTOLD, ...preferences.peek().notifications[news.kind] };
  if (wish.sound) void chime();
  if (wish.browser && !isSeen && permission.peek() === "granted") show(news);
}

interface News {
  kind: Kind;
  conversationId: string;
  title: string;
  text: string;
}

function ofMessage(message: Message): News | undefined {
  const { author, conversationId } = message;
  const one = conversations.get(conversationId)?.peek();
  const own = member.peek()?.id;
  const text = message.text.slice(0, EXCERPT);
  if (own && author.id !== own && message.mentions?.includes(own)) {
    return { kind: "mention", conversationId, title: `${author.name} mentioned you`, text };
  }
  if (!one || author.kind !== "visitor" || one.assigneeId !== own) return undefined;
  return { kind: "reply", conversationId, title: contactName(one.contact_data), text };
}

function ofConversation({ type, data }: Frame): News | undefined {
  if (!type.startsWith("conversation:")) return undefined;
  const one = data as Conversation;
  const own = member.peek()?.id;
  const before = told.get(one.id);
  const isWaiting = one.owner === "waiting" && one.status === "open" && !one.assigneeId;
  const now = isWaiting ? "waiting" : (one.assigneeId ?? "");
  if (now) told.set(one.id, now);
  else told.delete(one.id);
  if (before === now) return undefined;
  const name = contactName(one.contact_data);
  const text = one.lastMessage?.text.slice(0, EXCERPT) ?? "";
  if (isWaiting) return { kind: "waiting", conversationId: one.id, title: `${name} is waiting`, text };
  // One's own doing is no news, and what was so before one came is none either.
  const isNews = type === "conversation:assigned" && now === own;
  return isNews ? { kind: "assigned", conversationId: one.id, title: `${name}: yours now`, text } : undefined;
}

function show({ conversationId, title, text }: News): void {
  const shown = new Notification(title, { body: text, tag: conversationId });
  shown.onclick = () => {
    window.focus();
    go(pathOf(conversationId));
    shown.close();
  };
}

async function wake(): Promise<void> {
  sound ??= new AudioContext();
  await sound.resume();
}

/** Two soft notes. */
async function chime(): Promise<void> {
  if (sound?.state !== "running") return;
  for (const [index, pitch] of [660, 880].entries()) {
    const at = sound.currentTime + index * 0.14;
    const tone = new OscillatorNode(sound, { frequency: pitch });
    const volume = new GainNode(sound, { gain: 0 });
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.08, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
    tone.connect(volume).connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }
}
