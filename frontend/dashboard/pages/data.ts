// What only these pages ask for.

import type { Author, Contact, Role } from "../types";

export type Excerpt = { text: string; match: boolean }[];

export interface MessageHit {
  conversationId: string;
  messageId: string;
  seq: number;
  author: Author;
  createdAt: string;
  private: boolean;
  contact_data: Contact;
  excerpt: Excerpt;
}

export interface ContactDetail extends Contact {
  createdAt: string;
}

export interface ContactHit extends ContactDetail {
  excerpt: Excerpt;
}

export interface Visitor {
  id: string;
  /** Without query and fragment; empty if unknown. */
  url: string;
  title: string;
  since: string;
  sessionId: string | null;
  /** Their open one. */
  conversationId: string | null;
  contact: Contact | null;
}

export interface Invitation {
  id: string;
  email: string;
  name: string;
  role: Role;
  status: "pending" | "expired";
  invitedBy: string;
  createdAt: string;
  expiresAt: string;
}

export interface OwnSession {
  id: string;
  current: boolean;
  userAgent: string;
  ip: string | null;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
}
