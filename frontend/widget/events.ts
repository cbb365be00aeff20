// What happens in a widget, told to whoever listens: callbacks of the page, and its window.

export type EventName =
  | "ready"
  | "error"
  | "opened"
  | "closed"
  | "message:received"
  | "message:sent"
  | "conversation:started"
  | "conversation:assigned"
  | "conversation:resolved"
  | "handoff:requested"
  | "handoff:connected"
  | "unread"
  | "status"
  | "queue:position"
  | "prechat:submit"
  | "offline:submit"
  | "csat:submit"
  | "identity:error";

export type Detail = Record<string, unknown>;
export type Listener = (detail: Detail) => void;

export class Events {
  readonly #instanceId: string;
  readonly #debug: boolean;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(instanceId: string, debug = false) {
    this.#instanceId = instanceId;
    this.#debug = debug;
  }

  /** Call back whenever it happens, until the function that this returns is called. */
  on = (name: EventName, listener: Listener): (() => void) => {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(listener));
    return () => all.delete(listener);
  };

  /** Tell the callbacks, and the window as `livechat:<name>`; what they throw is not ours. */
  emit = (name: EventName, detail: Detail = {}): void => {
    const told = { ...detail, instanceId: this.#instanceId };
    this.log(name, detail);
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(told);
      } catch (error) {
        reportError(error);
      }
    }
    dispatchEvent(new CustomEvent(`livechat:${name}`, { detail: told }));
  };

  /** A line for the page's author, if it asked for such lines. */
  log(...words: unknown[]): void {
    if (this.#debug) console.info(`LiveChat ${this.#instanceId}:`, ...words);
  }
}
