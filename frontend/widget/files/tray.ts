// Files that go with the next message: on their way to the server, there, or refused.

import type { Context } from "../context";
import { h, iconButton } from "../dom";
import type { Attachment } from "../messages";
import type { Shown } from "./shown";
import { named, refusal, size } from "./words";

const MOST = 10;
const REMOVE = "M7 7l10 10M17 7L7 17";

interface Chip {
  element: HTMLElement;
  request: XMLHttpRequest;
  isBusy: boolean;
  attachment?: Attachment;
}

export class Tray {
  readonly #context: Context;
  readonly #shown: Shown;
  readonly #list = h("ul", { class: "chips" });
  #chips: Chip[] = [];

  constructor(context: Context, shown: Shown) {
    this.#context = context;
    this.#shown = shown;
    context.signal.addEventListener("abort", () => {
      for (const { request } of this.#chips) request.abort();
    });
  }

  add(files: readonly File[]): void {
    for (const file of files) {
      const chip = this.#chip(file);
      const code = this.#chips.length > MOST ? "too_many_files" : this.#problem(file);
      if (code) this.#refuse(chip, file, code);
      else void this.#upload(chip, file).catch(() => this.#refuse(chip, file, ""));
    }
    this.#tell();
  }

  /** What has arrived; what has not is no longer wanted. */
  take(): Attachment[] {
    const taken = this.#chips.flatMap(({ attachment }) => attachment ?? []);
    for (const { request } of this.#chips) request.abort();
    this.#chips = [];
    this.#list.replaceChildren();
    this.#tell();
    return taken;
  }

  #chip(file: File): Chip {
    const { texts, config } = this.#context;
    const label = named(texts.removeFile, file.name);
    const remove = iconButton(label, REMOVE, () => this.#remove(chip));
    const name = h("span", { dir: "auto", title: file.name }, file.name);
    const state = h("small", {}, size(file.size, config.locale));
    const element = h("li", {}, name, state, remove);
    const chip: Chip = { element, request: new XMLHttpRequest(), isBusy: false };
    this.#chips.push(chip);
    this.#list.append(element);
    return chip;
  }

  /** Why the server would refuse the file, as far as this can be known. */
  #problem({ size, type }: File): string {
    const { maxBytes = Infinity, types = [] } = this.#context.config.attachments ?? {};
    if (size > maxBytes) return "file_too_large";
    // A text has many types, and some files have none: there the content decides.
    const isKnown = !type || type.startsWith("text/") || types.includes(type);
    return isKnown ? "" : "unsupported_file";
  }

  async #upload(chip: Chip, file: File): Promise<void> {
    const { api, chat, panel, texts } = this.#context;
    chip.isBusy = true;
    const bar = h("progress", { max: "1", value: "0", "aria-label": named(texts.uploading, file.name) });
    chip.element.append(bar);
    const session = await chat.session();
    if (!this.#chips.includes(chip)) return;
    const answer = await send(chip.request, api.address("/attachments"), api.headers(session), file, bar);
    chip.isBusy = false;
    bar.remove();
    if (chip.request.status !== 201) return this.#refuse(chip, file, answer.code ?? "");
    chip.attachment = answer as Attachment;
    this.#shown.know(chip.attachment, file);
    panel.announce(named(texts.uploaded, file.name));
    this.#tell();
  }

  #refuse(chip: Chip, { name }: File, code: string): void {
    chip.isBusy = false;
    chip.element.classList.add("refused");
    chip.element.querySelector("progress")?.remove();
    const why = h("small", { role: "alert" }, refusal(this.#context.texts, code, name));
    chip.element.querySelector("small")!.replaceWith(why);
    this.#tell();
  }

  #remove(chip: Chip): void {
    chip.request.abort();
    chip.element.remove();
    this.#chips = this.#chips.filter((other) => other !== chip);
    this.#tell();
    this.#context.panel.focus();
  }

  #tell(): void {
    const isBusy = this.#chips.some((chip) => chip.isBusy);
    const hasAny = this.#chips.some((chip) => chip.attachment);
    this.#context.panel.enclose(this.#list, isBusy ? false : hasAny || undefined);
  }
}

/** Upload with a request that tells how far it is; what was aborted never answers. */
function send(
  request: XMLHttpRequest,
  address: string,
  headers: Record<string, string>,
  file: File,
  bar: HTMLProgressElement,
): Promise<Partial<Attachment> & { code?: string }> {
  const form = new FormData();
  form.append("file", file);
  return new Promise((done, fail) => {
    request.open("POST", address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => (bar.value = loaded / total);
    request.onload = () => done((request.response ?? {}) as Attachment);
    request.onerror = fail;
    request.send(form);
  });
}
