// Where the chat speaks first, and where the page decides how it is found. Nothing here asks the
// server for anything but the configuration, and nothing is stored.

import type { Context } from "../context";
import { Launchers } from "./launchers";
import { Popups } from "./popups";
import styles from "./proactive.css";
import { wait, watch } from "./triggers";

/** A page that was away for longer asks again whether somebody is there. */
const REREAD_AFTER = 5 * 60_000;
/** Seconds between one popup and the next. */
const STEP = 1.5;

export default function proactive(context: Context): void {
  const { config, panel, signal } = context;
  panel.dress(styles);
  const launchers = new Launchers(context);
  const popups = new Popups(context);
  const say = (text: string): void => {
    if (!panel.isOpen && !context.session?.conversationId && !launchers.isAway) popups.show(text);
  };
  if (config.popups.enabled) {
    config.popups.messages.forEach((text, i) => {
      wait(config.popups.delaySeconds + i * STEP, signal, () => say(text));
    });
  }
  for (const trigger of config.triggers) watch(trigger, signal, () => say(trigger.message));
  if (config.widget.hideWhenAway) keepFresh(context);
}

/** Read again whether somebody is there when the visitor comes back to the page. */
function keepFresh(context: Context): void {
  const { api, signal } = context;
  let read = Date.now();
  const look = async (): Promise<void> => {
    if (document.hidden || Date.now() - read < REREAD_AFTER) return;
    read = Date.now();
    const fresh = await api.config(true, context.config.locale).catch(() => undefined);
    if (fresh && !signal.aborted) context.emit("status", { ...fresh.availability });
  };
  document.addEventListener("visibilitychange", () => void look(), { signal });
}
