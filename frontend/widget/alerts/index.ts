// What makes somebody look who is elsewhere: the title of the page, and a sound.

import type { Context } from "../context";

export interface Alerts {
  /** So many messages wait to be read. */
  ring(unread: number): void;
}

const EVERY = 1_200;
/** Two soft tones, as frequency and the moment at which each begins. */
const TONES = [
  [660, 0],
  [880, 0.12],
] as const;
const LENGTH = 0.25;
const LOUDNESS = 0.08;

class Title {
  #theirs = "";
  #ours = "";
  #timer: number | undefined;

  /** Show a title by turns with the page's own, whatever the page makes of that meanwhile. */
  flash(title: string): void {
    this.restore();
    this.#ours = title;
    this.#timer = setInterval(() => this.#turn(), EVERY);
    this.#turn();
  }

  restore(): void {
    clearInterval(this.#timer);
    if (this.#ours && document.title === this.#ours) document.title = this.#theirs;
    this.#ours = "";
  }

  #turn(): void {
    if (document.title === this.#ours) document.title = this.#theirs;
    else [this.#theirs, document.title] = [document.title, this.#ours];
  }
}

export default function alerts({ config, texts, on, signal }: Context): Alerts {
  const title = new Title();
  let audio: AudioContext | undefined;

  const restore = (): void => void (document.hidden || title.restore());
  document.addEventListener("visibilitychange", restore, { signal });
  on("unread", ({ count }) => count || title.restore());
  signal.addEventListener("abort", () => {
    title.restore();
    void audio?.close();
  });

  function sound(): void {
    // Before a gesture browsers are silent, and complain.
    if (!config.widget.sound || !navigator.userActivation?.hasBeenActive) return;
    audio ??= new AudioContext();
    void audio.resume();
    for (const [frequency, after] of TONES) tone(audio, frequency, audio.currentTime + after);
  }

  return {
    ring(unread) {
      if (document.hidden) title.flash(`(${unread}) ${texts.newMessages}`);
      sound();
    },
  };
}

function tone(audio: AudioContext, frequency: number, at: number): void {
  const [voice, loudness] = [audio.createOscillator(), audio.createGain()];
  voice.frequency.value = frequency;
  loudness.gain.setValueAtTime(LOUDNESS, at);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + LENGTH);
  voice.connect(loudness).connect(audio.destination);
  voice.start(at);
  voice.stop(at + LENGTH);
}
