// Tells the team what the visitor is writing, before it is sent.

import type { Context } from "../context";

const TOLD_EVERY = 1_000;
const LENGTH = 500;

export function preview({ chat, panel, signal }: Context): void {
  let timer: number | undefined;
  let told = "";

  function tell(): void {
    timer = undefined;
    const text = [...panel.draft].slice(-LENGTH).join("");
    if (text === told) return;
    chat.tell({ type: "typing", typing: !!text, text });
    told = text;
  }

  function changed(): void {
    timer ??= setTimeout(tell, TOLD_EVERY);
  }

  for (const name of ["input", "submit"]) {
    panel.composer.addEventListener(name, changed, { signal });
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
}
