// Speaking in the place of writing and reading, by the browser's own engines: fetched where the
// bubble's switch is on and the browser understands speech.

import type { Context } from "../context";
import type { Message } from "../messages";
import { Dictation } from "./dictation";
import { Microphone } from "./microphone";
import styles from "./speech.css";
import { Voice } from "./voice";

export default function speech(context: Context): void {
  const { panel, on, signal } = context;
  const voice = new Voice(context);
  const dictation = new Dictation(context);
  const microphone = new Microphone(context, dictation, () => voice.stop());
  const { composer, element } = panel;

  function end(): void {
    dictation.abort();
    voice.stop();
  }

  function typed(): void {
    // What the dictation wrote is told like what is typed.
    if (dictation.isWriting) return;
    end();
    microphone.calm();
    if (!panel.draft) dictation.hasWritten = false;
  }

  /** The box is emptied by sending, before this is called. */
  function sent(): void {
    if (panel.draft || !dictation.hasWritten) return;
    end();
    dictation.hasWritten = false;
    voice.expect();
  }

  function escaped(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    // The panel closes by it only when nobody is listening.
    if (dictation.isOn) event.stopPropagation();
    dictation.finish();
    voice.stop();
  }

  panel.dress(styles);
  composer.lastElementChild!.before(microphone.button);
  composer.addEventListener("input", typed, { signal });
  composer.addEventListener("submit", sent, { signal });
  composer.addEventListener("keydown", sent, { signal });
  element.addEventListener("keydown", escaped, { capture: true, signal });
  on("closed", end);
  on("message:received", ({ message }) => {
    const { author, language, text } = message as Message;
    if (author.kind !== "system") voice.read(text, language);
  });
  signal.addEventListener("abort", end);
}
