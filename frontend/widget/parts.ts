// How the parts of the widget come that are no part of its script: each when it is first needed.

import type { Chunk, ChunkName, Context } from "./context";

/** The beginning of the digest of all sources, which the build puts here. */
declare const VERSION: string;

// Browsers note what failed: each failure makes other addresses of what is asked for next.
let failures = 0;

/** A chunk's default export. */
export async function fetchPart<T>(base: string, name: ChunkName): Promise<T> {
  const again = failures ? `&again=${failures}` : "";
  const address = `${base}/assets/chat-widget-${name}.js?v=${VERSION}${again}`;
  try {
    return ((await import(address)) as { default: T }).default;
  } catch (error) {
    failures++;
    throw error;
  }
}

/** The parts that are at work in one scene. */
export class Parts {
  readonly #base: string;
  readonly #all = new Map<ChunkName, Promise<unknown>>();

  constructor(base: string) {
    this.#base = base;
  }

  has(name: ChunkName): boolean {
    return this.#all.has(name);
  }

  /** What its export makes of the context; rejected if it cannot be had, and tried anew then. */
  load<T>(name: ChunkName, context: Context): Promise<T> {
    const known = this.#all.get(name) as Promise<T> | undefined;
    if (known) return known;
    const made = fetchPart<Chunk<T>>(this.#base, name).then((chunk) => chunk(context));
    this.#all.set(name, made);
    made.catch(() => this.#all.delete(name));
    return made;
  }
}
