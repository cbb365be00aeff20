// What the browser keeps between pages, once the visitor has written something.

export interface Session {
  sessionId: string;
  sessionSecret: string;
  conversationId?: string;
}

const PREFIX = "livechat:";

/** Reading and writing that fail silently: pages may forbid storage, and then a page's life is all. */
export class Memory {
  readonly #key: string;

  constructor(name: string) {
    this.#key = PREFIX + name;
  }

  read(): Session | undefined {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null") as Session | null;
      return kept?.sessionId && kept.sessionSecret ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  write(session: Session): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify(session));
    } catch {
      // Blocked or full.
    }
  }

  clear(): void {
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // Blocked; then nothing was kept either.
    }
  }
}
