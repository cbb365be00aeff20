// What the forms ask the server for.

import type { Refusal } from "../api";
import type { Context } from "../context";
import type { Values } from "./fields";

/** Note who the visitor says they are; what is no standard field becomes an attribute. */
export async function introduce(context: Context, values: Values): Promise<void> {
  const { name = "", email = "", phone = "", ...attributes } = values;
  const session = await context.chat.session();
  await context.api.ask("/contact", { session, body: { name, email, phone, attributes } });
}

/** Leave a message; the same `messageId` makes a repeat harmless. */
export async function leaveMessage(
  context: Context,
  messageId: string,
  values: Values,
): Promise<string> {
  const session = await context.chat.session();
  const body = { ...values, messageId, sessionId: session.sessionId };
  const asked = context.api.ask<{ conversationId: string }>("/offline", { session, body });
  return (await asked).conversationId;
}

/** A request about the visitor's conversation. */
export function aboutConversation<T>(context: Context, what: string, body?: object): Promise<T> {
  const { session } = context;
  return context.api.ask(`/conversations/${session!.conversationId}/${what}`, { session, body });
}

/** Why something was refused, in the visitor's words. */
export function explanation(error: unknown, texts: Record<string, string>): string {
  // Its class is the script's, and no part has the same one.
  const { code, message } = error as Partial<Refusal>;
  if (code === "rate_limited") return texts.tooManyMessages!;
  return code && /e-?mail/i.test(message!) ? texts.invalidEmail! : texts.error!;
}
