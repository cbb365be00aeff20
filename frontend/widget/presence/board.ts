// Tells the team which page the visitor is on, and opens what the team says to them. Nothing is
// stored: a visitor of the next page is another one, unless they take part.

import type { Alerts } from "../alerts";
import type { Context } from "../context";
import type { Session } from "../memory";

interface Answer {
  /** What the team has begun and the visitor has not read. */
  conversation: Session | null;
}

const EVERY = 30_000;
/** Pages that change their address do so several times in a row. */
const SETTLED_AFTER = 500;
const TITLE_LENGTH = 200;
/** As in the style. */
const SMALL = "(width <= 480px)";
/** This page's name for its visitor, for as long as the page lives. */
const visitorId = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");
/** What the team has begun is to be opened once it is drawn. */
let opens = false;

export function board(context: Context): void {
  const { api, chat, panel, signal } = context;
  let timer: number | undefined;
  let address = "";

  function body(left: boolean): object {
    // What follows in an address may be secret.
    address = location.origin + location.pathname;
    return { visitorId, url: address, title: document.title.slice(0, TITLE_LENGTH), left };
  }

  async function report(): Promise<void> {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    timer = setTimeout(() => void report(), EVERY);
    const { session } = context;
    const asking = { session, body: body(false) };
    const told = await api.ask<Answer>("/presence", asking).catch(() => undefined);
    if (told?.conversation && !signal.aborted) hear(told.conversation);
  }

  function hear(told: Session): void {
    const { session } = context;
    if (told.conversationId === session?.conversationId) return;
    if (session?.sessionId === told.sessionId) {
      if (chat.switchTo(told.conversationId)) show();
    } else if (!session) {
      opens = true;
      context.adopt({ ...told, isHeld: true });
    }
  }

  /** Where the chat would cover the page, tell that there is something to be read. */
  function show(): void {
    if (panel.isOpen || !matchMedia(SMALL).matches) return panel.open(false);
    panel.unread(1);
    context.load<Alerts>("alerts").then((alerts) => alerts.ring(1), () => undefined);
  }

  /** The page may be gone the next moment. */
  function leave(): void {
    clearTimeout(timer);
    const headers = { ...api.headers(context.session), "Content-Type": "application/json" };
    fetch(api.address("/presence"), {
      method: "POST",
      headers,
      body: JSON.stringify(body(true)),
      credentials: "omit",
      keepalive: true,
    }).catch(() => undefined);
  }

  function moved(): void {
    if (address === location.origin + location.pathname) return;
    clearTimeout(timer);
    timer = setTimeout(() => void report(), SETTLED_AFTER);
  }

  const turned = (): void => (document.hidden ? leave() : void report());
  const { navigation } = window as { navigation?: EventTarget };
  document.addEventListener("visibilitychange", turned, { signal });
  addEventListener("pagehide", leave, { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && void report(), { signal });
  addEventListener("popstate", moved, { signal });
  navigation?.addEventListener("currententrychange", moved, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  context.on("conversation:started", () => void report());
  if (opens) show();
  opens = false;
  void report();
}
