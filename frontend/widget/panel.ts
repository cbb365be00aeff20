// The launcher and the panel: everything around the conversation.

import { h, icon } from "./dom";
import { Log } from "./log";
import type { Config } from "./messages";
import styles from "./styles.css";
import type { Drawing } from "./talk/drawing";
import { theme } from "./theme";

export interface Place {
  /** Where the page wants the panel itself; else a launcher floats over the page. */
  target?: Element | undefined;
}

interface Actions {
  open(): void;
  /** The menu button was used. */
  menu(button: HTMLButtonElement): void;
  close(): void;
  typing(): void;
  say(text: string): void;
  talk(): Promise<Drawing>;
  /** The visitor wants to send files; none yet while they are held over the panel. */
  attach(files: File[]): void;
  askForPerson(): void;
}

const CHAT = "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z";
const DOWN = "M6 9l6 6 6-6";
const CLOSE = "M6 6l12 12M18 6L6 18";
const CLIP = "M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L10 17a1.6 1.6 0 0 1-2.4-2.4L15 7";
const SEND = "M12 19V5M6 11l6-6 6 6";
const DOT = "m-.8 0a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0";
const MORE = `M5 12${DOT}M12 12${DOT}M19 12${DOT}`;

export class Panel {
  readonly log: Log;
  readonly launcher: HTMLButtonElement;
  /** Below the head, and between the conversation and the composer: for what comes later. */
  readonly strip = h("div", { class: "strip" });
  readonly card = h("div", { class: "card" });
  readonly #host = h("div");
  readonly #root: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #state = h("div", { class: "state" });
  readonly #sheet = h("div", { class: "sheet", hidden: true });
  readonly #talk: HTMLElement;
  readonly #input: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #tray = h("div", { class: "tray", hidden: true });
  #enclosed: boolean | undefined;
  readonly #person: HTMLButtonElement;
  readonly #said = h("div", { class: "said", role: "status" });
  readonly #badge = h("span", { class: "badge", hidden: true });
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #config: Config;
  readonly #actions: Actions;
  /** What had the focus before, which may be the page's own way in. */
  #before: HTMLElement | null = null;
  readonly #target: Element | undefined;
  #shadow!: ShadowRoot;

  constructor(config: Config, actions: Actions, { target }: Place = {}) {
    this.#target = target;
    this.#config = config;
    this.#actions = actions;
    const { texts, widget } = config;
    const title = widget.title || config.name;
    this.log = new Log(title, actions.talk);
    this.#input = this.#textarea();
    this.#send = h("button", { class: "plain", "aria-label": texts.send, disabled: true });
    this.#send.append(icon(SEND));
    this.#person = h("button", { type: "button", onclick: actions.askForPerson });
    this.#person.textContent = texts.askForPerson!;
    this.launcher = this.#makeLauncher();
    this.#talk = h("div", { class: "talk" }, this.log.element, this.card, this.#composer());
    this.#panel = h(
      "section",
      {
        class: "panel",
        role: "dialog",
        "aria-label": title,
        hidden: true,
        dir: config.direction,
        ...(config.fileUpload && this.#dropping()),
        onkeydown: (event) => this.#keep(event as KeyboardEvent),
        onkeyup: (event) => event.stopPropagation(),
        onkeypress: (event) => event.stopPropagation(),
      },
      this.#head(title),
      this.strip,
      this.#talk,
      this.#sheet,
      this.#foot(),
    );
    const place = [...widget.position.split("-"), widget.size].join(" ");
    this.#root = h("div", { class: `root ${place}` }, this.launcher, this.#panel, this.#said);
    this.#root.classList.toggle("inline", !!target);
    this.#attach();
  }

  get isOpen(): boolean {
    return !this.#panel.hidden;
  }

  /** Open, and take the focus unless nobody asked for it. */
  open(focus = true): void {
    if (this.isOpen) return;
    this.#before = document.activeElement as HTMLElement | null;
    this.#show(true);
    this.#fit();
    this.unread(0);
    this.log.toEnd();
    this.#actions.open();
    if (focus) this.focus();
  }

  /** Go to where the visitor writes next: the first field of a form, or the composer. */
  focus(): void {
    const field = this.#sheet.querySelector<HTMLElement>("input, textarea, button");
    (this.#talk.hidden ? (field ?? this.#panel) : this.#input).focus({ preventScroll: true });
  }

  /** Put something in the place of the conversation; without content, give it back. */
  sheet(content?: HTMLElement): void {
    this.#sheet.replaceChildren(content ?? "");
    this.#sheet.hidden = !content;
    this.#talk.hidden = !!content;
    if (!content) this.log.toEnd();
    if (this.isOpen) this.focus();
  }

  close(): void {
    if (!this.isOpen || this.#target) return;
    this.#show(false);
    this.focusLauncher();
    this.#actions.close();
  }

  /** Go back to the launcher, or to what the page has in its place. */
  focusLauncher(): void {
    (this.launcher.hidden ? this.#before : this.launcher)?.focus({ preventScroll: true });
  }

  /** Take the widget out of sight, the launcher as well. */
  hide(hidden: boolean): void {
    this.#root.hidden = hidden;
  }

  /** Whether something in it has the focus. */
  get hasFocus(): boolean {
    return this.#host.shadowRoot!.activeElement !== null;
  }

  /** What is written and not sent. */
  get draft(): string {
    return this.#input.value;
  }

  set draft(text: string) {
    this.#input.value = text;
    this.#fit();
  }

  /** Take the style of a part that was loaded later; the tenant's own stays the last word. */
  dress(css: string): void {
    const sheets = this.#shadow.adoptedStyleSheets;
    this.#shadow.adoptedStyleSheets = [sheets[0]!, sheet(css), ...sheets.slice(1)];
    this.#fit();
  }

  destroy(): void {
    this.#dark.removeEventListener("change", this.paint);
    this.#host.remove();
  }

  /** Below the title: who answers, or how the connection is. */
  state(text: string, personComes: boolean): void {
    this.#state.textContent = text;
    this.#person.hidden = personComes;
  }

  /** Show what goes with the next message: ready, under way so that it cannot be sent yet, or nothing. */
  enclose(content: HTMLElement, isReady: boolean | undefined): void {
    this.#tray.replaceChildren(content);
    this.#tray.hidden = !content.childElementCount;
    this.#enclosed = isReady;
    this.#fit();
  }

  /** Let a screen reader say this. */
  announce(text: string): void {
    this.#said.textContent = text;
  }

  unread(count: number): void {
    this.#badge.hidden = !count;
    this.#badge.textContent = String(count);
    this.launcher.setAttribute("aria-label", this.#label(count));
  }

  #label(count: number): string {
    const { texts } = this.#config;
    if (this.isOpen) return texts.close!;
    return count ? `${texts.open} (${texts.newMessages}: ${count})` : texts.open!;
  }

  #show(open: boolean): void {
    this.#panel.hidden = !open;
    this.#root.classList.toggle("open", open);
    this.launcher.setAttribute("aria-expanded", String(open));
    this.launcher.setAttribute("aria-label", this.#label(0));
    this.launcher.firstElementChild!.replaceWith(open ? icon(DOWN) : this.#launcherIcon());
  }

  #attach(): void {
    const { customCss } = this.#config.widget;
    // On the root element, not in the body: pages swap their bodies, and transform them.
    (this.#target ?? document.documentElement).append(this.#host);
    this.#shadow = this.#host.attachShadow({ mode: "open" });
    this.#shadow.adoptedStyleSheets = [styles, customCss].filter(Boolean).map(sheet);
    this.#shadow.append(this.#root);
    this.#dark.addEventListener("change", this.paint);
    this.paint();
  }

  paint = (): void => {
    const { darkMode, primaryColor, textColor } = this.#config.widget;
    const dark = darkMode === "auto" ? this.#dark.matches : darkMode === "dark";
    const { brand, onBrand, accent } = theme(primaryColor, textColor, dark);
    this.#root.classList.toggle("dark", dark);
    this.#root.style.setProperty("--brand", brand);
    this.#root.style.setProperty("--on-brand", onBrand);
    this.#root.style.setProperty("--accent", accent);
  };

  #makeLauncher(): HTMLButtonElement {
    const launcher = h("button", {
      class: "launcher",
      type: "button",
      "aria-expanded": "false",
      "aria-label": this.#config.texts.open,
      onclick: () => (this.isOpen ? this.close() : this.open()),
    });
    launcher.append(this.#launcherIcon(), this.#badge);
    const { availability, widget } = this.#config;
    launcher.hidden = widget.hideWhenAway && availability.status !== "online";
    return launcher;
  }

  #launcherIcon(): Element {
    const { launcherIcon } = this.#config.widget;
    return launcherIcon ? picture(launcherIcon, icon(CHAT)) : icon(CHAT);
  }

  #head(title: string): HTMLElement {
    const { texts, widget, branding } = this.#config;
    const image = widget.avatar || branding.logo;
    const letter = [...title][0] ?? "";
    const face = h("div", { class: "face", "aria-hidden": "true" });
    face.append(image ? picture(image, letter) : letter);
    const close = button(texts.close!, CLOSE, () => this.close());
    const menu = button(texts.menu!, MORE, () => this.#actions.menu(menu));
    menu.setAttribute("aria-haspopup", "menu");
    menu.setAttribute("aria-expanded", "false");
    const wordmark = branding.wordmark && picture(branding.wordmark, title, title);
    const heading = h("h2", { class: "title" }, wordmark || title);
    const names = h("div", { class: "names" }, heading, this.#state);
    return h("div", { class: "head" }, face, names, h("div", { class: "menus" }, menu), close);
  }

  #textarea(): HTMLTextAreaElement {
    const { inputPlaceholder } = this.#config.texts;
    return h("textarea", {
      rows: "1",
      maxlength: "8000",
      placeholder: inputPlaceholder,
      "aria-label": inputPlaceholder,
      oninput: () => this.#changed(),
      onkeydown: (event) => this.#pressed(event as KeyboardEvent),
      onpaste: (event) => this.#give(event, (event as ClipboardEvent).clipboardData),
    });
  }

  #dropping(): Record<string, EventListener> {
    const hold = (event: Event): void => {
      if ((event as DragEvent).dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    return {
      ondragenter: () => this.#actions.attach([]),
      ondragover: hold,
      ondrop: (event) => this.#give(event, (event as DragEvent).dataTransfer),
    };
  }

  #give(event: Event, given: DataTransfer | null): void {
    if (!given?.files.length || !this.#config.fileUpload) return;
    event.preventDefault();
    this.#actions.attach([...given.files]);
  }

  #clip(): Node[] {
    const { texts, fileUpload, attachments } = this.#config;
    if (!fileUpload) return [];
    const accept = attachments?.types.join();
    const input = h("input", { type: "file", multiple: true, hidden: true, accept });
    input.addEventListener("change", () => {
      this.#actions.attach([...input.files!]);
      input.value = "";
      this.focus();
    });
    return [input, button(texts.attach!, CLIP, () => input.click())];
  }

  #composer(): HTMLElement {
    const submit = (event: Event): void => {
      event.preventDefault();
      this.#submit();
    };
    const parts = [this.#tray, this.#input, ...this.#clip(), this.#send];
    return h("form", { class: "composer", onsubmit: submit }, ...parts);
  }

  #foot(): HTMLElement {
    const { texts, branding } = this.#config;
    const brand = h("span", {}, branding.poweredBy ? texts.poweredBy! : "");
    return h("div", { class: "foot" }, this.#person, brand);
  }

  /** The page's own shortcuts are not meant by what is typed here. */
  #keep(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) this.close();
    if (event.key === "Tab") this.#goRound(event);
  }

  /** Where the panel covers the page, the focus stays inside. */
  #goRound(event: KeyboardEvent): void {
    if (this.#target || !matchMedia("(width <= 480px)").matches) return;
    const all = this.#panel.querySelectorAll<HTMLElement>("button,a,input,textarea,[tabindex='0']");
    const stops = [...all].filter((stop) => stop.offsetParent && !stop.matches(":disabled"));
    const [from, to] = event.shiftKey ? [0, -1] : [-1, 0];
    if (this.#shadow.activeElement !== stops.at(from)) return;
    event.preventDefault();
    stops.at(to)!.focus();
  }

  #pressed(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #changed(): void {
    this.#fit();
    this.#actions.typing();
  }

  #fit(): void {
    const isEmpty = !this.#input.value.trim() && !this.#enclosed;
    this.#send.disabled = isEmpty || this.#enclosed === false;
    // Without a word there is no direction to be told by.
    this.#input.dir = this.#input.value ? "auto" : (this.#config.direction ?? "auto");
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
  }

  #submit(): void {
    const text = this.#input.value.trim();
    if (this.#send.disabled) return;
    this.#input.value = "";
    this.#changed();
    this.#actions.say(text);
  }
}

function button(label: string, path: string, onclick: () => void): HTMLButtonElement {
  const made = h("button", { class: "plain", type: "button", "aria-label": label, onclick });
  made.append(icon(path));
  return made;
}

function sheet(css: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

function picture(source: string, instead: Node | string, alt = ""): HTMLElement {
  const image = h("img", { src: source, alt, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(instead));
  return image;
}
