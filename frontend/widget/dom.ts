// Elements of the bubble, and those of everybody.

import { h } from "../shared/dom";

export { h, link, type Child } from "../shared/dom";

const SVG = "http://www.w3.org/2000/svg";

/** The direction of a text: that of most of it, as what it begins with may be a foreign name. */
export function direction(text: string): string {
  return 2 * text.replace(/[^\u0590-\u08ff]/g, "").length > text.length ? "rtl" : "auto";
}

/** A 24-pixel line drawing. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** A button without words, but for those who are read to. */
export function iconButton(
  label: string | undefined,
  path: string,
  onclick: (event: Event) => void,
): HTMLButtonElement {
  const button = h("button", { class: "plain", type: "button", "aria-label": label, onclick });
  button.append(icon(path));
  return button;
}

/** A picture, and what is there instead where it cannot be shown. */
export function picture(source: string, instead: Node | string, alt = ""): HTMLElement {
  const image = h("img", { src: source, alt, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(instead));
  return image;
}
