// What is said where there is nothing to show.

import { isAdmin, latest, me } from "./store";
import type { Loaded, View } from "./views";

const WORDS: Record<string, string> = {
  mine: "Nothing is assigned to you.",
  waiting: "Nobody is waiting.",
  unassigned: "Everything has somebody who looks after it.",
  all: "No conversation is open.",
  mentions: "Nobody has mentioned you.",
  pending: "Nothing is pending.",
  snoozed: "Nothing is snoozed.",
  closed: "No conversation has been closed yet.",
};

export function Empty({ view, state }: { view: View; state: Loaded["state"] }) {
  if (state === "new" || state === "loading") return <Loading />;
  if (state === "failed") return null;
  if (view.id === "all" && !latest.value.length) return <FirstVisitor />;
  return <p class="empty">{WORDS[view.id] ?? "No conversation is in this view."}</p>;
}

/** Rows that are about to come, without anything that moves. */
function Loading() {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {[0, 1, 2, 3, 4].map((one) => <i key={one} />)}
    </div>
  );
}

/** What a page includes to show the tenant's default bubble. */
function snippet(tenantId: string): string {
  const { origin } = location;
  return `<script src="${origin}/assets/chat-widget.js"></script>
<script>ChatWidget.mount({code: "${tenantId}", backendUrl: "${origin}"})</script>`;
}

function FirstVisitor() {
  const { id = "" } = me.value?.tenant ?? {};
  return (
    <div class="empty first">
      <span class="corner" aria-hidden="true" />
      <h3>Waiting for your first visitor</h3>
      <p>As soon as somebody writes on your site, the conversation appears here by itself.</p>
      {isAdmin.value ? (
        <>
          <p>Put this before the end of your pages:</p>
          <pre role="group" aria-label="Code for your pages">{snippet(id)}</pre>
          <a class="button" href={`/admin/start/${id}/`}>Set it up step by step</a>
        </>
      ) : (
        <p>Whoever manages your workspace puts the chat on your site.</p>
      )}
    </div>
  );
}
