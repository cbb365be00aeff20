// Files in both directions: fetched when the first one is to be sent, or to be seen.

import type { Context } from "../context";
import { showWhereToDrop } from "./drop";
import styles from "./files.css";
import { Shown } from "./shown";
import { Tray } from "./tray";

export interface Files {
  /** Enclose files with the next message; none are only about to come. */
  add(files: readonly File[]): void;
}

export default function files(context: Context): Files {
  context.panel.dress(styles);
  const shown = new Shown(context);
  const tray = new Tray(context, shown);
  showWhereToDrop(context);
  context.panel.log.files((message) => shown.list(message.attachments));
  context.chat.takeFiles = () => tray.take();
  return {
    add(files) {
      if (files.length) tray.add(files);
    },
  };
}
