// The launcher and the panel: everything around the conversation.

import { h, icon, picture } from "./dom";
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
  close(): void;
  typing(): void;
  say(text: string): void;
  talk(): Promise<Drawing>;
}

const CHAT = "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z";
const DOWN = "M6 9l6 6 6-6";
const SEND = "M12 19V5M6 11l6-6 6 6";

export class Panel {
  /** The panel itself, and in it where the visitor writes. */
  readonly element: HTMLElement;
  readonly composer: HTMLFormElement;
  readonly log: Log;
  readonly launcher: HTMLButtonElement;
  /** Below the head, and between the conversation and the composer: for what comes later. */
  readonly strip = h("div", { class: "strip" });
  readonly card = h("div", { class: "card" });
  /** Who answers, or how the connection is; and the way to a person. */
  readonly status = h("div", { class: "state" });
  readonly person = h("button", { type: "button" });
  readonly #host = h("div");
  readonly #root: HTMLElement;
  readonly #sheet = h("div", { class: "sheet", hidden: true });
  readonly #talk: HTMLElement;
  readonly #input: HTMLTextAreaElement;
  /** Grows with what is written, by a copy of it that the style lays out. */
  readonly #room: HTMLElement;
  readonly #send: HTMLButtonElement;
  readonly #tray = h("div", { class: "tray", hidden: true });
  #enclosed: boolean | undefined;
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
    this.log = new Log(title, actions.talk, (lacks) => this.#lack(lacks));
    this.#input = this.#textarea();
    this.#room = h("div", { class: "room" }, this.#input);
    this.#send = h("button", { class: "plain", "aria-label": texts.send, disabled: true });
    this.#send.append(icon(SEND));
    this.launcher = this.#makeLauncher();
    this.composer = this.#composer();
    this.#talk = h("div", { class: "talk" }, this.log.element, this.card, this.composer);
    this.element = h(
      "section",
      {
        class: "panel",
        role: "dialog",
        "aria-label": title,
        hidden: true,
        dir: config.direction,
        onkeydown: (event) => this.#keep(event as KeyboardEvent),
        onkeyup: (event) => event.stopPropagation(),
        onkeypress: (event) => event.stopPropagation(),
      },
      this.strip,
      this.#talk,
      this.#sheet,
    );
    const place = [...widget.position.split("-"), widget.size].join(" ");
    this.#root = h("div", { class: `root ${place}` }, this.launcher, this.element, this.#said);
    this.#root.classList.toggle("inline", !!target);
    this.#attach();
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** Open, and take the focus unless nobody asked for it. */
  open(focus = true): void {
    if (this.isOpen) return;
    this.#before = document.activeElement as HTMLElement | null;
    this.#show(true);
    this.unread(0);
    this.log.toEnd();
    this.#actions.open();
    if (focus) this.focus();
  }

  /** Go to where the visitor writes next: the first field of a form, or the composer. */
  focus(): void {
    const field = this.#sheet.querySelector<HTMLElement>("input, textarea, button");
    (this.#talk.hidden ? (field ?? this.element) : this.#input).focus({ preventScroll: true });
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
  }

  destroy(): void {
    this.#dark.removeEventListener("change", this.paint);
    this.#host.remove();
  }

  /** Below the title: who answers, or how the connection is. */
  state(text: string, personComes: boolean): void {
    this.status.textContent = text;
    this.person.hidden = personComes;
  }

  /** Show what goes with the next message: ready, under way so that it cannot be sent yet, or nothing. */
  enclose(content: HTMLElement, isReady: boolean | undefined): void {
    this.#tray.replaceChildren(content);
    this.#tray.hidden = !content.childElementCount;
    this.#enclosed = isReady;
    this.#fit();
  }

  /** What the visitor wanted cannot be done now. */
  apologize(): void {
    const { error } = this.#config.texts;
    this.status.textContent = error!;
    this.announce(error!);
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

  /** Without its inside the panel says so, and tries again when it is asked to. */
  #lack(lacks: boolean): void {
    const { classList } = this.element;
    const { error, retry } = this.#config.texts;
    const again = h("button", { type: "button", onclick: () => this.sheet() }, retry!);
    if (!lacks && !classList.contains("bare")) return;
    classList.toggle("bare", lacks);
    this.sheet(lacks ? h("p", { role: "alert" }, `${error} `, again) : undefined);
  }

  #label(count: number): string {
    const { texts } = this.#config;
    if (this.isOpen) return texts.close!;
    return count ? `${texts.open} (${texts.newMessages}: ${count})` : texts.open!;
  }

  #show(open: boolean): void {
    this.element.hidden = !open;
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

  #textarea(): HTMLTextAreaElement {
    const { inputPlaceholder } = this.#config.texts;
    return h("textarea", {
      rows: "1",
      maxlength: "8000",
      placeholder: inputPlaceholder,
      "aria-label": inputPlaceholder,
      oninput: () => this.#changed(),
      onkeydown: (event) => this.#pressed(event as KeyboardEvent),
    });
  }

  #composer(): HTMLFormElement {
    const submit = (event: Event): void => {
      event.preventDefault();
      this.#submit();
    };
    const parts = [this.#tray, this.#room, this.#send];
    return h("form", { class: "composer", onsubmit: submit }, ...parts);
  }

  /** The page's own shortcuts are not meant by what is typed here. */
  #keep(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) this.close();
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
    this.#room.dataset.text = this.#input.value || this.#input.placeholder;
  }

  #submit(): void {
    const text = this.#input.value.trim();
    if (this.#send.disabled) return;
    this.#input.value = "";
    this.#changed();
    this.#actions.say(text);
  }
}

function sheet(css: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}
