// Shows the bubble that the page is about, in the page instead of over it.
const place = document.getElementById("chat");
const { code, locale } = place.dataset;
const token = new URLSearchParams(location.hash.slice(1)).get("resume");

/** The visitor's session, for the proof that a mail's link carries; nothing where it proves nothing. */
async function resumed() {
  if (!token) return undefined;
  // Neither the history nor whoever is sent this page's address shall have it.
  history.replaceState(null, "", location.pathname + location.search);
  const address = `/api/widgets/${encodeURIComponent(code)}/resume`;
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify({ token }) });
  if (!answer.ok) return undefined;
  const { sessionId, sessionSecret, conversationId } = await answer.json();
  return { sessionId, sessionSecret, conversationId };
}

resumed()
  .catch(() => undefined)
  .then((session) => {
    ChatWidget.mount({ code, target: place, session, ...(locale && { locale }) });
  });
