// One socket for all tabs of a browser: the tab that holds a lock has it and tells the others.

import { Line, type Listener } from "./line";
import type { Connection, Frame } from "./types";

type Word =
  | { word: "hello" }
  | { word: "frame"; frame: Frame }
  | { word: "send"; frame: Frame }
  | { word: "state"; state: Connection; why: string; lastEventId: number | undefined }
  | { word: "visible"; tab: string; is: boolean };

export class Socket {
  readonly #name: string;
  readonly #listener: Listener;
  readonly #channel: BroadcastChannel;
  readonly #tab = String(Math.random());
  readonly #life = new AbortController();
  readonly #visible = new Set<string>();
  #line: Line | undefined;
  #lastEventId: number | undefined;
  #state: Connection = "connecting";
  #why = "";

  /** `name` tells whose tabs share it: those of one member. */
  constructor(name: string, listener: Listener) {
    this.#name = name;
    this.#listener = listener;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#heard(data as Word);
    const { signal } = this.#life;
    document.addEventListener("visibilitychange", this.#tellVisible, { signal });
    addEventListener("pagehide", () => this.#say({ word: "visible", tab: this.#tab, is: false }), { signal });
    this.#tellVisible();
    this.#say({ word: "hello" });
    void this.#queue();
  }

  /** Whether this tab is the one that has the line; the only one, in any case. */
  get leads(): boolean {
    return this.#line !== undefined;
  }

  /** Whether somebody looks at this tab or another one. */
  get isSeen(): boolean {
    return document.visibilityState === "visible" || this.#visible.size > 0;
  }

  /** Send if the server listens; what is said here may be lost. */
  send(frame: Frame): void {
    if (this.#line) this.#line.send(frame);
    else this.#say({ word: "send", frame });
  }

  /** End it for this tab. */
  end(): void {
    this.#life.abort();
    this.#line?.end();
    this.#line = undefined;
    this.#channel.close();
  }

  /** Wait for one's turn to have the line. Pages that are not secure have no locks. */
  async #queue(): Promise<void> {
    const { signal } = this.#life;
    if (!navigator.locks) return this.#lead();
    const over = new Promise<void>((end) => signal.addEventListener("abort", () => end()));
    await navigator.locks
      .request(this.#name, { signal }, () => {
        this.#lead();
        return over;
      })
      .catch(() => undefined);
  }

  #lead(): void {
    const listener: Listener = {
      onFrame: (frame) => {
        this.#say({ word: "frame", frame });
        this.#take(frame);
      },
      onState: (state, why) => {
        this.#note(state, why);
        this.#tellState();
      },
    };
    this.#line = new Line(listener, this.#lastEventId);
  }

  #heard(word: Word): void {
    switch (word.word) {
      case "hello":
        if (this.#line) this.#tellState();
        this.#tellVisible();
        break;
      case "frame":
        // A leader hears of no other: where there are no locks, each has a line of its own.
        if (!this.#line) this.#take(word.frame);
        break;
      case "send":
        this.#line?.send(word.frame);
        break;
      case "state":
        if (this.#line) break;
        this.#lastEventId ??= word.lastEventId;
        this.#note(word.state, word.why);
        break;
      case "visible":
        if (word.is) this.#visible.add(word.tab);
        else this.#visible.delete(word.tab);
    }
  }

  #take(frame: Frame): void {
    this.#listener.onFrame(frame);
    if (frame.id !== undefined) this.#lastEventId = Number(frame.id);
  }

  #note(state: Connection, why: string): void {
    if (state === this.#state && why === this.#why) return;
    this.#state = state;
    this.#why = why;
    this.#listener.onState(state, why);
  }

  #tellState(): void {
    const lastEventId = this.#line?.lastEventId;
    this.#say({ word: "state", state: this.#state, why: this.#why, lastEventId });
  }

  #tellVisible = (): void => {
    const is = document.visibilityState === "visible";
    this.#say({ word: "visible", tab: this.#tab, is });
  };

  #say(word: Word): void {
    this.#channel.postMessage(word);
  }
}
