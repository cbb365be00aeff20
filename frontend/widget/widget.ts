// One widget on a page: its configuration, its panel and its conversation, joined.

import { Api, Refusal } from "./api";
import { Chat, type Line } from "./chat";
import { fetchChunk, type ChunkName, type Context } from "./context";
import { Events, type EventName, type Listener } from "./events";
import { Memory } from "./memory";
import type { Config, Message, Unsent } from "./messages";
import { Panel } from "./panel";
import { Story } from "./story";
import { Tools, type Tool } from "./tools";

export interface Options {
  /** The bubble's code, or the tenant's id. */
  widgetId: string;
  base: string;
  token?: string | undefined;
  /** Where sockets go, if not to the base. */
  socketBase?: string | undefined;
  /** What the page calls its visitor; proves nothing. */
  userId?: string | undefined;
  /** The way in that the page names. */
  flowName?: string | undefined;
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
  hasFocus: boolean;
  draft: string;
  unsent: readonly Unsent[];
}

let count = 0;

export class Widget {
  readonly #options: Options;
  readonly #api: Api;
  readonly #tools = new Tools();
  readonly #events: Events;
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

  constructor(options: Options) {
    this.#options = options;
    this.#events = new Events(options.id ?? `livechat-${++count}`, options.debug);
    this.#api = new Api(options.base, options.widgetId, options.token, options.socketBase);
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
    this.#left = { ...this.#left, isOpen: true, hasFocus: true };
    this.#panel?.open();
  }

  close(): void {
    this.#left = { ...this.#left, isOpen: false };
    this.#panel?.close();
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  show(): void {
    this.#hide(false);
  }

  hide(): void {
    this.#hide(true);
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#erase();
  }

  on(name: EventName, listener: Listener): () => void {
    return this.#events.on(name, listener);
  }

  registerTool(name: string, tool: Tool): void {
    this.#tools.register(name, tool);
  }

  async #start(): Promise<void> {
    try {
      this.#config = await this.#api.config(!this.#options.adjust);
      this.#api.widgetId = this.#config.code;
      this.#options.adjust?.(this.#config);
    } catch (error) {
      complain(error, this.#options.base);
      this.#events.emit("error", { error });
      throw error;
    }
    if (this.#isDestroyed) throw new Error("destroyed");
    this.#memory = new Memory(this.#config.code);
    this.#draw();
    this.#events.emit("ready");
  }

  /** Draw everything from the configuration and the memory as they are now. */
  #draw(): void {
    const [config, memory] = [this.#config!, this.#memory!];
    const { isOpen, hasFocus, draft, unsent } = this.#left;
    const panel = this.#makePanel(config);
    const flow = this.#options.flowName ?? "";
    const story = new Story(memory, (name, detail) => this.#events.emit(name, detail));
    const chat = new Chat(this.#api, memory, flow, this.#tools, {
      message: (message, isNew) => this.#take(message, isNew),
      unsent: (all) => panel.log.waiting(all),
      coming: (text) => panel.log.coming(text, config.assistantName),
      restart: () => panel.log.clear(),
      state: (line, owner, person) => this.#tell(line, owner, person),
      frame: (frame) => story.hear(frame),
      explain: (code) => explain(code, config.texts),
    });
    [this.#panel, this.#chat] = [panel, chat];
    this.#context = this.#makeContext(config, panel, chat);
    this.#greet(config, flow);
    this.#tell("idle", "bot", "");
    if (!chat.resume() && config.greeting && config.widget.notifyOnGreeting) panel.unread(1);
    chat.resend(unsent);
    panel.draft = draft;
    panel.hide(this.#isHidden);
    if (isOpen || this.#options.target) panel.open(hasFocus);
    else if (config.widget.openAutomatically) panel.open(false);
  }

  /** End what was drawn, and note what the next drawing goes on with. */
  #erase(): void {
    const [panel, chat] = [this.#panel, this.#chat];
    if (!panel || !chat) return;
    const { isOpen, hasFocus, draft } = panel;
    this.#left = { isOpen, hasFocus, draft, unsent: chat.unsent };
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
      close: () => this.#events.emit("closed"),
      askForPerson: () => void this.#chat!.askForPerson(config.texts.askForPerson!),
      typing: () => this.#chat!.typing(),
      say: (text: string) => this.#chat!.say(text),
      retry: (unsent: Unsent) => this.#chat!.retry(unsent),
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
      emit: (name, detail) => this.#events.emit(name, detail),
      on: (name, listener) => this.#events.on(name, listener),
      load: <T>(name: ChunkName) => this.#load<T>(name),
    };
  }

  /** A chunk, at work for what is drawn now; rejected if it cannot be fetched, and tried anew then. */
  #load<T>(name: ChunkName): Promise<T> {
    const context = this.#context!;
    const known = this.#chunks.get(name) as Promise<T> | undefined;
    const loading = known ?? this.#fetch<T>(name).then((chunk) => chunk(context));
    this.#chunks.set(name, loading);
    return loading;
  }

  async #fetch<T>(name: ChunkName): Promise<(context: Context) => T> {
    try {
      return await fetchChunk<T>(this.#options.base, name, this.#failures);
    } catch (error) {
      this.#failures++;
      this.#chunks.delete(name);
      throw error;
    }
  }

  #greet({ openings, greeting, assistantName, texts }: Config, flow: string): void {
    const { log } = this.#panel!;
    const opening = openings[flow] || greeting;
    if (opening) log.greet("assistant", assistantName, opening);
    else if (texts.welcome) log.greet("system", "", texts.welcome);
  }

  #hide(hidden: boolean): void {
    this.#isHidden = hidden;
    this.#panel?.hide(hidden);
  }

  #opened(): void {
    this.#readAll();
    this.#events.emit("opened");
  }

  #take(message: Message, isNew: boolean): void {
    this.#panel!.log.put(message);
    const { kind, name } = message.author;
    if (!isNew) return;
    this.#events.emit(kind === "visitor" ? "message:sent" : "message:received", { message });
    if (kind === "visitor") return;
    this.#panel!.announce(`${name} ${message.text}`);
    if (this.#panel!.isOpen) this.#readAll();
    else this.#count(this.#unread + 1);
  }

  #readAll(): void {
    this.#chat?.read();
    if (this.#unread) this.#count(0);
  }

  #count(unread: number): void {
    this.#unread = unread;
    this.#panel!.unread(unread);
    this.#events.emit("unread", { count: unread });
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
      closed: texts.ended,
    };
    const personComes = owner === "waiting" || owner === "human";
    this.#panel!.state(lines[line] ?? owners[owner] ?? "", personComes);
  }
}

function explain(code: string, texts: Record<string, string>): string {
  if (code === "rate_limited") return texts.tooManyMessages!;
  return code === "too_long" ? texts.messageTooLong! : texts.failed!;
}

/** The page's author is the only one who can help, and looks into the console. */
function complain(error: unknown, base: string): void {
  const why =
    error instanceof Refusal
      ? `${error.message} (${error.code || error.status})`
      : "Are the address and the bubble's code right, does the bubble allow this page's origin, " +
        "and does the page's Content-Security-Policy list the address under connect-src?";
  console.error(`LiveChat: ${base} shows no chat here. ${why}`);
}
