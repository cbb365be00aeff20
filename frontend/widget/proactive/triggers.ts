// What a visitor does that the chat may speak up at; each trigger fires once in a page's life.

import type { Trigger } from "../messages";

const LIVELY = ["pointermove", "pointerdown", "keydown", "scroll", "touchstart"];

/** Call back once when the trigger fires; `signal` ends the watch. */
export function watch({ event, value }: Trigger, signal: AbortSignal, act: () => void): void {
  const over = new AbortController();
  const end = over.signal;
  signal.addEventListener("abort", () => over.abort(), { signal: end });
  const fire = (): void => {
    if (end.aborted) return;
    over.abort();
    act();
  };
  const number = Number(value) || 0;
  if (event === "time") wait(number, end, fire);
  if (event === "idle") idle(number, end, fire);
  if (event === "scroll") scrolled(number, end, fire);
  if (event === "exit") leaving(end, fire);
  if (event === "url") visited(value, end, fire);
}

export function wait(seconds: number, end: AbortSignal, fire: () => void): void {
  const timer = setTimeout(fire, seconds * 1000);
  end.addEventListener("abort", () => clearTimeout(timer));
}

function idle(seconds: number, end: AbortSignal, fire: () => void): void {
  let timer = setTimeout(fire, seconds * 1000);
  const restart = (): void => {
    clearTimeout(timer);
    timer = setTimeout(fire, seconds * 1000);
  };
  for (const sign of LIVELY) addEventListener(sign, restart, { passive: true, signal: end });
  end.addEventListener("abort", () => clearTimeout(timer));
}

/** How far down the page the visitor has got, in per cent of the way there is. */
function scrolled(percent: number, end: AbortSignal, fire: () => void): void {
  const look = (): void => {
    const { scrollHeight, clientHeight } = document.documentElement;
    const hidden = scrollHeight - clientHeight;
    if (hidden > 0 && (scrollY / hidden) * 100 >= percent) fire();
  };
  addEventListener("scroll", look, { passive: true, signal: end });
}

/** The pointer leaves the window by its top, where tabs and the address are. */
function leaving(end: AbortSignal, fire: () => void): void {
  const look = ({ clientY, relatedTarget }: MouseEvent): void => {
    if (!relatedTarget && clientY <= 0) fire();
  };
  document.addEventListener("mouseout", look, { signal: end });
}

/** The address contains the value, now or after the page has changed it. */
function visited(part: string, end: AbortSignal, fire: () => void): void {
  const look = (): void => {
    if (location.href.includes(part)) fire();
  };
  look();
  const { navigation } = window as { navigation?: EventTarget };
  navigation?.addEventListener("currententrychange", look, { signal: end });
  addEventListener("popstate", look, { signal: end });
  addEventListener("hashchange", look, { signal: end });
}
