// The ways from here: views with their counts, and the other pages.

import { beThere } from "./actions";
import { openPalette } from "./commands";
import { Icon, type IconName } from "./icons";
import { views, type View } from "./views";
import { currentView } from "./listing";
import { pathOfView, route } from "./routes";
import { availability, me } from "./store";

const GROUPS: Record<View["group"], string> = { inbox: "Inbox", teams: "Teams", saved: "Views" };

interface Place {
  path: string;
  page: string;
  name: string;
  icon: IconName;
}

const PLACES: Place[] = [
  { path: "/search", page: "search", name: "Search", icon: "search" },
  { path: "/visitors", page: "visitors", name: "Visitors", icon: "visitors" },
  { path: "/contacts", page: "contacts", name: "Contacts", icon: "contacts" },
  { path: "/settings", page: "settings", name: "Settings", icon: "settings" },
];

export function Sidebar() {
  return (
    <nav class="sidebar" aria-label="Main">
      <a class="brand" href="/" title={me.value?.tenant.name}>
        <span class="corner" aria-hidden="true" />
        <span class="text">{me.value?.tenant.name}</span>
      </a>
      <button type="button" class="jump" onClick={openPalette} title="Search or jump">
        <Icon name="search" />
        <span class="text">Jump to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      {(Object.keys(GROUPS) as View["group"][]).map((group) => <Group key={group} group={group} />)}
      <Presence />
      <ul class="places">{PLACES.map((place) => <Entry key={place.path} {...place} />)}</ul>
    </nav>
  );
}

/** Whether one gets new conversations, with one's name. */
function Presence() {
  const own = availability.value;
  if (!own) return null;
  const isThere = own.status === "online";
  const state = isThere ? "Available" : "Away";
  return (
    <button
      type="button"
      class={`presence ${own.status}`}
      role="switch"
      aria-checked={isThere}
      aria-label="Available for new conversations"
      title={`${me.value?.member.name}: ${state}`}
      onClick={() => void beThere(!isThere)}
    >
      <i aria-hidden="true" />
      <span class="text">{me.value?.member.name}</span>
      <span class="text state">{state}</span>
    </button>
  );
}

/** What takes its place on phones. */
export function BottomBar() {
  const places = [{ path: "/", page: "inbox", name: "Inbox", icon: "inbox" as const }, ...PLACES];
  return (
    <nav class="bottom-bar" aria-label="Main">
      <ul>{places.map((place) => <Entry key={place.path} {...place} />)}</ul>
    </nav>
  );
}

function Group({ group }: { group: View["group"] }) {
  const here = views.value.filter((view) => view.group === group);
  if (!here.length) return null;
  return (
    <>
      <h2 class="text">{GROUPS[group]}</h2>
      <ul>{here.map((view) => <ViewEntry key={view.id} view={view} />)}</ul>
    </>
  );
}

/** Where the views are icons, there is room for two digits. */
function Count({ of }: { of: number }) {
  if (of < 100) return <span class="count">{of}</span>;
  return (
    <span class="count">
      <span class="exact">{of}</span>
      <span class="short" aria-hidden="true">99+</span>
    </span>
  );
}

function ViewEntry({ view }: { view: View }) {
  const isCurrent = route.value.page === "inbox" && currentView.value.id === view.id;
  const icon = view.group === "inbox" ? (view.id === "all" ? "inbox" : (view.id as IconName)) : view.group === "teams" ? "team" : "saved";
  return (
    <li>
      <a href={pathOfView(view.id)} aria-current={isCurrent ? "page" : undefined} title={view.name}>
        <Icon name={icon} />
        <span class="text">{view.name}</span>
        {view.count ? <Count of={view.count} /> : null}
      </a>
    </li>
  );
}

function Entry({ path, page, name, icon }: Place) {
  return (
    <li>
      <a href={path} aria-current={route.value.page === page ? "page" : undefined} title={name}>
        <Icon name={icon} />
        <span class="text">{name}</span>
      </a>
    </li>
  );
}
