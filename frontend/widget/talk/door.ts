// Where files come in: by a button, by pasting, and dropped on the panel.

import type { Context } from "../context";
import { h, iconButton } from "../dom";
import type { Files } from "../files";

const CLIP = "M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L10 17a1.6 1.6 0 0 1-2.4-2.4L15 7";

export function openDoor({ config, load, panel, texts }: Context): void {
  if (!config.fileUpload) return;

  /** None yet while they are held over the panel. */
  function attach(files: File[]): void {
    load<Files>("files").then(
      (chunk) => chunk.add(files),
      () => panel.apologize(),
    );
  }

  function give(event: Event, given: DataTransfer | null): void {
    if (!given?.files.length) return;
    event.preventDefault();
    attach([...given.files]);
  }

  const accept = config.attachments.types.join();
  const input = h("input", { type: "file", multiple: true, hidden: true, accept });
  input.addEventListener("change", () => {
    attach([...input.files!]);
    input.value = "";
    panel.focus();
  });
  const clip = iconButton(texts.attach, CLIP, () => input.click());
  panel.composer.lastElementChild!.before(input, clip);
  panel.composer.addEventListener("paste", (event) => give(event, event.clipboardData));
  const { element } = panel;
  element.addEventListener("dragenter", () => attach([]));
  element.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  element.addEventListener("drop", (event) => give(event, event.dataTransfer));
}
