// One widget on a page: its configuration, its panel and its conversation, joined.

import type { Alerts } from "./alerts";
import { Api, type Page } from "./api";
import { Chat, type Line } from "./chat";
import { fetchChunk, type Chunk, type ChunkName, type Context } from "./context";
import { h } from "./dom";
import { Events, type Detail } from "./events";
import type { Files } from "./files";
import type { Forms } from "./forms";
import type { Contact, Identity, Proof } from "./identity";
import { Memory, type Session } from "./memory";
import type { Config, Message, Unsent } from "./messages";
import { Panel } from "./panel";
import type { Problem } from "./problems";
import { Story } from "./story";
import type { Drawing } from "./talk/drawing";
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
  /** What the page sets itself, over the bubble's configuration. */
  adjust?: (config: Config) => void;
}

/** What takes over from one drawing to the next. */
interface Left {
  isOpen: boolean;
  /** Then it is no news that the panel opens. */
  wasOpen?: boolean;
  hasFocus: boolean;
  draft: string;
  unsent: readonly Unsent[];
}

/** What Markdown writes around words, and nobody says. */
const MARKS = /[*`[]|^#+ |\]\(\S*\)/gm;

let count = 0;

export class Widget {
  /** Call back whenever it happens, until the function that this returns is called. */
  readonly on: Events["on"];
  readonly #emit: Events["emit"];
  readonly #options: Options;
  readonly #api: Api;
  readonly #tools = new Tools(() => this.#fetch("tools"));
  readonly #shown: Promise<void>;
  #config: Config | undefined;
  #memory: Memory | undefined;
  #panel: Panel | undefined;
  #chat: Chat | undefined;
  #context: Context | undefined;
  #life = new AbortController();
  #chunks = new Map<ChunkName, Promise<unknown>>();
  #failures = 0;
  #isDestroyed = false;
  #isHidden = false;
  #left: Left = { isOpen: false, hasFocus: false, draft: "", unsent: [] };
  #unread = 0;
  #owner = "bot";
  #locale: string;
  #darkMode = "";
  #proof: Proof | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#locale = options.locale || navigator.language;
    const events = new Events(options.id ?? `livechat-${++count}`, options.debug);
    [this.on, this.#emit] = [events.on, events.emit];
    this.#api = new Api(options.base, options.widgetId, options);
    this.#shown = this.#start();
    // Whoever waits for it is told; whoever does not is told on the console.
    this.#shown.catch(() => undefined);
  }

  get isOpen(): boolean {
    return this.#panel?.isOpen ?? this.#left.isOpen;
  }

  get unreadCount(): number {
    return this.#unread;
  }

  open(): void {
    this.#left.isOpen = this.#left.hasFocus = true;
    this.#panel?.open();
  }

  close(): void {
    this.#left.isOpen = false;
    this.#panel?.close();
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
    this.#isHidden = hidden;
    this.#panel?.hide(hidden);
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
    if (this.#panel) this.#panel.draft = text;
  }

  async send(text: string): Promise<void> {
    await this.#shown;
    this.#chat?.say(text);
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

  async setLocale(locale: string): Promise<void> {
    this.#locale = locale;
    await this.#shown;
    await this.#configure();
    this.#erase();
    this.#draw();
  }

  setTheme(mode: "light" | "dark" | "auto"): void {
    this.#darkMode = mode;
    if (this.#config) this.#config.widget.darkMode = mode;
    this.#panel?.paint();
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
    this.on("status", (told) => Object.assign(config.availability ?? {}, told));
    this.#memory = new Memory(config.code);
    this.#draw();
    if (this.#isDestroyed) return;
    this.#emit("ready");
    if (config.availability) this.#emit("status", { ...config.availability });
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
    const config = this.#config!;
    const { isOpen, hasFocus, draft, unsent } = this.#left;
    const panel = this.#makePanel(config);
    const { flowName, useStagingVersion } = this.#options;
    const story = new Story(this.#emit);
    const { signal } = this.#life;
    const chat = new Chat(this.#api, this.#memory!, { flowName, useStagingVersion }, this.#tools, {
      // What still comes of a chat that has ended is not for the next visitor's panel.
      message: (message, isNew) => signal.aborted || this.#take(message, isNew),
      unsent: (all) => panel.log.waiting(all),
      older: (messages) => panel.log.prepend(messages),
      teamRead: (seq) => panel.log.read(seq),
      coming: (text) => panel.log.coming(text, config.assistantName),
      restart: () => panel.log.clear(),
      state: (line, owner, person) => signal.aborted || this.#tell(line, owner, person),
      frame: (frame) => story.hear(frame),
      explain: (code) => this.#explain(code),
    });
    [this.#panel, this.#chat] = [panel, chat];
    this.#context = this.#makeContext(config, panel, chat);
    this.#greet(config, flowName);
    this.#tell("idle", "bot", "");
    if (!chat.resume() && config.greeting && config.widget.notifyOnGreeting) panel.unread(1);
    chat.resend(unsent);
    const seen = (): void => void (this.#isSeen && this.#readAll());
    document.addEventListener("visibilitychange", seen, { signal });
    panel.draft = draft;
    if (this.#unread) panel.unread(this.#unread);
    panel.hide(this.#isHidden);
    if (isProactive(config)) void this.#load("proactive").catch(() => undefined);
    if (isOpen || this.#options.target) panel.open(hasFocus);
    else if (config.widget.openAutomatically) panel.open(false);
  }

  /** End what was drawn, and note what the next drawing goes on with. */
  #erase(): void {
    const [panel, chat] = [this.#panel, this.#chat];
    if (!panel || !chat) return;
    const { isOpen, hasFocus, draft } = panel;
    this.#left = { isOpen, wasOpen: isOpen, hasFocus, draft, unsent: chat.unsent };
    this.#life.abort();
    this.#life = new AbortController();
    this.#chunks.clear();
    chat.end();
    panel.destroy();
    this.#panel = this.#chat = this.#context = undefined;
  }

  #makePanel(config: Config): Panel {
    const actions = {
      open: () => this.#opened(),
      close: () => this.#emit("closed"),
      menu: (button: HTMLButtonElement) => this.#around((forms) => forms.menu(button)),
      askForPerson: () =>
        this.#around(
          (forms) => void forms.person(),
          () => void this.#chat!.askForPerson(config.texts.askForPerson!),
        ),
      typing: () => this.#chat!.typing(),
      say: (text: string) => this.#chat!.say(text),
      attach: (files: File[]) => void this.#attach(files),
      talk: () => this.#load<Drawing>("talk"),
    };
    return new Panel(config, actions, { target: this.#options.target });
  }

  #makeContext(config: Config, panel: Panel, chat: Chat): Context {
    const memory = this.#memory!;
    return {
      config,
      texts: config.texts,
      api: this.#api,
      chat,
      panel,
      get session() {
        return memory.session;
      },
      signal: this.#life.signal,
      emit: this.#emit,
      on: this.on,
      load: <T>(name: ChunkName) => this.#load<T>(name),
      adopt: (session) => this.#adopt(session),
    };
  }

  /** A chunk, at work for what is drawn now; rejected if it cannot be fetched, and tried anew then. */
  #load<T>(name: ChunkName): Promise<T> {
    const context = this.#context!;
    const known = this.#chunks.get(name) as Promise<T> | undefined;
    const loading = known ?? this.#fetch<Chunk<T>>(name).then((chunk) => chunk(context));
    this.#chunks.set(name, loading);
    return loading;
  }

  async #fetch<T>(name: ChunkName): Promise<T> {
    try {
      return await fetchChunk<T>(this.#options.base, name, this.#failures);
    } catch (error) {
      this.#failures++;
      this.#chunks.delete(name);
      throw error;
    }
  }

  async #identity(): Promise<Identity> {
    await this.#shown;
    return this.#load<Identity>("identity");
  }

  #adopt(session: Session | undefined): void {
    this.#erase();
    this.#unread = 0;
    for (const unsent of this.#left.unsent) unsent.refused = "";
    if (session) this.#memory!.write(session);
    else {
      this.#memory!.clear();
      this.#left.draft = "";
      this.#left.unsent = [];
    }
    this.#draw();
  }

  /** Resolved once the visitor has a session, and the page a token. */
  async #begun(): Promise<void> {
    if (this.#memory!.session && this.#api.token) return;
    await new Promise<unknown>((done) => this.on("message:sent", done));
  }

  #greet({ openings, greeting, assistantName, texts }: Config, flow = ""): void {
    const { log } = this.#panel!;
    const opening = openings[flow] || greeting;
    if (opening) log.greet("assistant", assistantName, opening);
    else if (texts.welcome) log.greet("system", "", texts.welcome);
  }

  #opened(): void {
    this.#readAll();
    this.#stand();
    if (!this.#left.wasOpen) this.#emit("opened");
    this.#left.wasOpen = false;
  }

  #take(message: Message, isNew: boolean): void {
    this.#panel!.log.put(message);
    const { kind, name } = message.author;
    if (!isNew) return;
    this.#emit(kind === "visitor" ? "message:sent" : "message:received", { message });
    if (kind === "visitor") return;
    this.#panel!.announce(`${name} ${message.text.replace(MARKS, "")}`);
    if (this.#isSeen) return this.#readAll();
    this.#count(this.#unread + 1);
    this.#load<Alerts>("alerts").then((alerts) => alerts.ring(this.#unread), () => undefined);
  }

  get #isSeen(): boolean {
    return this.#panel!.isOpen && !document.hidden;
  }

  async #attach(files: File[]): Promise<void> {
    (await this.#load<Files>("files")).add(files);
  }

  #readAll(): void {
    this.#chat?.read();
    if (this.#unread) this.#count(0);
  }

  #count(unread: number): void {
    this.#unread = unread;
    this.#panel!.unread(unread);
    this.#emit("unread", { count: unread });
  }

  #tell(line: Line, owner: string, person: string): void {
    const { texts, assistantName } = this.#config!;
    const lines: Record<string, string | undefined> = {
      connecting: texts.connecting,
      lost: texts.offline,
    };
    const owners: Record<string, string | undefined> = {
      bot: assistantName,
      waiting: texts.waiting,
      human: person,
      closed: texts.conversationEnded,
    };
    const personComes = owner === "waiting" || owner === "human";
    this.#panel!.state(lines[line] ?? owners[owner] ?? "", personComes);
    this.#owner = owner;
    this.#stand();
  }

  /** Show what stands around the conversation, which is fetched when there is some to be seen. */
  #stand(): void {
    if (!this.#panel!.isOpen) return;
    const owner = this.#owner;
    const isThere = this.#chunks.has("forms");
    const asks = !this.#memory!.session && mustAsk(this.#config!);
    if (asks && !isThere) this.#panel!.sheet(h("div"));
    if (asks || isThere || owner === "waiting" || owner === "closed") {
      this.#around(
        (forms) => forms.stand(owner, asks),
        () => this.#panel!.sheet(),
      );
    }
  }

  /** Act with the forms; otherwise if they cannot be fetched. */
  #around(act: (forms: Forms) => void, otherwise: () => void = () => undefined): void {
    this.#load<Forms>("forms").then(act, otherwise);
  }

  #explain(code: string): string {
    const { texts } = this.#config!;
    if (code === "identity_required") void this.#proveAgain(code);
    if (code === "rate_limited") return texts.tooManyMessages!;
    return code === "too_long" ? texts.messageTooLong! : texts.failed!;
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
    const problem = await this.#fetch<Problem>("problems").catch(
      (): Problem => async () => "Out of reach, or forbidden by the page's CSP.",
    );
    const why = await problem(error, base, widgetId);
    console.error(`LiveChat: ${base} shows no chat here. ${why}`);
    this.#emit("error", { code: (error as { code?: string }).code ?? "", message: why });
  }
}

/** Whether new visitors may find something else than the conversation. */
function mustAsk({ assistantId, offlineForm, preChatForm }: Config): boolean {
  return preChatForm.enabled || (offlineForm.enabled && !assistantId);
}

function isProactive({ popups, triggers, widget }: Config): unknown {
  const { activation, customLauncher, hideWhenAway } = widget;
  const isFound = activation === "hover" || customLauncher || hideWhenAway;
  return popups.enabled || triggers[0] || isFound;
}
