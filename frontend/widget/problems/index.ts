// Why a page shows no chat, in words for its author, who looks into the console.

import type { Refusal } from "../api";

export type Problem = (error: unknown, base: string, widgetId: string) => Promise<string>;

/** Anything else of the same server that any page may read. */
const PROBE = "/assets/chat-widget.js";

const why: Problem = async (error, base, widgetId) => {
  const { status, code, message } = error as Partial<Refusal>;
  const admin = `${base}/admin/widgets/bubble/`;
  switch (code ?? (await unread(base))) {
    case "origin_not_allowed":
      return (
        `The bubble does not list the origin of this page. Add ${location.origin} to its ` +
        `origins, under "Who" on the bubble's page at ${admin}.`
      );
    case "csp":
      return (
        "The Content-Security-Policy of this page forbids the request. " +
        `Add ${base} and ${base.replace(/^http/, "ws")} to its connect-src.`
      );
    case "widget_not_found":
      return `There is no bubble with the code "${widgetId}". ${admin} shows the codes.`;
    case "tenant_suspended":
      return "The tenant is suspended; whoever runs the installation can end that.";
    case "invalid_credentials":
      return `The token is not valid, or is not that of this bubble. ${admin} shows the tokens.`;
    case "widget_off":
      return `All tokens of the bubble are revoked. Issue one at ${admin}.`;
    case "identity_required":
      return "The bubble is only for visitors whom the page identifies: call identify() first.";
    default:
      return `${message} (${code || status})`;
  }
};

export default why;

/** Why an answer could not be read, although this script of the same server could be fetched. */
async function unread(base: string): Promise<string> {
  try {
    await fetch(base + PROBE, { method: "HEAD", credentials: "omit" });
    return "origin_not_allowed";
  } catch {
    return "csp";
  }
}
