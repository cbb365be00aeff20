// The pages beside the inbox: search, contacts, visitors, settings.

import type { Route } from "../routes";

const NAMES: Record<string, string> = {
  search: "Search",
  contacts: "Contacts",
  visitors: "Visitors",
  settings: "Settings",
};

export function Page({ route }: { route: Route }) {
  return (
    <main class="page" id="main" tabIndex={-1}>
      <h1>{NAMES[route.page]}</h1>
    </main>
  );
}
