// From log-in to log-out: what is loaded at first, what follows events, and what follows a gap.

import { batch, effect } from "@preact/signals";
import { settle } from "./actions";
import { everything, get, logOut, restore, signedIn } from "./api";
import { notify } from "./notices";
import { route, viewId } from "./routes";
import { Socket } from "./socket";
import * as store from "./store";
import * as threads from "./threads";
import type { Assistant, Availability, Conversation, Counts, Frame, Label, Me, Member, SavedView, Team } from "./types";
import * as views from "./views";

const COUNTS_PAUSE = 2_000;
const POLL_EVERY = 15_000;
const FETCHED_AT_ONCE = 10;
const RETRY_EVERY = 5_000;
const SURROUNDINGS_LAST = 300_000;

let socket: Socket | undefined;
let countsAt = 0;
let countsTimer: number | undefined;
let isLoaded = false;
let surroundingsAt = 0;
const unknown = new Set<string>();

/** Begin for whoever is logged in, and again whenever somebody logs in. */
export async function start(): Promise<void> {
  effect(() => {
    if (signedIn.value) void begin();
    else if (signedIn.value === false) end();
  });
  await recover();
}

/** Find out who is logged in, as soon as the server can be reached. */
async function recover(): Promise<void> {
  try {
    await restore();
  } catch (error) {
    isInTheWay(error);
    setTimeout(() => void recover(), RETRY_EVERY);
  }
}

function isInTheWay(error: unknown): void {
  batch(() => {
    store.connectionProblem.value = (error as Error).message;
    store.connection.value = "offline";
  });
}

export async function leave(): Promise<void> {
  await settle();
  await logOut();
}

/** Tell the team what one is doing, such as typing; it may be lost. */
export function tell(frame: Frame): void {
  socket?.send(frame);
}

/** Load what changes seldom: who is here, and what there is to choose from. */
export async function loadSurroundings(): Promise<void> {
  surroundingsAt = Date.now();
  await Promise.all([
    get<Availability>("availability").then(
      (own) => void (store.availability.value = own),
      () => undefined,
    ),
    into<Member>(store.members, "members"),
    into<Team>(store.teams, "teams"),
    into<Assistant>(store.assistants, "assistants"),
    into<Label>(store.labels, "labels"),
    into<SavedView>(store.savedViews, "views"),
  ]);
}

function into<T>(found: { value: T[] }, path: string): Promise<void> {
  return everything<T>(path).then(
    (all) => void (found.value = all),
    () => undefined,
  );
}

/** Load the counts, now or as soon as they may have changed; never more often than is of use. */
export function recount(): void {
  if (countsTimer !== undefined || !store.me.peek()) return;
  const pause = Math.max(0, countsAt + COUNTS_PAUSE - Date.now());
  countsTimer = setTimeout(async () => {
    countsAt = Date.now();
    const found = await get<Counts>("conversations/counts").catch(() => null);
    countsTimer = undefined;
    if (found && store.me.peek()) store.counts.value = found;
  }, pause);
}

async function begin(): Promise<void> {
  try {
    const me = await get<Me>("me");
    if (!signedIn.peek()) return;
    store.me.value = me;
    socket ??= new Socket(`livechat.${me.tenant.id}.${me.member.id}`, { onFrame, onState });
    await loadSurroundings();
  } catch (error) {
    if (signedIn.peek()) isInTheWay(error);
    setTimeout(() => signedIn.peek() && !store.me.peek() && void begin(), RETRY_EVERY);
  }
}

/** Begin anew: drafts, files on their way and much else in this page are of whoever was here. */
function end(): void {
  socket?.end();
  // Nobody is asked about what they can no longer send.
  threads.clear();
  if (store.me.peek()) location.reload();
}

/** Somebody goes on with a conversation that lies behind what is loaded. */
async function fetchUnknown(id: string): Promise<void> {
  if (store.conversations.has(id) || unknown.has(id)) return;
  // So many at once are for the list to ask for.
  if (unknown.size >= FETCHED_AT_ONCE) return void views.distrust(views.viewById(viewId.peek()));
  unknown.add(id);
  const found = await get<Conversation>(`conversations/${id}`).catch(() => null);
  unknown.delete(id);
  if (found && store.me.peek()) store.take([found]);
}

function onFrame(frame: Frame): void {
  if (frame.type !== "resync") return store.push(frame);
  reload();
  void loadSurroundings();
}

/** Nothing is loaded before the line stands: what happens in between would be missed. */
function onState(state: typeof store.connection.value, why: string): void {
  batch(() => {
    store.connection.value = state;
    store.connectionProblem.value = why;
  });
  if (!isLoaded && state !== "connecting") reload();
  else if (state === "online") views.recover(views.viewById(viewId.peek()));
  isLoaded ||= state === "online";
}

/** Load what is looked at, and mark everything else as not to be relied upon. */
function reload(): void {
  const { conversation } = route.peek();
  threads.distrust(conversation);
  if (conversation) void threads.load(conversation);
  views.distrust(views.viewById(viewId.peek()));
  recount();
}

store.onEvent((frame) => {
  if (frame.type.startsWith("conversation:")) recount();
  // Views ask for labels by their names.
  if (frame.type === "label:updated" || frame.type === "views:updated") void into<SavedView>(store.savedViews, "views");
  if (frame.type === "message:new") void fetchUnknown(frame.data.conversationId);
  const { id } = store.member.peek() ?? {};
  const isMentioned = frame.type === "message:new" && id && frame.data.mentions?.includes(id);
  if (isMentioned) {
    views.admit("mentions", frame.data.conversationId);
    recount();
  }
  if (socket) notify(frame, socket);
});

// Whoever comes back to a page that was open for long may have new colleagues.
document.addEventListener("visibilitychange", () => {
  const isOld = Date.now() - surroundingsAt > SURROUNDINGS_LAST;
  if (store.me.peek() && isOld && document.visibilityState === "visible") void loadSurroundings();
});

// Without a line, what is looked at is asked for instead.
setInterval(() => {
  if (store.me.peek() && store.connection.peek() !== "online" && navigator.onLine) reload();
}, POLL_EVERY);
