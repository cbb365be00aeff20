// Keyboards on the screen cover the page instead of making it smaller.

import type { Context } from "../context";

/** Tell the style how much of the window is covered, at its top and at its bottom. */
export function makeRoom({ panel, signal }: Context): void {
  const seen = window.visualViewport;
  const root = panel.log.element.closest<HTMLElement>(".root");
  if (!seen || !root) return;
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
