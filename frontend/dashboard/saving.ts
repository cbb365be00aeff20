// Having the browser keep a file of the REST, which it cannot ask for without the token.

import { fetchAs } from "./api";

const MINUTE = 60_000;

/** Raises Refusal. */
export async function save(path: string, name: string): Promise<void> {
  const file = await (await fetchAs("GET", path)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The download begins after this.
  setTimeout(() => URL.revokeObjectURL(link.href), MINUTE);
}
