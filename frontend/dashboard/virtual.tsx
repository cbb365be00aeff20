// A list of which only what is on the screen is in the document: rows of one height.

import { signal, useSignal, type Signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  ids: string[];
  height: number;
  /** The one that must stay in the document, as it has the focus. */
  active: string | null;
  /** Whenever it changes, the active one is brought into view and gets the focus. */
  grabbed: number;
  row: ComponentType<{ id: string; index: number; total: number; top: number }>;
  label: string;
  /** There are more than those that we have. */
  hasMore: boolean;
  onEnd(): void;
}

const AROUND = 6;
const NEAR_END = 40;

export function Virtual({ ids, height, active, grabbed, row: Row, label, hasMore, onEnd }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const room = useRoom(box);
  const first = Math.max(0, Math.floor(top.value / height) - AROUND);
  const last = Math.min(ids.length, Math.ceil((top.value + room.value) / height) + AROUND);
  const at = active === null ? -1 : ids.indexOf(active);

  // Before the next key can come.
  useLayoutEffect(() => {
    if (!grabbed || at < 0) return;
    show(box.current!, at * height, height);
    box.current!.querySelector<HTMLElement>(`[data-id="${CSS.escape(active!)}"] a`)?.focus({ preventScroll: true });
  }, [grabbed]);
  useEffect(() => {
    if (hasMore && last > ids.length - NEAR_END) onEnd();
  });

  const shown = [];
  if (at >= 0 && at < first) shown.push(at);
  for (let index = first; index < last; index++) shown.push(index);
  if (at >= last && at < ids.length) shown.push(at);
  const total = hasMore ? -1 : ids.length;
  return (
    <div
      class="rows"
      ref={box}
      onScroll={({ currentTarget }) => (top.value = currentTarget.scrollTop)}
    >
      <ul aria-label={label} style={{ height: `${ids.length * height}px` }}>
        {shown.map((index) => {
          const id = ids[index]!;
          return <Row key={id} id={id} index={index} total={total} top={index * height} />;
        })}
      </ul>
    </div>
  );
}

/** How high the box is. */
function useRoom(box: { current: HTMLElement | null }): Signal<number> {
  const room = useRef(signal(800)).current;
  useEffect(() => {
    const observer = new ResizeObserver(() => (room.value = box.current?.clientHeight ?? 0));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return room;
}

function show(box: HTMLElement, top: number, height: number): void {
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
}
