// The list of conversations. It never moves under somebody's pointer or keyboard: what is new is
// told of above it until they ask for it or look away.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { actOnAll, close } from "./actions";
import { Empty } from "./empty";
import * as listing from "./listing";
import { preferences } from "./preferences";
import { go, pathOfView } from "./routes";
import { Row } from "./row";
import { member } from "./store";
import { loadMore, loadedOf, orderOf, views, type View } from "./views";
import { Virtual } from "./virtual";

const HEIGHTS = { comfortable: 68, compact: 44 };

export function List() {
  const view = listing.currentView.value;
  const pages = loadedOf(view);
  const { state, cursor, problem } = pages.value;
  const isHovered = useSignal(false);
  const isFocused = useSignal(false);
  const order = orderOf(view).value;
  const { ids, news, adopt } = useHeld(pages, order, isHovered.value || isFocused.value);
  // Before the next key can come.
  useLayoutEffect(() => void (listing.rows.value = ids), [ids]);
  useEffect(() => {
    if (state === "new") void loadMore(view);
    listing.untickAll();
    listing.active.value = null;
  }, [pages]);

  return (
    <section
      class="list"
      aria-label={view.name}
      onMouseEnter={() => (isHovered.value = true)}
      onMouseLeave={() => (isHovered.value = false)}
      onFocusIn={() => (isFocused.value = true)}
      onFocusOut={() => (isFocused.value = false)}
    >
      <Head view={view} />
      {listing.ticked.value.size > 0 && <Bulk />}
      {news > 0 && (
        <button type="button" class="pill" onClick={adopt}>
          {news} new
        </button>
      )}
      {problem && <Failed problem={problem} view={view} />}
      {ids.length > 0 ? (
        <Virtual
          key={view.id}
          ids={ids}
          height={HEIGHTS[preferences.value.density]}
          active={listing.active.value}
          grabbed={listing.grabbed.value}
          row={Row}
          label={view.name}
          hasMore={cursor !== null}
          onEnd={() => state === "ready" && void loadMore(view)}
        />
      ) : (
        <Empty view={view} state={state} />
      )}
    </section>
  );
}

/** The order as it was when somebody began to point at it, with what was loaded behind it. */
function useHeld(pages: object, order: string[], isHeld: boolean) {
  const kept = useRef({ pages, ids: order, released: 0 });
  const forced = useSignal(0);
  const released = listing.released.value + forced.value;
  const now = kept.current;
  if (!isHeld || now.pages !== pages || now.released !== released || !now.ids.length) {
    kept.current = { pages, ids: order, released };
  }
  const { ids } = kept.current;
  const held = useMemo(() => (ids === order ? { ids, news: 0 } : hold(ids, order)), [ids, order]);
  return { ...held, adopt: () => void forced.value++ };
}

function hold(ids: string[], order: string[]): { ids: string[]; news: number } {
  const held = new Set(ids);
  const current = new Set(order);
  const end = ids.findLast((id) => current.has(id));
  const behind = end === undefined ? [] : order.slice(order.indexOf(end) + 1).filter((id) => !held.has(id));
  const unseen = order.filter((id) => !held.has(id)).length - behind.length;
  const moved = Math.max(0, order.indexOf(ids.find((id) => current.has(id)) ?? ""));
  return { ids: behind.length ? [...ids, ...behind] : ids, news: Math.max(unseen, moved) };
}

function Head({ view }: { view: View }) {
  return (
    <header class="head">
      <h2>{view.name}</h2>
      <select
        aria-label="View"
        value={view.id}
        onChange={({ currentTarget }) => go(pathOfView(currentTarget.value))}
      >
        {views.value.map(({ id, name, count }) => (
          <option key={id} value={id}>{count ? `${name} (${count})` : name}</option>
        ))}
      </select>
      {view.count ? <span class="count">{view.count}</span> : null}
    </header>
  );
}

function Failed({ problem, view }: { problem: string; view: View }) {
  return (
    <p class="problem" role="alert">
      {problem} <button type="button" onClick={() => void loadMore(view)}>Try again</button>
    </p>
  );
}

/** What is done to all that are ticked. */
function Bulk() {
  const ids = [...listing.ticked.value];
  const done = (): void => {
    listing.untickAll();
    listing.release();
  };
  const all = (what: string, how: object, shown: object) => () => {
    void actOnAll(ids, what, how, shown);
    done();
  };
  const own = member.value?.id ?? null;
  return (
    <div class="bulk" role="group" aria-label="What to do with those selected">
      <span>{ids.length} selected</span>
      <button type="button" onClick={all("assign", { memberId: own }, { assigneeId: own })}>To me</button>
      <button type="button" onClick={all("read", {}, { unread: 0 })}>Read</button>
      <button type="button" onClick={() => (close(...ids), done())}>Close</button>
      <button type="button" aria-label="Clear selection" onClick={done}>✕</button>
    </div>
  );
}
