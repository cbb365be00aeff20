// What is not needed at first: the pages beside the inbox, and what opens above it. Its part of the
// script comes when somebody wants it, or when there is nothing else to do.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { closeOverlay, overlay } from "./commands";
import type { Route } from "./routes";
import { complain } from "./toasts";

const IDLE_MS = 3_000;

const parts = signal<typeof import("./pages") | null>(null);
const isMissing = signal(false);

/** That part of the script, which is fetched if it is wanted. */
export function useLate(isWanted: boolean) {
  useEffect(() => void (isWanted && fetchParts()), [isWanted]);
  return isWanted ? parts.value : null;
}

export function LatePage({ route }: { route: Route }) {
  const late = useLate(true);
  if (late) return <late.Page route={route} />;
  return (
    <main class="page" id="main" tabIndex={-1} aria-busy={!isMissing.value}>
      {isMissing.value && (
        <p class="problem" role="alert">
          This page cannot be fetched.{" "}
          <button type="button" onClick={() => void fetchParts()}>Try again</button>
        </p>
      )}
    </main>
  );
}

export function LateOverlay() {
  const late = useLate(overlay.value !== "");
  useEffect(() => {
    const timer = setTimeout(() => void fetchParts(), IDLE_MS);
    return () => clearTimeout(timer);
  }, []);
  return late && (overlay.value === "help" ? <late.Help /> : <late.Palette />);
}

async function fetchParts(): Promise<void> {
  isMissing.value = false;
  try {
    parts.value ??= await import("./pages");
  } catch {
    isMissing.value = true;
    if (overlay.peek()) complain(new Error("This cannot be fetched now."));
    closeOverlay();
  }
}
