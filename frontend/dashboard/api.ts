// Requests to the REST that every customer's program has too, and who makes them.
//
// The access token is kept in memory only. What renews it is a cookie that no script can read, so
// that a new tab or a reload asks for a token instead of for a password.

import { signal } from "@preact/signals";
import type { Page } from "./types";

/** What the server answered instead; `status` is 0 where no answer came. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Seconds until it is worth another try, where the server says so. */
    readonly retryAfter = 0,
    /** All that it said, such as the tenants to choose from. */
    readonly body: Record<string, any> = {},
  ) {
    super(message);
  }
}

export interface Credentials {
  email: string;
  password: string;
  otp?: string;
  tenantId?: string;
}

export interface How {
  /** Have it sent even if the page is left meanwhile. */
  keepalive?: boolean;
  signal?: AbortSignal;
}

// Says that there may be a cookie, and since when: without it nobody is asked, and no failure is on
// the console.
const HINT = "livechat.signed-in";
const MARGIN = 60_000;
const UNAUTHORIZED = 401;

/** Null until it is known. */
export const signedIn = signal<boolean | null>(null);

// Another tab has logged out, or somebody in: this one's cookie is theirs from then on.
addEventListener("storage", ({ key, newValue }) => {
  if (key !== HINT) return;
  if (newValue === null) forget();
  else location.reload();
});

let access = "";
let freshUntil = 0;
let renewing: Promise<string> | undefined;

/** Go on as whoever was logged in in this browser, or has just joined. Raises Refusal where no answer comes. */
export async function restore(): Promise<void> {
  if (location.hash === "#joined") {
    history.replaceState(null, "", location.pathname);
    remember(true);
  }
  if (!remembered()) {
    signedIn.value = false;
    return;
  }
  try {
    await renew();
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 0 || error.status >= 429) throw error;
  }
}

export async function logIn(credentials: Credentials): Promise<void> {
  take(await exchange("auth/browser", credentials));
  remember(true);
  signedIn.value = true;
}

export async function logOut(): Promise<void> {
  await exchange("auth/browser/logout", {}).catch(() => undefined);
  forget();
}

/** Be nobody, here; as when the server no longer knows the session. */
export function forget(): void {
  access = "";
  freshUntil = 0;
  remember(false);
  signedIn.value = false;
}

/** An access token that is good for another minute. Raises Refusal. */
export async function token(): Promise<string> {
  return Date.now() < freshUntil ? access : renew();
}

/** A new access token, whatever is thought of the old one. Raises Refusal. */
export function renew(): Promise<string> {
  renewing ??= askForAccess().finally(() => (renewing = undefined));
  return renewing;
}

/** Milliseconds until the access token should be renewed. */
export function freshFor(): number {
  return Math.max(0, freshUntil - Date.now());
}

export const get = <T>(path: string, how?: How): Promise<T> => ask("GET", path, undefined, how);
export const post = <T>(path: string, body: object = {}, how?: How): Promise<T> =>
  ask("POST", path, body, how);
export const put = <T>(path: string, body: object): Promise<T> => ask("PUT", path, body);
export const patch = <T>(path: string, body: object): Promise<T> => ask("PATCH", path, body);
export const del = <T>(path: string): Promise<T> => ask("DELETE", path);

/** Everything that a list has, for lists that are short. */
export async function everything<T>(path: string): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await get(path + query({ limit: "100", cursor }));
    found.push(...page.results);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

/** What goes behind the path; without those that are empty. */
export function query(fields: Record<string, string | null | undefined>): string {
  const given = Object.entries(fields).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(given as [string, string][])}` : "";
}

/** The answer as it is, such as a file. Raises Refusal. */
export async function fetchAs(method: string, path: string, body?: object, how: How = {}): Promise<Response> {
  const response = await send(method, path, body, how, await token());
  if (response.status !== UNAUTHORIZED) return good(response);
  return good(await send(method, path, body, how, await renew()));
}

async function ask<T>(method: string, path: string, body?: object, how?: How): Promise<T> {
  const response = await fetchAs(method, path, body, how);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function send(method: string, path: string, body: object | undefined, how: How, bearer?: string): Promise<Response> {
  const headers: Record<string, string> = {};
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  const isForm = body instanceof FormData;
  if (body && !isForm) headers["Content-Type"] = "application/json";
  try {
    return await fetch(`/api/${path}`, {
      ...how,
      method,
      headers,
      body: !body || isForm ? (body ?? null) : JSON.stringify(body),
    });
  } catch (error) {
    if (how.signal?.aborted) throw error;
    throw new Refusal(0, "unreachable", "The server cannot be reached.");
  }
}

async function good(response: Response): Promise<Response> {
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as Record<string, any>;
  const retryAfter = Number(response.headers.get("Retry-After"));
  const message = body.error ?? `The server answered ${response.status}.`;
  throw new Refusal(response.status, body.code ?? "", message, retryAfter, body);
}

interface Access {
  access: string;
  /** Seconds. */
  expiresIn?: number;
}

async function exchange(path: string, body: object): Promise<Access> {
  const response = await good(await send("POST", path, body, {}));
  return (response.status === 204 ? {} : await response.json()) as Access;
}

async function askForAccess(): Promise<string> {
  try {
    take(await exchange("auth/browser/refresh", {}));
    signedIn.value = true;
    return access;
  } catch (error) {
    if (error instanceof Refusal && [400, 401, 403].includes(error.status)) forget();
    throw error;
  }
}

function take(given: Access): void {
  access = given.access;
  freshUntil = Date.now() + (given.expiresIn ?? 900) * 1000 - MARGIN;
}

function remembered(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return true;
  }
}

function remember(is: boolean): void {
  try {
    if (is) localStorage.setItem(HINT, String(Date.now()));
    else localStorage.removeItem(HINT);
  } catch {
    // Storage may be forbidden; then every start asks.
  }
}
