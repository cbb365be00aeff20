// After too many messages: how long until the next one is taken.

import { h } from "../dom";

export type Countdown = (button: HTMLButtonElement, until: number) => void;

/** Let a button be used from then on, and count the seconds beside it for as long as it is shown. */
const countdown: Countdown = (button, until) => {
  const seconds = h("span", { "aria-hidden": "true" });
  button.after(seconds);
  const count = (): void => {
    const left = Math.ceil((until - Date.now()) / 1_000);
    button.disabled = left > 0;
    seconds.textContent = left > 0 ? ` ${left} s` : "";
    if (left > 0 && button.isConnected) setTimeout(count, 1_000);
  };
  count();
};

export default (): Countdown => countdown;
