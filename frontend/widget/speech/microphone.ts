// The button that listens while it is pressed in, and what it says when it cannot.

import type { Context } from "../context";
import { iconButton } from "../dom";
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
  /** What stood in the place of the notice. */
  #before = "";
  #notice = "";

  constructor(context: Context, dictation: Dictation, pressed: () => void) {
    this.#context = context;
    this.#dictation = dictation;
    this.button = iconButton(context.texts.microphone, MICROPHONE, () => {
      pressed();
      this.#press();
    });
    this.button.classList.add("microphone");
    dictation.onchange = () => this.#show();
    dictation.onerror = (code) => this.#fail(code);
    this.#show();
    // However it goes out of sight: nobody is to be listened to unseen.
    const seen = new ResizeObserver(() => this.button.offsetParent || dictation.abort());
    seen.observe(this.button);
    context.signal.addEventListener("abort", () => seen.disconnect());
  }

  #press(): void {
    if (this.#dictation.isOn) return this.#dictation.finish();
    const { status } = this.#context.panel;
    if (this.#notice && status.textContent === this.#notice) status.textContent = this.#before;
    this.#notice = "";
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
    this.#before = panel.status.textContent!;
    this.#notice = texts[WORDS[code] ?? "error"]!;
    panel.status.textContent = this.#notice;
    panel.announce(this.#notice);
  }
}
