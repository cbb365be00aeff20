// What is said of the connection, once it is worth saying; and the short notices below.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connection, connectionProblem } from "./store";
import { dismiss, toasts, type Toast } from "./toasts";

const BLIP_MS = 1_500;

/** A line above everything while what is shown may be old; blips are not worth it. */
export function ConnectionBar() {
  const isLong = useSignal(false);
  const state = connection.value;
  useEffect(() => {
    isLong.value = false;
    if (state === "online") return undefined;
    const timer = setTimeout(() => (isLong.value = true), BLIP_MS);
    return () => clearTimeout(timer);
  }, [state === "online"]);
  const isShown = state !== "online" && isLong.value;
  return (
    <div class={`connection ${state}`} role="status" hidden={!isShown}>
      {isShown && (state === "offline" ? offline() : "Reconnecting…")}
    </div>
  );
}

function offline(): string {
  if (!navigator.onLine) return "You are offline. What you write is kept and can be sent again.";
  const why = connectionProblem.value || "The server, or the proxy in front of it, does not answer.";
  return `No live connection. ${why} Trying again; meanwhile this page looks for news every 15 s.`;
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => <Notice key={one.id} {...one} />)}
    </div>
  );
}

function Notice({ id, text, undo, isProblem }: Toast) {
  return (
    <div class={isProblem ? "toast problem" : "toast"}>
      <span>{text}</span>
      {undo && <button type="button" onClick={undo}>Undo</button>}
      <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(id)}>✕</button>
    </div>
  );
}
