// Files of messages: pictures as thumbnails, others by name; a click saves either.

import type { Context } from "../context";
import { h, icon } from "../dom";
import type { Attachment } from "../messages";
import { named, size } from "./words";

const FILE = "M6 3h8l4 4v14H6zM14 3v4h4";
/** As large as a thumbnail is drawn, in points of a dense screen. */
const [WIDTH, HEIGHT] = [400, 300];
const REVOKED_AFTER = 60_000;

export class Shown {
  readonly #context: Context;
  readonly #pictures = new Map<string, Promise<ImageBitmap>>();
  readonly #addresses = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => {
      for (const address of this.#addresses) URL.revokeObjectURL(address);
      for (const picture of this.#pictures.values()) void picture.then((it) => it.close(), () => undefined);
    });
  }

  /** Draw a picture that is still here, so that it need not be fetched. */
  know({ id }: Attachment, file: Blob): void {
    if (!file.type.startsWith("image/")) return;
    const picture = createImageBitmap(file);
    // One that cannot be drawn is shown by its name.
    picture.catch(() => undefined);
    this.#pictures.set(id, picture);
  }

  list(attachments: readonly Attachment[]): HTMLElement {
    return h("div", { class: "files" }, ...attachments.map((file) => this.#one(file)));
  }

  #one(file: Attachment): HTMLElement {
    const title = named(this.#context.texts.download, file.name);
    const props = { type: "button", title, onclick: () => void this.#save(file) };
    const button = h("button", { class: "file", ...props }, ...this.#name(file));
    if (file.contentType.startsWith("image/")) void this.#paint(file, button);
    return button;
  }

  #name({ name, size: bytes }: Attachment): Node[] {
    const { locale } = this.#context.config;
    const words = h("span", { dir: "auto" }, name);
    return [icon(FILE), words, h("small", {}, size(bytes, locale))];
  }

  /** On a canvas, as few pages allow pictures from elsewhere or of an address made here. */
  async #paint(file: Attachment, button: HTMLElement): Promise<void> {
    button.classList.add("picture");
    try {
      const picture = await this.#picture(file);
      const scale = Math.max(WIDTH / picture.width, HEIGHT / picture.height);
      const shape = { width: String(WIDTH), height: String(HEIGHT) };
      const canvas = h("canvas", { role: "img", "aria-label": file.name, ...shape });
      const [width, height] = [picture.width * scale, picture.height * scale];
      const at = [(WIDTH - width) / 2, (HEIGHT - height) / 2, width, height] as const;
      canvas.getContext("2d")!.drawImage(picture, ...at);
      button.replaceChildren(canvas);
    } catch {
      button.classList.remove("picture");
    }
  }

  #picture(file: Attachment): Promise<ImageBitmap> {
    const known = this.#pictures.get(file.id);
    if (known) return known;
    const picture = this.#fetch(file, "?thumbnail=1").then((blob) => createImageBitmap(blob));
    this.#pictures.set(file.id, picture);
    picture.catch(() => this.#pictures.delete(file.id));
    return picture;
  }

  async #save(file: Attachment): Promise<void> {
    try {
      const address = URL.createObjectURL(await this.#fetch(file));
      this.#addresses.add(address);
      h("a", { href: address, download: file.name }).click();
      setTimeout(() => URL.revokeObjectURL(address), REVOKED_AFTER);
    } catch {
      this.#context.panel.announce(this.#context.texts.error ?? "");
    }
  }

  async #fetch({ id }: Attachment, query = ""): Promise<Blob> {
    const session = await this.#context.chat.session();
    return (await this.#context.api.fetch(`/attachments/${id}${query}`, { session })).blob();
  }
}
