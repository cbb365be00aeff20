// What the page lets assistants do: functions that it registered, each call of which runs once.

import type { ToolRequest } from "./messages";
import type { Call } from "./tools/index";

export type Tool = (args: Record<string, unknown>) => unknown;
export type Answer = { result: unknown } | { error: string };

export class Tools {
  readonly #fetch: () => Promise<Call>;
  readonly #tools = new Map<string, Tool>();
  readonly #called = new Set<string>();

  constructor(fetch: () => Promise<Call>) {
    this.#fetch = fetch;
  }

  register(name: string, tool: Tool): void {
    this.#tools.set(name, tool);
  }

  /** Make a call and tell what came of it; a call that comes again is not made again. */
  async call(request: ToolRequest, tell: (answer: Answer) => void): Promise<void> {
    if (this.#called.has(request.id)) return;
    this.#called.add(request.id);
    const tool = this.#tools.get(request.name);
    const answer = await this.#fetch().then(
      (call) => call(tool, request),
      (error) => ({ error: String(error) }),
    );
    tell(answer);
  }
}
