// What becomes of a conversation, told as events: each turn of it once.

import type { Detail, EventName } from "./events";
import type { Memory } from "./memory";
import type { Frame } from "./socket";

interface Stand {
  owner?: string;
  assignee?: string | undefined;
}

export class Story {
  readonly #memory: Memory;
  readonly #emit: (name: EventName, detail: Detail) => void;
  readonly #stands = new Map<string, Stand>();

  constructor(memory: Memory, emit: (name: EventName, detail: Detail) => void) {
    this.#memory = memory;
    this.#emit = emit;
  }

  hear({ type, data }: Frame): void {
    const told = (data ?? {}) as Detail;
    switch (type) {
      case "ack":
        this.#begin(told.conversationId);
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

  #begin(conversationId: unknown): void {
    if (!conversationId || this.#memory.session?.conversationId === conversationId) return;
    this.#emit("conversation:started", { conversationId });
  }

  #turn(conversation: Detail): void {
    const detail = { conversationId: conversation.id, conversation };
    const owner = String(conversation.owner);
    const assignee = (conversation.assignee as { name: string } | null | undefined)?.name;
    const before = this.#stands.get(String(conversation.id)) ?? {};
    this.#stands.set(String(conversation.id), { owner, assignee });
    if (owner !== before.owner) {
      if (owner === "waiting") this.#emit("handoff:requested", detail);
      if (owner === "human") this.#emit("handoff:connected", detail);
      if (owner === "closed") this.#emit("conversation:resolved", detail);
    }
    if (assignee && assignee !== before.assignee) this.#emit("conversation:assigned", detail);
  }
}
