// Who the visitor is: what the page proves, and what it says.

import type { Refusal } from "../api";
import type { Context } from "../context";
import type { Detail } from "../events";

/** A signed token, how to get a fresh one, or a name with the hash that proves it. */
export type Proof =
  | string
  | (() => string | Promise<string>)
  | { userId: string; userHash: string; email?: string; name?: string };

export interface Contact {
  name: string;
  email: string;
}

export interface Identity {
  /** Raises Refusal, 401 `invalid_identity` where the proof is none. */
  identify(proof: Proof): Promise<Contact>;
  logout(): Promise<void>;
  setAttributes(attributes: Detail): Promise<void>;
  track(event: string, metadata: Detail): Promise<void>;
}

interface Identified {
  sessionId: string;
  sessionSecret: string;
  conversationId: string | null;
  contact: Contact;
  /** For a page that knows none. */
  widgetToken?: string;
}

const NOBODY = "nobody";

export default function identity(context: Context): Identity {
  const { api } = context;

  async function prove(proof: Proof): Promise<Contact> {
    const said = typeof proof === "function" ? await proof() : proof;
    const named = typeof said === "string" ? { token: said } : said;
    const { session } = context;
    const body = { sessionId: session?.sessionId, ...named };
    const answer = await api.ask<Identified>("/identify", { session, body });
    const { sessionId, sessionSecret, conversationId, contact } = answer;
    api.token ||= answer.widgetToken ?? "";
    const isSame = session?.sessionId === sessionId && session.sessionSecret === sessionSecret;
    const spoken = conversationId ? { conversationId } : {};
    if (!isSame) context.adopt({ sessionId, sessionSecret, ...spoken });
    return contact;
  }

  return {
    async identify(proof) {
      try {
        return await prove(proof).catch((error: Refusal) => {
          // It may only have been too old.
          if (typeof proof === "function" && error.code === "invalid_identity") return prove(proof);
          throw error;
        });
      } catch (error) {
        const { code, message } = error as Refusal;
        context.emit("identity:error", { code: code ?? "", message });
        throw error;
      }
    },

    async logout() {
      const { session } = context;
      // Nothing stays here, whether the server hears of it or not.
      context.adopt(undefined);
      if (session && api.token) await api.ask("/logout", { session, body: {} });
    },

    async setAttributes(attributes) {
      await api.ask("/attributes", { session: context.session, body: { attributes } });
    },

    async track(event, metadata) {
      const { session } = context;
      const body = { sessionId: session?.sessionId ?? NOBODY, event, metadata };
      const timestamp = new Date().toISOString();
      await api.ask("/track", { session, body: { ...body, timestamp } });
    },
  };
}
