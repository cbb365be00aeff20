// What travels, as far as the widget reads it.

export interface Source {
  title: string;
  url?: string;
}

/** A file that is with the server. */
export interface Attachment {
  id: string;
  name: string;
  contentType: string;
  /** In bytes. */
  size: number;
}

/** What became of the conversation, for us to say in the visitor's words. */
export interface Line {
  code: string;
  name: string;
}

export interface Message {
  id: string;
  seq: number;
  author: { kind: "visitor" | "assistant" | "agent" | "system"; name: string };
  text: string;
  attachments: Attachment[];
  sources: Source[];
  choices: string[];
  line?: Line | null | undefined;
  createdAt: string;
  /** The conversation's, told with what is new; empty if nothing tells it. */
  language?: string;
}

export interface Delta {
  /** A higher one begins the answer anew. */
  draft: number;
  turnId: string;
  attempt: number;
  index: number;
  text: string;
}

/** A conversation as its visitor sees it. */
export interface Conversation {
  id: string;
  owner: string;
  assignee?: { name: string } | null;
  updatedAt: string;
  /** How far the team and the visitor have read. */
  teamReadSeq?: number;
  readSeq?: number;
  lastMessage?: { seq: number; text: string; createdAt: string; author: string; line?: Line } | null;
}

/** A call that an assistant asks the page to make. */
export interface ToolRequest {
  id: string;
  name: string;
  args: Record<string, unknown>;
  deadline: string;
}

/** A message that the server has not confirmed; its id makes sending it again harmless. */
export interface Unsent {
  messageId: string;
  text: string;
  attachments: Attachment[];
  /** It begins another conversation beside those that there are. */
  beginsAnother?: boolean | undefined;
  /** Why it was refused, in words for the visitor; empty while it is on its way. */
  refused: string;
  /** Until when the server takes nothing more, by our clock. */
  notBefore?: number;
}

/** Whether somebody of the team is there. */
export interface Availability {
  status: "online" | "away" | "closed";
  opensAt: string | null;
  usualReplySeconds: number | null;
}

export interface Trigger {
  event: string;
  value: string;
  message: string;
}

export interface FormField {
  name: string;
  label: string;
  type: string;
  required: boolean;
}

export interface Config {
  name: string;
  code: string;
  locale: string;
  direction?: string;
  fileUpload: boolean;
  /** Whether the page tells the team where its visitor is. */
  presencePing: boolean;
  /** Whether the team reads what is being written. */
  seesTyping: boolean;
  attachments: { maxBytes: number; types: string[] };
  assistantId: string | null;
  availability: Availability;
  popups: { enabled: boolean; delaySeconds: number; messages: string[] };
  triggers: Trigger[];
  preChatForm: { enabled: boolean; fields: FormField[] };
  offlineForm: { enabled: boolean };
  rating: { enabled: boolean };
  transcript: { enabled: boolean };
  greeting: string;
  /** What greets visitors who come in by a flow, by its name. */
  openings: Record<string, string>;
  assistantName: string;
  widget: {
    primaryColor: string;
    /** Empty for black or white, whichever can be read. */
    textColor: string;
    title: string;
    position: string;
    size: string;
    darkMode: string;
    avatar: string;
    launcherIcon: string;
    customCss: string;
    /** Whether visitors may speak, where the browser understands them. */
    microphone: boolean;
    openAutomatically: boolean;
    notifyOnGreeting: boolean;
    activation: string;
    hideWhenAway: boolean;
    sound: boolean;
    /** A CSS selector of the page's own launchers; empty if it has none. */
    customLauncher: string;
  };
  branding: { logo: string; wordmark: string; poweredBy: boolean };
  texts: Record<string, string>;
}

/** A message, or the beginning of one, as the visitor is to read it. */
export function worded<T extends Pick<Message, "text" | "line">>(
  said: T,
  texts: Config["texts"],
): T {
  const { line } = said;
  const words = line && texts[`${line.code}Line`];
  return words ? { ...said, text: words.replace("{name}", () => line.name) } : said;
}
