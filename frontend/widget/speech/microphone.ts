// The button that listens while it is pressed in, and what it says when it cannot.

import type { Context } from "../context";
import { h, iconButton } from "../dom";
import type { Dictation } from "./dictation";

const MICROPHONE = "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4";
const STOP = "M8 8h8v8H8z";
const WORDS: Record<string, string> = {
  "not-allowed": "microphoneBlocked",
  "audio-capture": "microphoneMissing",
  "language-not-supported": "microphoneLanguage",
  "service-not-allowed": "microphoneOffline",
  network: "microphoneOffline",
};
/** Nobody spoke, or another widget of the page listens now. */
const NO_NEWS = ["no-speech", "aborted"];

export class Microphone {
  readonly button: HTMLButtonElement;
  readonly #context: Context;
  readonly #dictation: Dictation;
  /** Above what the visitor types instead. */
  readonly #notice = h("div", { class: "tray note alarm", hidden: true });

  constructor(context: Context, dictation: Dictation, pressed: () => void) {
    this.#context = context;
    this.#dictation = dictation;
    this.button = iconButton(context.texts.microphone, MICROPHONE, () => {
      pressed();
      this.#press();
    });
    this.button.classList.add("microphone");
    context.panel.composer.prepend(this.#notice);
    dictation.onchange = () => this.#show();
    dictation.onerror = (code) => this.#fail(code);
    this.#show();
    // However it goes out of sight: nobody is to be listened to unseen.
    const seen = new ResizeObserver(() => this.button.offsetParent || dictation.abort());
    seen.observe(this.button);
    context.signal.addEventListener("abort", () => seen.disconnect());
  }

  /** Take back what was said of an earlier attempt. */
  calm(): void {
    this.#notice.hidden = true;
  }

  #press(): void {
    if (this.#dictation.isOn) return this.#dictation.finish();
    this.calm();
    try {
      this.#dictation.start();
    } catch {
      // There is an engine by name only.
      this.#fail("");
      this.button.remove();
    }
  }

  #show(): void {
    const { isOn } = this.#dictation;
    this.button.setAttribute("aria-pressed", String(isOn));
    this.button.querySelector("path")!.setAttribute("d", isOn ? STOP : MICROPHONE);
  }

  #fail(code: string): void {
    if (NO_NEWS.includes(code)) return;
    const { panel, texts } = this.#context;
    const why = texts[WORDS[code] ?? "error"]!;
    this.#notice.textContent = why;
    this.#notice.hidden = false;
    panel.announce(why);
  }
}
