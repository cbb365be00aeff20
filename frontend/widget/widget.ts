// One widget on a page: what the page asks of it, its configuration and who its visitor is.

import { Api, type Page, type Way } from "./api";
import { Events, type Detail } from "./events";
import type { Contact, Identity, Proof } from "./identity";
import { Memory, type Session } from "./memory";
import type { Config } from "./messages";
import { fetchPart } from "./parts";
import type { Problem } from "./problems";
import { Scene, type Left } from "./scene";
import { Tools, type Tool } from "./tools";

export interface Options extends Page {
  /** The bubble's code, or the tenant's id. */
  widgetId: string;
  base: string;
  /** The visitor's language, if not the browser's. */
  locale?: string | undefined;
  /** The instance's name among those of the page. */
  id?: string | undefined;
  /** Where the panel stands; without it a launcher floats over the page. */
  target?: Element | undefined;
  debug?: boolean | undefined;
  /** The visitor's session, instead of the one that the browser remembers. */
  session?: Session | undefined;
  /** What the page sets itself, over the bubble's configuration. */
  adjust?: (config: Config) => void;
}

let count = 0;

export class Widget {
  /** Call back whenever it happens, until the function that this returns is called. */
  readonly on: Events["on"];
  readonly #emit: Events["emit"];
  readonly #options: Options;
  readonly #api: Api;
  readonly #tools: Tools;
  readonly #shown: Promise<void>;
  /** The visitor's way in, whoever they turn out to be. */
  readonly #way: Way;
  #config: Config | undefined;
  #memory: Memory | undefined;
  #scene: Scene | undefined;
  #isDestroyed = false;
  #left: Left = {
    ...{ isOpen: false, hasFocus: false, isHidden: false },
    ...{ draft: "", unread: 0, unsent: [] },
  };
  #locale: string;
  #darkMode = "";
  #proof: Proof | undefined;

  constructor(options: Options) {
    this.#options = options;
    const { flowName, useStagingVersion } = options;
    this.#way = { flowName, useStagingVersion };
    this.#locale = options.locale || navigator.language;
    const events = new Events(options.id ?? `livechat-${++count}`, options.debug);
    [this.on, this.#emit] = [events.on, events.emit];
    this.#api = new Api(options.base, options.widgetId, options);
    this.#tools = new Tools(() => fetchPart(options.base, "tools"));
    this.#shown = this.#start();
    // Whoever waits for it is told; whoever does not is told on the console.
    this.#shown.catch(() => undefined);
  }

  get isOpen(): boolean {
    return this.#scene?.panel.isOpen ?? this.#left.isOpen;
  }

  get unreadCount(): number {
    return this.#scene?.unread ?? this.#left.unread;
  }

  open(): void {
    this.#left.isOpen = this.#left.hasFocus = true;
    this.#scene?.panel.open();
  }

  close(): void {
    this.#left.isOpen = false;
    this.#scene?.panel.close();
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  show(): void {
    this.hide(false);
  }

  /** Take everything out of sight, the launcher as well. */
  hide(hidden = true): void {
    this.#left.isHidden = hidden;
    this.#scene?.panel.hide(hidden);
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#erase();
  }

  /** Let assistants call a function of the page, which may return a promise. */
  registerTool(name: string, tool: Tool): void {
    this.#tools.register(name, tool);
  }

  /** Write this for the visitor, who may change it and send it. */
  prefill(text: string): void {
    this.#left.draft = text;
    if (this.#scene) this.#scene.panel.draft = text;
  }

  async send(text: string): Promise<void> {
    await this.#shown;
    this.#scene?.chat.say(text);
  }

  async identify(proof: Proof): Promise<Contact> {
    this.#proof = proof;
    return (await this.#identity()).identify(proof);
  }

  async logout(): Promise<void> {
    this.#proof = undefined;
    await (await this.#identity()).logout();
  }

  /** Kept until the visitor has a session. */
  async setAttributes(attributes: Detail): Promise<void> {
    const identity = await this.#identity();
    await this.#begun();
    await identity.setAttributes(attributes);
  }

  async track(event: string, metadata: Detail = {}): Promise<void> {
    const identity = await this.#identity();
    if (!this.#api.token) await this.#begun();
    await identity.track(event, metadata);
  }

  /** Resolved with the language that it speaks then, which may be another than was asked for. */
  async setLocale(locale: string): Promise<string> {
    this.#locale = locale;
    await this.#shown;
    await this.#configure();
    this.#erase();
    this.#draw();
    return this.#config!.locale;
  }

  setTheme(mode: "light" | "dark" | "auto"): void {
    this.#darkMode = mode;
    if (this.#config) this.#config.widget.darkMode = mode;
    this.#scene?.panel.paint();
  }

  async #start(): Promise<void> {
    try {
      await this.#configure();
    } catch (error) {
      void this.#complain(error);
      throw error;
    }
    const config = this.#config!;
    this.#api.widgetId = config.code;
    this.on("status", (told) => Object.assign(this.#config!.availability, told));
    this.#memory = new Memory(config.code);
    if (this.#options.session) this.#memory.write(this.#options.session);
    this.#draw();
    if (this.#isDestroyed) return;
    this.#emit("ready");
    this.#emit("status", { ...config.availability });
  }

  async #configure(): Promise<void> {
    const { adjust } = this.#options;
    const config = await this.#api.config(!adjust, this.#locale);
    adjust?.(config);
    config.widget.darkMode = this.#darkMode || config.widget.darkMode;
    this.#config = config;
  }

  /** Draw everything from the configuration and the memory as they are now. */
  #draw(): void {
    if (this.#isDestroyed) return;
    const { base, target } = this.#options;
    const stage = {
      ...{ base, target, api: this.#api, tools: this.#tools, emit: this.#emit, on: this.on },
      memory: this.#memory!,
      config: this.#config!,
      way: this.#way,
      adopt: (session: Session | undefined) => this.#adopt(session),
      explain: (code: string) => this.#explain(code),
    };
    this.#scene = new Scene(stage, this.#left);
    this.#scene.show(this.#left);
  }

  /** End what was drawn, and note what the next drawing goes on with. */
  #erase(): void {
    Object.assign(this.#left, this.#scene?.end());
    this.#scene = undefined;
  }

  async #identity(): Promise<Identity> {
    await this.#shown;
    return this.#scene!.load<Identity>("identity");
  }

  #adopt(session: Session | undefined): void {
    // Who comes after the end is not kept; who goes is forgotten all the same.
    if (this.#isDestroyed && session) return;
    this.#erase();
    this.#left.unread = 0;
    for (const unsent of this.#left.unsent) unsent.refused = "";
    if (session) this.#memory!.write(session);
    else {
      this.#memory!.clear();
      delete this.#way.variables;
      this.#left.draft = "";
      this.#left.unsent = [];
    }
    this.#draw();
  }

  /** Resolved once the visitor has a session, and the page a token. */
  async #begun(): Promise<void> {
    if (this.#memory!.session && this.#api.token) return;
    let off: (() => void) | undefined;
    await new Promise<unknown>((done) => (off = this.on("message:sent", done)));
    off!();
  }

  #explain(code: string): string {
    const { texts } = this.#config!;
    if (code === "identity_required") void this.#proveAgain(code);
    // The visitor can do nothing about these, but the page's author can.
    if (/credentials|^tenant|^widget/.test(code)) void this.#complain({ code });
    const refusals: Record<string, string | undefined> = {
      identity_required: texts.identityRequired,
      rate_limited: texts.tooManyMessages,
      too_long: texts.messageTooLong,
    };
    return refusals[code] ?? texts.failed!;
  }

  /** The session has become nobody's: the page may know whose it is, and is asked once. */
  async #proveAgain(code: string): Promise<void> {
    const [proof, error] = [this.#proof, { code }];
    this.#proof = undefined;
    if (!proof) this.#emit("identity:error", error);
    if (!proof) return this.#complain(error);
    await (await this.#identity()).identify(proof).catch(() => undefined);
  }

  /** The page's author is the only one who can help, and looks into the console. */
  async #complain(error: unknown): Promise<void> {
    const { base, widgetId } = this.#options;
    const problem = await fetchPart<Problem>(base, "problems").catch(
      (): Problem => async () => "Out of reach, or forbidden by the page's CSP.",
    );
    const why = await problem(error, base, widgetId);
    console.error(`LiveChat: ${base} shows no chat here. ${why}`);
    this.#emit("error", { code: (error as { code?: string }).code ?? "", message: why });
  }
}
