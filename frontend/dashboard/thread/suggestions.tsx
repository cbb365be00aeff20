// The list above the field of what could be written instead of what was typed.

import { useEffect, useRef } from "preact/hooks";
import type { Suggestion } from "./suggesting";

interface Props {
  all: Suggestion[];
  chosen: number;
  take(one: Suggestion): void;
}

export function Suggestions({ all, chosen, take }: Props) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current!.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen]);
  return (
    <ul ref={list} class="suggestions" id="suggestions" role="listbox" aria-label="Suggestions">
      {all.map((one, index) => (
        <li
          key={one.id}
          id={`suggestion-${index}`}
          role="option"
          aria-selected={index === chosen}
          // The field keeps the focus.
          onMouseDown={(event) => {
            event.preventDefault();
            take(one);
          }}
        >
          <b dir="auto">{one.label}</b>
          <span dir="auto">{one.more}</span>
        </li>
      ))}
    </ul>
  );
}
