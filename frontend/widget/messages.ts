// What travels, as far as the widget reads it.

export interface Source {
  title: string;
  url?: string;
}

export interface Message {
  id: string;
  seq: number;
  author: { kind: "visitor" | "assistant" | "agent" | "system"; name: string };
  text: string;
  attachments: { name: string }[];
  sources: Source[];
  choices: string[];
  createdAt: string;
}

export interface Delta {
  /** A higher one begins the answer anew. */
  draft: number;
  turnId: string;
  attempt: number;
  index: number;
  text: string;
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
  /** Why it was refused, in words for the visitor; empty while it is on its way. */
  refused: string;
}

/** Whether somebody of the team is there. */
export interface Availability {
  status: "online" | "away" | "closed";
  opensAt: string | null;
  usualReplySeconds: number | null;
}

export interface Config {
  name: string;
  code: string;
  availability: Availability;
  greeting: string;
  /** What greets visitors who come in by a flow, by its name. */
  openings: Record<string, string>;
  assistantName: string;
  widget: {
    primaryColor: string;
    textColor?: string;
    title: string;
    position: string;
    size: string;
    darkMode: string;
    avatar: string;
    launcherIcon: string;
    customCss: string;
    openAutomatically: boolean;
    notifyOnGreeting: boolean;
    activation: string;
  };
  branding: { logo: string; wordmark: string; poweredBy: boolean };
  texts: Record<string, string>;
}
