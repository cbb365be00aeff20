// A button with choices below it, for the pointer and for the keyboard.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface Choice {
  label: string;
  run(): void;
  /** Of one that can be on or off; whether only one of its kind can be on, `isOnly` tells. */
  isOn?: boolean;
  isOnly?: boolean;
}

interface Props {
  name: string;
  label: string;
  /** Shown instead of the label. */
  face?: ComponentChildren;
  choices: Choice[];
  /** Said where there are none. */
  nothing?: string;
}

const STEPS: Record<string, (at: number, last: number) => number> = {
  ArrowDown: (at, last) => (at >= last ? 0 : at + 1),
  ArrowUp: (at, last) => (at <= 0 ? last : at - 1),
  Home: () => 0,
  End: (_, last) => last,
};

/** The name of the menu that is open; keys open them by it. */
export const openMenu = signal("");

export function Menu({ name, label, face, choices, nothing }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const isOpen = openMenu.value === name;
  const leave = (): void => {
    openMenu.value = "";
    button.current?.focus();
  };
  return (
    <div class="menu" onFocusOut={({ currentTarget, relatedTarget }) => {
      if (isOpen && relatedTarget && !currentTarget.contains(relatedTarget as Node)) openMenu.value = "";
    }}>
      <button
        ref={button}
        type="button"
        class={face ? "plain" : undefined}
        aria-label={face ? label : undefined}
        title={face ? label : undefined}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => (openMenu.value = isOpen ? "" : name)}
      >
        {face ?? label}
      </button>
      {isOpen && <List label={label} choices={choices} nothing={nothing} leave={leave} />}
    </div>
  );
}

interface ListProps {
  label: string;
  choices: Choice[];
  nothing: string | undefined;
  leave(): void;
}

function List({ label, choices, nothing, leave }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  const items = (): HTMLElement[] => [...list.current!.querySelectorAll<HTMLElement>("button")];
  useEffect(() => {
    (items()[0] ?? list.current!).focus();
    const close = ({ target }: Event): void => {
      if (!list.current?.parentElement?.contains(target as Node)) openMenu.value = "";
    };
    addEventListener("pointerdown", close);
    return () => removeEventListener("pointerdown", close);
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey) return;
    event.stopPropagation();
    const all = items();
    const step = STEPS[event.key];
    if (event.key === "Escape") leave();
    else if (step) all[step(all.indexOf(document.activeElement as HTMLElement), all.length - 1)]?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={list}
      class="choices"
      role={choices.length ? "menu" : "group"}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {choices.map((one, index) => (
        <button
          key={`${index} ${one.label}`}
          type="button"
          role={one.isOn === undefined ? "menuitem" : one.isOnly ? "menuitemradio" : "menuitemcheckbox"}
          aria-checked={one.isOn}
          onClick={() => {
            leave();
            one.run();
          }}
        >
          <span dir="auto">{one.label}</span>
        </button>
      ))}
      {!choices.length && <p>{nothing}</p>}
    </div>
  );
}
