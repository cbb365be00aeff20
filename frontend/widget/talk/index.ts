// The conversation: fetched when the chat is opened, or goes on from another page.

import type { Context } from "../context";
import { openDoor } from "./door";
import { Drawing } from "./drawing";
import { frame } from "./frame";
import styles from "./talk.css";

export default function talk(context: Context): Drawing {
  context.panel.dress(styles);
  frame(context);
  coverWhereNarrow(context);
  openDoor(context);
  listenWhereWanted(context);
  return new Drawing(context);
}

function listenWhereWanted({ config, load }: Context): void {
  const understands = "SpeechRecognition" in window || "webkitSpeechRecognition" in window;
  if (config.widget.microphone && understands) void load("speech").catch(() => undefined);
}

function coverWhereNarrow({ load, signal }: Context): void {
  const narrow = matchMedia("(width <= 480px)");
  const look = (): void => void (narrow.matches && load("narrow").catch(() => undefined));
  narrow.addEventListener("change", look, { signal });
  look();
}
