// What is on the page: a panel and the chat in it, from when they are drawn until they go.

import type { Alerts } from "./alerts";
import type { Api, Way } from "./api";
import { Chat, type Line } from "./chat";
import type { ChunkName, Context } from "./context";
import { h } from "./dom";
import type { Events } from "./events";
import type { Forms } from "./forms";
import type { Memory, Session } from "./memory";
import { worded, type Config, type Message, type Unsent } from "./messages";
import { Panel } from "./panel";
import { Parts } from "./parts";
import type { Polling } from "./polling";
import { Story } from "./story";
import type { Drawing } from "./talk/drawing";
import type { Tools } from "./tools";

/** What takes over from one scene to the next. */
export interface Left {
  isOpen: boolean;
  /** Then it is no news that the panel opens. */
  wasOpen?: boolean;
  hasFocus: boolean;
  isHidden: boolean;
  draft: string;
  unread: number;
  unsent: readonly Unsent[];
}

/** What a scene is played with, and what it asks for. */
export interface Stage {
  base: string;
  target: Element | undefined;
  api: Api;
  memory: Memory;
  tools: Tools;
  config: Config;
  way: Way;
  emit: Events["emit"];
  on: Events["on"];
  adopt(session: Session | undefined): void;
  explain(code: string): string;
}

/** What Markdown writes around words, and nobody says. */
const MARKS = /[*`[]|^#+ |\]\(\S*\)/gm;

export class Scene {
  readonly panel: Panel;
  readonly chat: Chat;
  unread: number;
  readonly #stage: Stage;
  readonly #context: Context;
  readonly #parts: Parts;
  readonly #life = new AbortController();
  #wasOpen: boolean | undefined;
  #owner = "bot";

  constructor(stage: Stage, left: Left) {
    const { config, emit } = stage;
    this.#stage = stage;
    this.#parts = new Parts(stage.base);
    this.#wasOpen = left.wasOpen;
    this.unread = left.unread;
    this.panel = this.#makePanel();
    this.chat = this.#makeChat(new Story(emit));
    this.#context = this.#makeContext();
    this.#greet();
    this.#tell("idle", "bot", "");
    if (!this.chat.resume() && config.greeting && config.widget.notifyOnGreeting) {
      this.panel.unread(1);
    }
    this.chat.resend(left.unsent);
  }

  /** Go on where the last scene ended. */
  show({ isOpen, hasFocus, isHidden, draft }: Left): void {
    const { panel } = this;
    const { config, target } = this.#stage;
    const seen = (): void => void (this.#isSeen && this.#readAll());
    document.addEventListener("visibilitychange", seen, { signal: this.#life.signal });
    panel.draft = draft;
    if (this.unread) panel.unread(this.unread);
    panel.hide(isHidden);
    if (isProactive(config)) void this.load("proactive").catch(() => undefined);
    const { presencePing, seesTyping } = config;
    if (presencePing || seesTyping) void this.load("presence").catch(() => undefined);
    if (isOpen || target) panel.open(hasFocus);
    else if (config.widget.openAutomatically) panel.open(false);
  }

  /** A part at work in this scene; rejected if it cannot be had. */
  load<T>(name: ChunkName): Promise<T> {
    return this.#parts.load(name, this.#context);
  }

  /** Take everything from the page; what the next scene goes on with. */
  end(): Omit<Left, "isHidden"> {
    const { isOpen, hasFocus, draft } = this.panel;
    this.#life.abort();
    this.chat.end();
    this.panel.destroy();
    const { unread, chat } = this;
    return { isOpen, wasOpen: isOpen, hasFocus, draft, unread, unsent: chat.unsent };
  }

  #makePanel(): Panel {
    const { config, emit, target } = this.#stage;
    const actions = {
      open: () => this.#opened(),
      close: () => emit("closed"),
      typing: () => this.chat.typing(),
      say: (text: string) => this.chat.say(text),
      talk: () => this.load<Drawing>("talk"),
    };
    return new Panel(config, actions, { target });
  }

  #makeChat(story: Story): Chat {
    const { api, memory, way, tools, config, explain } = this.#stage;
    const { log } = this.panel;
    const { signal } = this.#life;
    return new Chat(api, memory, way, tools, {
      // What still comes of a chat that has ended is not for the next visitor's panel.
      message: (message, isNew) => signal.aborted || this.#take(message, isNew),
      unsent: (all) => log.waiting(all),
      older: (all) => log.prepend(all.map((message) => worded(message, config.texts))),
      teamRead: (seq) => log.read(seq),
      coming: (text) => log.coming(text, config.assistantName),
      restart: () => log.clear(),
      state: (line, owner, person) => signal.aborted || this.#tell(line, owner, person),
      frame: (frame) => story.hear(frame),
      lost: () => {
        this.load<Polling>("polling").then((polling) => polling.begin(), () => undefined);
      },
      explain,
    });
  }

  #makeContext(): Context {
    const { config, api, memory, emit, on, adopt } = this.#stage;
    const { panel, chat } = this;
    const { signal } = this.#life;
    return {
      ...{ config, api, chat, panel, signal, emit, adopt },
      texts: config.texts,
      get session() {
        return memory.session;
      },
      on: (name, listener) => {
        const off = on(name, listener);
        // A part may come too late.
        if (signal.aborted) off();
        else signal.addEventListener("abort", off);
      },
      load: (name) => this.load(name),
    };
  }

  #greet(): void {
    const { config, way } = this.#stage;
    const { openings, greeting, assistantName, texts } = config;
    const { log } = this.panel;
    const opening = way.variables?.popup || openings[way.flowName ?? ""] || greeting;
    if (opening) log.greet("assistant", assistantName, opening);
    else if (texts.welcome) log.greet("system", "", texts.welcome);
  }

  #opened(): void {
    this.#readAll();
    this.#stand();
    if (!this.#wasOpen) this.#stage.emit("opened");
    this.#wasOpen = false;
  }

  #take(message: Message, isNew: boolean): void {
    const { author, text } = worded(message, this.#stage.config.texts);
    const { kind, name } = author;
    this.panel.log.put({ ...message, text });
    if (!isNew) return;
    this.#stage.emit(kind === "visitor" ? "message:sent" : "message:received", { message });
    if (kind === "visitor") return;
    this.panel.announce(`${name} ${text.replace(MARKS, "")}`);
    if (this.#isSeen) return this.#readAll();
    this.#count(this.unread + 1);
    this.load<Alerts>("alerts").then((alerts) => alerts.ring(this.unread), () => undefined);
  }

  get #isSeen(): boolean {
    return this.panel.isOpen && !document.hidden;
  }

  #readAll(): void {
    this.chat.read();
    if (this.unread) this.#count(0);
  }

  #count(unread: number): void {
    this.unread = unread;
    this.panel.unread(unread);
    this.#stage.emit("unread", { count: unread });
  }

  #tell(line: Line, owner: string, person: string): void {
    const { texts, assistantName, availability } = this.#stage.config;
    const lines: Record<string, string | undefined> = {
      connecting: texts.connecting,
      lost: texts.offline,
    };
    const owners: Record<string, string | undefined> = {
      bot: assistantName,
      waiting: availability.status === "online" ? texts.waiting : "",
      human: person,
      closed: texts.conversationEnded,
    };
    const personComes = owner === "waiting" || owner === "human";
    this.panel.state(lines[line] ?? owners[owner] ?? "", personComes);
    this.#owner = owner;
    this.#stand();
  }

  /** Show what stands around the conversation, which is fetched when there is some to be seen. */
  #stand(): void {
    const { panel } = this;
    if (!panel.isOpen) return;
    const { config, memory } = this.#stage;
    const owner = this.#owner;
    const isThere = this.#parts.has("forms");
    const asks = !memory.session && mustAsk(config);
    if (asks && !isThere) panel.sheet(h("div"));
    if (asks || isThere || owner === "waiting" || owner === "closed") {
      this.load<Forms>("forms").then(
        (forms) => forms.stand(owner, asks),
        () => panel.sheet(),
      );
    }
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
