// The conversation: fetched when the chat is opened, or goes on from another page.

import type { Context } from "../context";
import { openDoor } from "./door";
import { Drawing } from "./drawing";
import { frame } from "./frame";
import { goRound, makeRoom } from "./keyboard";
import styles from "./talk.css";

export default function talk(context: Context): Drawing {
  context.panel.dress(styles);
  frame(context);
  makeRoom(context);
  goRound(context.panel);
  openDoor(context);
  return new Drawing(context);
}
