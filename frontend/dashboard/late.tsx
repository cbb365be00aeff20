// The pages beside the inbox, whose part of the script comes when somebody goes there.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { Route } from "./routes";

const page = signal<ComponentType<{ route: Route }> | null>(null);
const isMissing = signal(false);

export function LatePage({ route }: { route: Route }) {
  useEffect(() => void fetchPages(), []);
  const Page = page.value;
  if (Page) return <Page route={route} />;
  return (
    <main class="page" id="main" tabIndex={-1} aria-busy={!isMissing.value}>
      {isMissing.value && (
        <p class="problem" role="alert">
          This page cannot be fetched.{" "}
          <button type="button" onClick={() => void fetchPages()}>Try again</button>
        </p>
      )}
    </main>
  );
}

async function fetchPages(): Promise<void> {
  isMissing.value = false;
  try {
    const { Page } = await import("./pages");
    page.value = Page;
  } catch {
    isMissing.value = true;
  }
}
