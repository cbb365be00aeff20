// What people and models wrote, as elements; none of it ever becomes markup.

import { useLayoutEffect, useRef } from "preact/hooks";
import { linked, markdown } from "../../shared/markdown";

/** Markdown; or with `isPlain` the text as it is, with its addresses made links. */
export function Rich({ text, isPlain = false }: { text: string; isPlain?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    box.current!.replaceChildren(...(isPlain ? linked : markdown)(text));
  }, [text, isPlain]);
  return <div ref={box} class={isPlain ? "text as-is" : "text"} dir="auto" />;
}

/** A link to a page of the web; text where it is no such thing. */
export function Outside({ url, text }: { url: string; text: string }) {
  if (!/^https?:\/\//i.test(url)) return <span dir="auto">{text || url}</span>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" dir="auto">
      {text || url}
    </a>
  );
}
