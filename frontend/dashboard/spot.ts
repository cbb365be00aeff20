// The way to one message: `/c/…?at=17` shows the seventeenth, as what was searched for.

import { effect } from "@preact/signals";
import { route } from "./routes";
import { loadEarlier, messagesOf, threadOf } from "./threads";
import { complain } from "./toasts";

const SHOWN_MS = 2_000;

let asked = "";

effect(() => {
  const { conversation: id, query } = route.value;
  const seq = Number(query.get("at"));
  if (!id || !seq) return void (asked = "");
  const { state, cursor } = threadOf(id).value;
  const oldest = messagesOf(id).peek()[0]?.seq ?? 0;
  if (state !== "ready" || asked === `${id} ${seq}`) return;
  if (cursor && oldest > seq) return void loadEarlier(id).catch(complain);
  asked = `${id} ${seq}`;
  // The list is drawn with the next frame, and then goes to its end.
  requestAnimationFrame(() => requestAnimationFrame(() => show(seq)));
});

function show(seq: number): void {
  const found = document.querySelector(`[data-seq="${seq}"]`);
  found?.scrollIntoView({ block: "center" });
  found?.classList.add("sought");
  setTimeout(() => found?.classList.remove("sought"), SHOWN_MS);
}
