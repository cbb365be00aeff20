// What the pages tell visitors of the team: whether it is open, and how soon it answers.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isAdmin, me, onEvent } from "../../store";
import { lasted } from "../parts";

interface Expected {
  status: "online" | "away" | "closed";
  opensAt: string | null;
  usualReplySeconds: number | null;
}

const PAUSE = 1_000;
const WORDS = {
  online: "Open. Whoever asks for a person is told that the team is there.",
  away: "Open, but nobody is there, and whoever asks for a person is told so.",
  closed: "Closed, and whoever asks for a person is told so, unless a member is there.",
};

export function Hours() {
  const expected = useSignal<Expected | null>(null);
  useEffect(() => {
    let timer: number | undefined;
    const load = async (): Promise<void> => void (expected.value = await read(me.value!.tenant.id).catch(() => null));
    const forget = onEvent(({ type }) => {
      if (type !== "member:availability") return;
      clearTimeout(timer);
      timer = setTimeout(() => void load(), PAUSE);
    });
    void load();
    return () => {
      clearTimeout(timer);
      forget();
    };
  }, []);
  const bubble = isAdmin.value ? <a href="/admin/widgets/bubble/" target="_blank" rel="noopener">its settings</a> : "its settings";
  return (
    <>
      <h3>Hours</h3>
      {expected.value && <p role="status">{worded(expected.value)}</p>}
      <p class="quiet">This is what your default bubble says. The hours of each bubble, and whose queue its visitors wait in, are in {bubble}.</p>
    </>
  );
}

/** The address is the visitors', who have no token of a member. */
async function read(tenantId: string): Promise<Expected | null> {
  const response = await fetch(`/api/widgets/${encodeURIComponent(tenantId)}/config`);
  return response.ok ? (await response.json()).config.availability : null;
}

function worded({ status, opensAt, usualReplySeconds }: Expected): string {
  const opening = opensAt && new Date(opensAt).toLocaleString(undefined, { weekday: "long", hour: "2-digit", minute: "2-digit" });
  const reply = usualReplySeconds !== null && usualReplySeconds >= 60 && lasted(usualReplySeconds * 1000);
  return [WORDS[status], opening && `It opens on ${opening}.`, reply && `Usual time to the first reply: ${reply}.`].filter(Boolean).join(" ");
}
