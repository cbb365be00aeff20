// One socket that stays: it authenticates, notices when the line is dead, and comes back where it
// left off.

import { Refusal, freshFor, renew, token } from "./api";
import type { Connection, Frame } from "./types";

export interface Listener {
  onFrame(frame: Frame): void;
  onState(state: Connection, why: string): void;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
const STEADY = 10_000;
const PING_EVERY = 20_000;
const PONG_WITHIN = 10_000;
// A restart of the server is over sooner.
const OFFLINE_AFTER = 12_000;
const AWAKE = ["online", "focus", "pageshow"];
const UNAUTHENTICATED = 4401;

export class Line {
  /** The last event that was heard of. */
  lastEventId: number | undefined;
  readonly #listener: Listener;
  readonly #life = new AbortController();
  #socket: WebSocket | undefined;
  #ready = false;
  #opening = 0;
  #why = "";
  #tries = 0;
  /** When it began to stand, or not to. */
  #since = Date.now();
  #pause: number | undefined;
  #pulse: number | undefined;
  #renewal: number | undefined;

  constructor(listener: Listener, lastEventId: number | undefined) {
    this.#listener = listener;
    this.lastEventId = lastEventId;
    const { signal } = this.#life;
    for (const name of AWAKE) addEventListener(name, this.#now, { signal });
    addEventListener("offline", () => this.#lost(0), { signal });
    document.addEventListener("visibilitychange", this.#now, { signal });
    void this.#open();
  }

  /** Send if the server listens; what is said here may be lost. */
  send(frame: Frame): void {
    if (this.#ready) this.#socket!.send(JSON.stringify(frame));
  }

  end(): void {
    this.#life.abort();
    clearTimeout(this.#pause);
    this.#hangUp();
  }

  /** The browser is back from somewhere: open the line, or make sure that it is one. */
  #now = (): void => {
    if (document.visibilityState === "hidden") return;
    if (this.#ready) this.#ask();
    if (this.#socket) return;
    clearTimeout(this.#pause);
    void this.#open();
  };

  async #open(): Promise<void> {
    const opening = ++this.#opening;
    let bearer: string;
    try {
      bearer = await token();
    } catch (error) {
      if (opening === this.#opening && !this.#life.signal.aborted) this.#lost(0, error);
      return;
    }
    // Meanwhile another opening may have begun, or the end come.
    if (opening !== this.#opening || this.#life.signal.aborted) return;
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/ws/tenant`);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.#hello(bearer)));
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data as string) as Frame);
    socket.onclose = ({ code }) => this.#lost(code);
    this.#expect(PONG_WITHIN);
  }

  #hello(bearer: string): Frame {
    const hello: Frame = { type: "auth", token: bearer };
    if (this.lastEventId !== undefined) hello.lastEventId = this.lastEventId;
    return hello;
  }

  #heard(frame: Frame): void {
    this.#listen();
    if (frame.type === "auth:ok") this.#welcomed(frame);
    else if (frame.type === "error") this.#why = String(frame.message ?? frame.code);
    else if (frame.type !== "pong") {
      this.#listener.onFrame(frame);
      // Only now: whoever takes over from here asks for what comes after it.
      if (frame.id !== undefined) this.lastEventId = Number(frame.id);
    }
  }

  /** The answer to the first frame; and to each later token, where it says nothing new. */
  #welcomed(frame: Frame): void {
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => void this.#extend(), freshFor());
    if (this.#ready) return;
    this.#ready = true;
    this.#since = Date.now();
    this.#why = "";
    this.lastEventId = Number(frame.data.lastEventId);
    this.#listener.onState("online", "");
  }

  async #extend(): Promise<void> {
    const bearer = await token().catch(() => "");
    // Without one the server ends the line, and the next opening asks again.
    if (bearer) this.send({ type: "auth", token: bearer });
  }

  /** Any frame proves the line; silence is answered with a ping, and then with a new line. */
  #listen(): void {
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => this.#ask(), PING_EVERY);
  }

  #ask(): void {
    this.send({ type: "ping" });
    this.#expect(PONG_WITHIN);
  }

  #expect(within: number): void {
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => this.#lost(4408), within);
  }

  #lost(code: number, error?: unknown): void {
    if (this.#ready) {
      if (Date.now() - this.#since > STEADY) this.#tries = 0;
      this.#since = Date.now();
    }
    this.#hangUp();
    if (error instanceof Refusal && error.status) this.#why = error.message;
    if (code === UNAUTHENTICATED) void renew().catch(() => undefined);
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#tries++);
    const pause = Math.random() * longest;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#open(), Math.max(pause, retryAfter(error)));
    const isOffline = !navigator.onLine || Date.now() - this.#since > OFFLINE_AFTER;
    this.#listener.onState(isOffline ? "offline" : "connecting", this.#why);
  }

  #hangUp(): void {
    clearTimeout(this.#pulse);
    clearTimeout(this.#renewal);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#ready = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

function retryAfter(error: unknown): number {
  return error instanceof Refusal ? error.retryAfter * 1000 : 0;
}
