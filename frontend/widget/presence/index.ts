// What only the teams of willing tenants see: which page the visitor is on, and what they are writing.

import type { Context } from "../context";
import { board } from "./board";
import { preview } from "./preview";

export default function presence(context: Context): void {
  if (context.config.presencePing) board(context);
  if (context.config.seesTyping) preview(context);
}
