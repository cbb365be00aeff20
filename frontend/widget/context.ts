// What a chunk gets to work with, and how chunks come.
//
// A chunk is an ES module of its own, `frontend/widget/<name>/index.ts`, that is fetched when it is
// first needed. Its default export takes the widget's context, once for each widget, and what it
// returns is what `load` promises.

import type { Api } from "./api";
import type { Chat } from "./chat";
import type { Detail, EventName, Listener } from "./events";
import type { Session } from "./memory";
import type { Config } from "./messages";
import type { Panel } from "./panel";

export type ChunkName =
  | "alerts"
  | "conversations"
  | "countdown"
  | "files"
  | "forms"
  | "identity"
  | "narrow"
  | "polling"
  | "presence"
  | "proactive"
  | "problems"
  | "speech"
  | "talk"
  | "tools";

export interface Context {
  readonly config: Config;
  readonly texts: Record<string, string>;
  readonly api: Api;
  readonly chat: Chat;
  readonly panel: Panel;
  /** As it is now; none before the visitor has acted. */
  readonly session: Session | undefined;
  /** Aborted when the widget is destroyed or drawn anew: every listener and timer ends then. */
  readonly signal: AbortSignal;
  emit(name: EventName, detail?: Detail): void;
  /** For as long as what is drawn now. */
  on(name: EventName, listener: Listener): void;
  load<T>(name: ChunkName): Promise<T>;
  /** Go on as this visitor, or as nobody: what was shown goes, and everything is drawn anew. */
  adopt(session: Session | undefined): void;
}

export type Chunk<T> = (context: Context) => T;
