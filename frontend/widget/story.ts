// What becomes of a conversation, told as events: each turn of it once.

import type { Detail, EventName } from "./events";
import type { Frame } from "./socket";

interface Stand {
  owner: string;
  assignee: string | undefined;
}

export class Story {
  readonly #emit: (name: EventName, detail: Detail) => void;
  readonly #stands = new Map<unknown, Stand>();
  readonly #begun = new Set<unknown>();

  constructor(emit: (name: EventName, detail: Detail) => void) {
    this.#emit = emit;
  }

  hear({ type, data }: Frame): void {
    const told = (data ?? {}) as Detail;
    switch (type) {
      case "ack":
      case "message:new":
        this.#begin(told);
        break;
      case "conversation:updated":
        this.#turn(told);
        break;
      case "queue:position":
        this.#emit(type, told);
        break;
      case "availability":
        this.#emit("status", told);
    }
  }

  /** A conversation begins with its first message, whichever way that is heard of first. */
  #begin({ conversationId, seq }: Detail): void {
    if (seq !== 1 || this.#begun.has(conversationId)) return;
    this.#begun.add(conversationId);
    this.#emit("conversation:started", { conversationId });
  }

  #turn(conversation: Detail): void {
    const detail = { conversationId: conversation.id, conversation };
    const owner = String(conversation.owner);
    const assignee = (conversation.assignee as { name: string } | null | undefined)?.name;
    const before = this.#stands.get(conversation.id);
    this.#stands.set(conversation.id, { owner, assignee });
    if (owner !== before?.owner) {
      if (owner === "waiting") this.#emit("handoff:requested", detail);
      if (owner === "human") this.#emit("handoff:connected", detail);
      if (owner === "closed") this.#emit("conversation:resolved", detail);
    }
    if (assignee && assignee !== before?.assignee) this.#emit("conversation:assigned", detail);
  }
}
