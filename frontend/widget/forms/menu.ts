// The menu of the head: a menu button's keys, and what a conversation can be asked for.

import { h, icon } from "../dom";

export interface Entry {
  label: string;
  icon: string;
  act: () => void;
}

/** Open the menu of a button, or close the one that is open. */
export function toggleMenu(button: HTMLButtonElement, entries: Entry[]): void {
  if (button.nextElementSibling) {
    button.nextElementSibling.remove();
    button.setAttribute("aria-expanded", "false");
    return;
  }
  const items = entries.map(({ label, icon: path, act }) => {
    const onclick = (): void => {
      close();
      act();
    };
    const item = h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick });
    item.append(icon(path), label);
    return item;
  });
  const label = button.getAttribute("aria-label")!;
  // Not every browser lets a mouse focus a button; then the menu itself has the focus, and stays.
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, tabindex: "-1" });
  menu.append(...items);

  function close(): void {
    // Removing what has the focus would tell of its loss in the midst of it.
    button.focus();
    menu.remove();
    button.setAttribute("aria-expanded", "false");
  }
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf((menu.getRootNode() as ShadowRoot).activeElement as never);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) items.at(to % items.length)!.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget !== button && !menu.contains(relatedTarget as Node | null)) {
      menu.remove();
      button.setAttribute("aria-expanded", "false");
    }
  });
  button.setAttribute("aria-expanded", "true");
  button.after(menu);
  items[0]!.focus();
}
