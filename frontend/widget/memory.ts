// What the browser keeps between pages, once the visitor has written something.

export interface Session {
  sessionId: string;
  sessionSecret: string;
  conversationId?: string | undefined;
  /** Kept for the life of the page alone: its visitor has not taken part. */
  isHeld?: boolean | undefined;
}

const PREFIX = "livechat:";

/** Reading and writing that fail silently: pages may forbid storage, and then a page's life is all. */
export class Memory {
  readonly #key: string;
  #session: Session | undefined;

  constructor(name: string) {
    this.#key = PREFIX + name;
    this.#session = this.#stored();
  }

  /** The session as it is now. */
  get session(): Session | undefined {
    return this.#session;
  }

  write(session: Session): void {
    this.#session = session;
    if (session.isHeld) return;
    try {
      localStorage.setItem(this.#key, JSON.stringify(session));
    } catch {
      // Blocked or full.
    }
  }

  clear(): void {
    // Another tab may have written a visitor who came later.
    const isOurs = this.#stored()?.sessionId === this.#session?.sessionId;
    this.#session = undefined;
    try {
      if (isOurs) localStorage.removeItem(this.#key);
    } catch {
      // Blocked; then nothing was kept either.
    }
  }

  #stored(): Session | undefined {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null") as Session | null;
      return kept?.sessionId && kept.sessionSecret ? kept : undefined;
    } catch {
      return undefined;
    }
  }
}
