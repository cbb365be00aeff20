// A call of one of the page's functions, and what comes of it.

import type { ToolRequest } from "../messages";
import type { Answer, Tool } from "../tools";

export type Call = (tool: Tool | undefined, request: ToolRequest) => Promise<Answer>;

const LONGEST_ERROR = 1_000;
const LARGEST_RESULT = 32 * 1024;
// The page in front may know the tool; if there is none, the assistant waits no longer than this.
const BACKGROUND_PATIENCE = 5_000;

const call: Call = async (tool, request) => {
  if (!tool) {
    const patience = document.hidden ? BACKGROUND_PATIENCE : 0;
    await new Promise((done) => setTimeout(done, patience));
    return { error: `This page has no tool ${request.name}.` };
  }
  try {
    // What cannot travel is noticed here, by whoever wrote it.
    const text = JSON.stringify((await tool(request.args)) ?? null);
    if (new Blob([text]).size > LARGEST_RESULT) throw new Error("The result is too large.");
    return { result: JSON.parse(text) as unknown };
  } catch (error) {
    return { error: (String(error) || "Error").slice(0, LONGEST_ERROR) };
  }
};

export default call;
