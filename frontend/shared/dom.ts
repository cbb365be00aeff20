// Elements without HTML strings: nothing that a person or a model wrote can become markup.

export type Child = Node | string;
type Props = Record<string, string | boolean | EventListener | undefined>;

/** Make an element: `onclick` and the like are listeners, true and "" are bare attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** A link, or plain text where the address is not one of the web. */
export function link(address: string, text: string): Child {
  if (!/^https?:\/\//i.test(address)) return text;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text);
}
