// One widget on a page: its configuration, its panel and its conversation, joined.

import { Api, Refusal } from "./api";
import { Chat, type Line } from "./chat";
import { Memory } from "./memory";
import type { Config, Message } from "./messages";
import { Panel } from "./panel";
import { Tools, type Tool } from "./tools";

export interface Handle {
  open(): void;
  close(): void;
  destroy(): void;
  /** Let assistants call a function of the page, which may return a promise. */
  registerTool(name: string, tool: Tool): void;
}

export interface Options {
  /** The bubble's code, or the tenant's id. */
  widgetId: string;
  base: string;
  token?: string | undefined;
  /** The way in that the page names. */
  flowName?: string | undefined;
  /** What the page sets itself, over the bubble's configuration. */
  adjust?: (config: Config) => void;
}

export class Widget implements Handle {
  readonly #options: Options;
  readonly #api: Api;
  readonly #tools = new Tools();
  #config: Config | undefined;
  #panel: Panel | undefined;
  #chat: Chat | undefined;
  #isDestroyed = false;
  #wantsOpen = false;
  #unread = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#api = new Api(options.base, options.widgetId, options.token);
    void this.#start();
  }

  open(): void {
    this.#wantsOpen = true;
    this.#panel?.open();
  }

  close(): void {
    this.#wantsOpen = false;
    this.#panel?.close();
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#chat?.end();
    this.#panel?.destroy();
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
      return;
    }
    if (!this.#isDestroyed) this.#show(this.#config);
  }

  #show(config: Config): void {
    const panel = new Panel(config, {
      open: () => this.#readAll(),
      askForPerson: () => void chat.askForPerson(config.texts.askForPerson!),
      typing: () => chat.typing(),
      say: (text) => chat.say(text),
      retry: (unsent) => chat.retry(unsent),
    });
    const flow = this.#options.flowName ?? "";
    const chat = new Chat(this.#api, new Memory(config.code), flow, this.#tools, {
      message: (message, isNew) => this.#take(message, isNew),
      unsent: (all) => panel.log.waiting(all),
      coming: (text) => panel.log.coming(text, config.assistantName),
      restart: () => panel.log.clear(),
      state: (line, owner, person) => this.#tell(line, owner, person),
      explain: (code) => explain(code, config.texts),
    });
    [this.#panel, this.#chat] = [panel, chat];
    const { assistantName, widget } = config;
    const greeting = config.openings[flow] || config.greeting;
    if (greeting) panel.log.greet("assistant", assistantName, greeting);
    else if (config.texts.welcome) panel.log.greet("system", "", config.texts.welcome);
    this.#tell("idle", "bot", "");
    if (!chat.resume() && greeting && widget.notifyOnGreeting) panel.unread(1);
    if (this.#wantsOpen) panel.open();
    else if (widget.openAutomatically) panel.open(false);
  }

  #take(message: Message, isNew: boolean): void {
    this.#panel!.log.put(message);
    const { kind, name } = message.author;
    if (!isNew || kind === "visitor") return;
    this.#panel!.announce(`${name} ${message.text}`);
    if (!this.#panel!.isOpen) this.#panel!.unread(++this.#unread);
    else this.#readAll();
  }

  #readAll(): void {
    this.#unread = 0;
    this.#chat!.read();
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
