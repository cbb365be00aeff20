// What the page lets assistants do: functions that it registered, each call of which runs once.

import type { ToolRequest } from "./messages";

export type Tool = (args: Record<string, unknown>) => unknown;
export type Answer = { result: unknown } | { error: string };

const LONGEST_ERROR = 1_000;
const LARGEST_RESULT = 32 * 1024;
// The page in front may know the tool; if there is none, the assistant waits no longer than this.
const BACKGROUND_PATIENCE = 5_000;

export class Tools {
  readonly #tools = new Map<string, Tool>();
  readonly #called = new Set<string>();

  register(name: string, tool: Tool): void {
    this.#tools.set(name, tool);
  }

  /** Make a call and tell what came of it; a call that comes again is not made again. */
  async call(request: ToolRequest, tell: (answer: Answer) => void): Promise<void> {
    if (this.#called.has(request.id)) return;
    this.#called.add(request.id);
    const tool = this.#tools.get(request.name);
    if (!tool) {
      const patience = document.hidden ? BACKGROUND_PATIENCE : 0;
      setTimeout(tell, patience, { error: `This page has no tool ${request.name}.` });
      return;
    }
    try {
      // What cannot travel is noticed here, by whoever wrote it.
      const text = JSON.stringify((await tool(request.args)) ?? null);
      if (new Blob([text]).size > LARGEST_RESULT) throw new Error("The result is too large.");
      tell({ result: JSON.parse(text) as unknown });
    } catch (error) {
      tell({ error: (String(error) || "Error").slice(0, LONGEST_ERROR) });
    }
  }
}
