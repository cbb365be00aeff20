// Where one is: a path of our own, so that every conversation and view can be linked to.

import { computed, signal } from "@preact/signals";

export interface Route {
  page: "inbox" | "search" | "contacts" | "visitors" | "settings";
  /** The conversation that is looked at. */
  conversation?: string;
  /** The view whose list is beside it. */
  view?: string;
  /** The page of the settings. */
  settings?: string;
  /** The contact that is looked at. */
  contact?: string;
  query: URLSearchParams;
}

const LAST_VIEW = "livechat.view";
const FIRST_VIEW = "all";

const address = signal(location.pathname + location.search);
export const route = computed(() => parse(address.value));
export const viewId = signal(lastView());

addEventListener("popstate", () => arrive());
arrive();

/** Go to a path of ours; with `instead`, the way back leads past where one was. */
export function go(path: string, instead = false): void {
  if (path === address.peek()) return;
  history[instead ? "replaceState" : "pushState"](null, "", path);
  arrive();
}

/** Where a conversation is; encoded, as everything that goes into a path. */
export const pathOf = (id: string): string => `/c/${encodeURIComponent(id)}`;
export const pathOfContact = (id: string): string => `/contacts/${encodeURIComponent(id)}`;
export const pathOfView = (id: string): string => `/view/${encodeURIComponent(id)}`;

/** Follow a link of ours without leaving the page, unless another tab or window is asked for. */
export function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  if (link.hash) return;
  if (link.origin !== location.origin || !isOurs(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

function isOurs(path: string): boolean {
  return path === "/" || /^\/(c|view|settings|contacts)\/[^/]+$|^\/(search|contacts|visitors|settings)$/.test(path);
}

function arrive(): void {
  address.value = location.pathname + location.search;
  const { view } = route.peek();
  if (view) see(view);
}

function see(view: string): void {
  viewId.value = view;
  try {
    localStorage.setItem(LAST_VIEW, view);
  } catch {
    // Storage may be forbidden; then every visit begins with the first view.
  }
}

function lastView(): string {
  const { view } = parse(location.pathname);
  try {
    return view ?? localStorage.getItem(LAST_VIEW) ?? FIRST_VIEW;
  } catch {
    return view ?? FIRST_VIEW;
  }
}

function parse(text: string): Route {
  const { pathname, searchParams } = new URL(text, location.origin);
  const [, first = "", second = ""] = pathname.split("/").map(decoded);
  const route: Route = { page: "inbox", query: searchParams };
  if (first === "c") return { ...route, conversation: second };
  if (first === "view") return { ...route, view: second };
  if (first === "settings") return { ...route, page: "settings", settings: second || "profile" };
  if (first === "contacts" && second) return { ...route, page: first, contact: second };
  if (first === "search" || first === "contacts" || first === "visitors") return { ...route, page: first };
  return route;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
