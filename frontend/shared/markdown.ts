// The Markdown that assistants and people write, as elements; whatever is not finished is text.

import { h, link, type Child } from "./dom";

const HEADING = /^#{1,6}\s+(.+)/;
const ITEM = /^\s*(?:[-*+•]|(\d{1,9})[.)])\s+(.+)/;
const FENCE = /^\s*```/;
const DEEPER = /^(?: {2}|\t)/;
/** By turns: code, a picture or link with its address, bold, italic, an address, an escape. */
const INLINE =
  /`([^`\n]+)`|!?\[([^[\]\n]{1,500})\]\((https?:\/\/[^\s)]+)\)|\*\*(?=\S)([^\n]{0,500}?\S)\*\*|(?<![\w*])([*_])(?=[^\s*_])([^\n]{0,500}?\S)\5(?![\w*])|https?:\/\/[^\s<>"']+|\\([\\`*_[\]()#+.!-])/g;
const ADDRESS = /https?:\/\/[^\s<>"']+/g;
const AFTER_ADDRESS = /[.,;:!?)\]}»”’*_]+$/;

export function markdown(text: string): Child[] {
  return blocks(text.trim().split("\n"));
}

/** Text with its web addresses made clickable, and nothing else. */
export function linked(text: string): Child[] {
  return inline(text, true);
}

function blocks(lines: string[]): Child[] {
  const made: Child[] = [];
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const heading = HEADING.exec(line);
    if (FENCE.test(line)) made.push(code(lines));
    else if (heading) made.push(h("p", {}, h("strong", {}, ...inline(heading[1]!))));
    else if (ITEM.test(line)) made.push(list([line, ...lines.splice(0, extent(lines))]));
    else if (line.trim()) made.push(h("p", {}, ...inline(paragraph(line, lines))));
  }
  return made;
}

function code(lines: string[]): Child {
  const end = lines.findIndex((line) => FENCE.test(line));
  const inside = lines.splice(0, end < 0 ? lines.length : end);
  lines.shift();
  return h("pre", { dir: "ltr", tabindex: "0" }, h("code", {}, inside.join("\n")));
}

/** How many of the following lines belong to a list that has begun. */
function extent(lines: string[]): number {
  const goesOn = (line: string | undefined) => line && (ITEM.test(line) || DEEPER.test(line));
  const end = lines.findIndex((line, i) => !goesOn(line) && (line.trim() || !goesOn(lines[i + 1])));
  return end < 0 ? lines.length : end;
}

function list(lines: string[]): Child {
  const number = ITEM.exec(lines[0]!)![1];
  const made = h(number ? "ol" : "ul", { start: number });
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const end = lines.findIndex((other) => other.trim() && !DEEPER.test(other));
    const inside = lines.splice(0, end < 0 ? lines.length : end);
    const below = blocks(inside.map((other) => other.replace(DEEPER, "")));
    made.append(h("li", {}, ...inline(ITEM.exec(line)?.[2] ?? line), ...below));
  }
  return made;
}

function paragraph(line: string, lines: string[]): string {
  const end = lines.findIndex(
    (other) => !other.trim() || [HEADING, ITEM, FENCE].some((begin) => begin.test(other)),
  );
  return [line, ...lines.splice(0, end < 0 ? lines.length : end)].join("\n");
}

function inline(text: string, isPlain = false): Child[] {
  const made: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(isPlain ? ADDRESS : INLINE)) {
    const [all, source, label, address, bold, , italic, escaped] = match;
    made.push(text.slice(end, match.index));
    end = match.index + all.length;
    if (source) made.push(h("code", {}, source));
    else if (address) made.push(link(address, label!));
    else if (bold) made.push(h("strong", {}, ...inline(bold)));
    else if (italic) made.push(h("em", {}, ...inline(italic)));
    else if (escaped) made.push(escaped);
    else {
      const bare = all.replace(AFTER_ADDRESS, "");
      made.push(link(bare, bare));
      end -= all.length - bare.length;
    }
  }
  return [...made, text.slice(end)];
}
