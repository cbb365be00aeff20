// Where files are held over the panel, it says that they can be dropped.

import type { Context } from "../context";
import { h } from "../dom";

export function showWhereToDrop({ panel, texts, signal }: Context): void {
  const whole = panel.element;
  const over = h("div", { class: "drop", hidden: true }, h("span", {}, texts.dropHere!));
  const hide = (): void => void (over.hidden = true);
  const show = ({ dataTransfer }: DragEvent): void => {
    over.hidden = !dataTransfer?.types.includes("Files");
  };
  whole.append(over);
  whole.addEventListener("dragenter", show, { signal });
  whole.addEventListener("drop", hide, { signal });
  // Covering everything, it is left only when the panel is.
  over.addEventListener("dragleave", hide, { signal });
}
