// The conversation: fetched when the chat is opened, or goes on from another page.

import type { Context } from "../context";
import { Drawing } from "./drawing";
import { makeRoom } from "./keyboard";
import styles from "./talk.css";

export default function talk(context: Context): Drawing {
  context.panel.dress(styles);
  makeRoom(context);
  return new Drawing(context);
}
