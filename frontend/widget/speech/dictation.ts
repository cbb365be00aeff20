// What the visitor says, written into the box behind what stands there already.

import type { Context } from "../context";
import { withRegion } from "./language";

/** The browser's engine, as far as it is used here. */
interface Engine extends EventTarget {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  start(): void;
  stop(): void;
  abort(): void;
}

type Engines = Partial<Record<"SpeechRecognition" | "webkitSpeechRecognition", new () => Engine>>;

/** Languages that put nothing between words. */
const UNSPACED = /^(ja|zh|th|lo|km|my)/;

export class Dictation {
  /** Whether it listens. */
  isOn = false;
  /** While its own words go into the box. */
  isWriting = false;
  /** Whether what stands in the box was dictated, wholly or in part. */
  hasWritten = false;
  onchange: (() => void) | undefined;
  onerror: ((code: string) => void) | undefined;
  readonly #context: Context;
  readonly #language: string;
  /** From the start until nothing more can come. */
  #run: AbortController | undefined;
  #engine: Engine | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#language = withRegion(context.config.locale);
  }

  /** Raises what the engine raises, if it cannot be had. */
  start(): void {
    this.abort();
    const { panel } = this.#context;
    const all = window as Engines;
    const engine = new (all.SpeechRecognition ?? all.webkitSpeechRecognition)!();
    const run = new AbortController();
    const before = panel.draft && `${panel.draft.trimEnd()} `;
    const on = (name: string, heard: (event: Event) => void): void =>
      engine.addEventListener(name, heard, { signal: run.signal });
    engine.lang = this.#language;
    engine.interimResults = true;
    // On Android, Chrome ends after a sentence anyhow, and would say again what it has said.
    engine.continuous = !navigator.userAgent.includes("Android");
    on("result", (event) => this.#write(before, (event as SpeechRecognitionEvent).results));
    on("error", (event) => this.onerror!((event as SpeechRecognitionErrorEvent).error));
    on("end", () => this.abort());
    engine.start();
    [this.#run, this.#engine] = [run, engine];
    this.#set(true);
  }

  /** Listen no more, and write what was said so far. */
  finish(): void {
    this.#engine?.stop();
    this.#set(false);
  }

  /** Listen no more, and write nothing more. */
  abort(): void {
    this.#run?.abort();
    this.#engine?.abort();
    this.#run = this.#engine = undefined;
    this.#set(false);
  }

  #set(isOn: boolean): void {
    if (isOn === this.isOn) return;
    this.isOn = isOn;
    // Who does not see it hears what was understood.
    if (!isOn && this.hasWritten) this.#context.panel.announce(this.#context.panel.draft);
    this.onchange!();
  }

  #write(before: string, results: SpeechRecognitionResultList): void {
    const words = Array.from(results, (result) => result[0]!.transcript.trim()).filter(Boolean);
    const said = words.join(UNSPACED.test(this.#language) ? "" : " ");
    const field = this.#context.panel.composer.querySelector("textarea")!;
    if (!said) return;
    field.value = (before + said).slice(0, field.maxLength);
    this.hasWritten = this.isWriting = true;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    this.isWriting = false;
    field.scrollTop = field.scrollHeight;
  }
}
