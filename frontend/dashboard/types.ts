// What the REST and the socket say, as docs/ and the API's description have it.

export type Status = "open" | "pending" | "snoozed" | "resolved";
export type Owner = "bot" | "waiting" | "human" | "closed";
export type Priority = "none" | "low" | "medium" | "high" | "urgent";
export type Role = "owner" | "admin" | "agent";
export type Connection = "online" | "connecting" | "offline";

export interface Contact {
  id: string;
  name: string;
  email: string | null;
  phone: string;
  verified: boolean;
  attributes: Record<string, unknown>;
}

export interface Preview {
  seq: number;
  author: Author["kind"];
  /** The member who said it; of what was said before members were noted, nobody knows. */
  authorId?: string;
  text: string;
  createdAt: string;
}

export interface Conversation {
  id: string;
  channel: string;
  status: Status;
  owner: Owner;
  assistantId: string | null;
  assigneeId: string | null;
  teamId: string | null;
  waitingSince: string | null;
  contact_data: Contact;
  subject: string;
  lastMessage: Preview | null;
  unread: number;
  labels: string[];
  priority: Priority;
  snoozedUntil: string | null;
  /** Its newest message's number, and that of the newest one which the team has read. */
  seq: number;
  teamReadSeq: number;
  qualified: boolean;
  handoverReason: string | null;
  handoverSummary: string | null;
  rating: { score: number; comment: string } | null;
  createdAt: string;
  updatedAt: string;
}

/** What the REST tells of one conversation besides. */
export interface Detail extends Conversation {
  usage: { turns: number; tokens: number; cost: string | null };
  qualification: Record<string, unknown>;
  variables: Record<string, unknown>;
  /** Where the visitor was last, and whether they are there. */
  page?: { url: string; title: string; at: string } | null;
  presence?: "online" | "away" | null;
  /** Up to here the visitor has read. */
  visitorReadSeq?: number;
}

export interface CannedResponse {
  id: string;
  shortcut: string;
  text: string;
  teamId: string | null;
}

export interface ToolCall {
  id: string;
  conversationId: string;
  name: string;
  args: Record<string, unknown>;
  risk: string;
  status: "started" | "done" | "failed" | "unknown" | "waiting" | "asked" | "approved" | "rejected" | "expired";
  result: string;
  decidedBy: string | null;
  deadline: string | null;
  createdAt: string;
}

export interface Author {
  kind: "visitor" | "assistant" | "agent" | "system";
  id: string | null;
  name: string;
}

export interface Attachment {
  id: string;
  name: string;
  contentType: string;
  size: number;
  thumbnail: boolean;
}

export interface Source {
  title?: string;
  url?: string;
  [name: string]: unknown;
}

export interface Message {
  id: string;
  conversationId: string;
  seq: number;
  author: Author;
  text: string;
  attachments: Attachment[];
  private: boolean;
  status: string;
  sources: Source[];
  /** What the assistant offers to say next. */
  choices: string[];
  mentions?: string[];
  createdAt: string;
  /** Of those that are on their way, and of those that did not get there. */
  sending?: "pending" | "failed";
  problem?: string;
}

export interface Member {
  id: string;
  userId: string;
  email: string;
  name: string;
  role: Role;
  /** Where the whole team is listed. */
  availability?: Availability;
}

export interface Availability {
  memberId: string;
  status: "online" | "away";
  online: boolean;
  capacity: number;
  assigned: number;
}

export interface Team {
  id: string;
  name: string;
  strategy: string;
  members: Availability[];
}

export interface Label {
  id: string;
  name: string;
  color: string;
}

export interface Assistant {
  id: string;
  name: string;
  isDefault: boolean;
  published: boolean;
}

export interface Wish {
  email?: boolean;
  browser?: boolean;
  sound?: boolean;
}

export interface Preferences {
  theme: "auto" | "light" | "dark";
  density: "comfortable" | "compact";
  shortcuts: boolean;
  enterSends: boolean;
  notifications: Record<string, Wish>;
}

export interface Me {
  tenant: { id: string; name: string };
  member: Member;
  preferences?: Partial<Preferences>;
  twoFactor?: boolean;
}

export interface Counts {
  mine: number;
  unassigned: number;
  waiting: number;
  all: number;
  snoozed: number;
  pending: number;
  resolved?: number;
  mentions: number;
  teams: Record<string, number>;
  members: Record<string, number>;
}

/** The list's query, a value or several with commas between them. */
export type Filters = Record<string, string>;
export type Sort = "updated" | "created" | "waiting" | "priority";

export interface SavedView {
  id: string;
  name: string;
  filters: Filters;
  sort: Sort;
  shared: boolean;
}

export interface Page<T> {
  results: T[];
  nextCursor: string | null;
  hasMore: boolean;
}

export interface Frame {
  type: string;
  /** The tenant's gapless sequence; ephemeral frames have none. */
  id?: number;
  ts?: string;
  data?: any;
  [name: string]: unknown;
}
