// The answer to what was dictated, read aloud.

import type { Context } from "../context";
import { withRegion } from "./language";

/** What Markdown writes around words, and nobody says. */
const MARKS = /\]\(\S*?\)|^\s*(?:#{1,6}|[-*+•])\s+|!?\[|[\]*`\\]|(?<!\w)_+|_+(?!\w)/gm;
/** Of an address only its host is said. */
const ADDRESS = /https?:\/\/([^\s/)]+)[^\s)]*/g;
/** Browsers fall silent in the middle of what is long, so that each sentence goes by itself. */
const BREAKS = /(?<=\p{L}[.!?؟])\s+|\n+|(?<=[。！？])/u;

export class Voice {
  readonly #locale: string;
  #isExpecting = false;
  /** The last one of ours that is to be heard. */
  #last: SpeechSynthesisUtterance | undefined;

  constructor(context: Context) {
    this.#locale = context.config.locale;
  }

  /** Read the next answer. */
  expect(): void {
    if (!("speechSynthesis" in window)) return;
    this.#isExpecting = true;
    // Safari on telephones speaks only once it was asked to within a gesture.
    speechSynthesis.speak(new SpeechSynthesisUtterance(""));
  }

  /** Say it in its language, or in ours if nothing tells that, if an answer is expected. */
  read(text: string, language?: string): void {
    if (!this.#isExpecting) return;
    this.#isExpecting = false;
    const lang = withRegion(language || this.#locale);
    for (const sentence of spoken(text)) {
      const utterance = Object.assign(new SpeechSynthesisUtterance(sentence), { lang });
      utterance.onend = () => {
        if (this.#last === utterance) this.#last = undefined;
      };
      this.#last = utterance;
      speechSynthesis.speak(utterance);
    }
  }

  /** Be silent, and expect nothing more; what the page itself says goes on. */
  stop(): void {
    this.#isExpecting = false;
    if (this.#last) speechSynthesis.cancel();
    this.#last = undefined;
  }
}

/** What is said of an answer, sentence by sentence. */
function spoken(text: string): string[] {
  const plain = text.replace(MARKS, "").replace(ADDRESS, "$1");
  return plain.split(BREAKS).filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}
