// Where the panel covers the page: the keyboard on the screen covers the panel, and the Tab key
// would leave it.

import type { Context } from "../context";
import type { Panel } from "../panel";

export default (context: Context): void => {
  makeRoom(context);
  goRound(context.panel);
};

/** Tell the style how much of the window is covered, at its top and at its bottom. */
function makeRoom({ panel, signal }: Context): void {
  const seen = window.visualViewport;
  const root = panel.element.parentElement!;
  if (!seen) return;
  const measure = (): void => {
    // Whoever has zoomed in wants to see a part of the panel, and not a smaller panel.
    const { height, offsetTop } = seen.scale > 1.01 ? { height: innerHeight, offsetTop: 0 } : seen;
    root.style.setProperty("--above", `${offsetTop}px`);
    root.style.setProperty("--below", `${Math.max(0, innerHeight - height - offsetTop)}px`);
  };
  seen.addEventListener("resize", measure, { signal });
  seen.addEventListener("scroll", measure, { signal });
  measure();
}

/** Where the panel covers the page, the focus stays inside. */
function goRound({ element }: Panel): void {
  element.addEventListener("keydown", (event) => {
    const isAside = element.closest(".inline") || !matchMedia("(width <= 480px)").matches;
    if (event.key !== "Tab" || isAside) return;
    const all = element.querySelectorAll<HTMLElement>("button,a,input,textarea,[tabindex='0']");
    const stops = [...all].filter((stop) => stop.offsetParent && !stop.matches(":disabled"));
    const [from, to] = event.shiftKey ? [0, -1] : [-1, 0];
    if ((element.getRootNode() as ShadowRoot).activeElement !== stops.at(from)) return;
    event.preventDefault();
    stops.at(to)!.focus();
  });
}
