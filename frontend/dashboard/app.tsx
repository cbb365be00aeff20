// What is where.

import { signedIn } from "./api";
import { ConnectionBar, Toasts } from "./bars";
import { LateOverlay, LatePage } from "./late";
import { List } from "./list";
import { currentView } from "./listing";
import { LogIn } from "./login";
import { preferences } from "./preferences";
import { follow, route } from "./routes";
import { BottomBar, Sidebar } from "./sidebar";
import { me } from "./store";
import { Thread } from "./thread";

export function App() {
  // Whoever leaves is shown what they had until the page begins anew.
  if (signedIn.value === false && !me.value) return <LogIn />;
  return (
    <>
      <ConnectionBar />
      {me.value && <Shell />}
      <Toasts />
    </>
  );
}

function Shell() {
  const { page, conversation } = route.value;
  return (
    <div class={conversation ? "shell has-conversation" : "shell"} onClick={follow}>
      <a class="skip" href="#main">Skip to the conversations</a>
      <Sidebar />
      {page === "inbox" ? <Inbox conversation={conversation} /> : <LatePage route={route.value} />}
      <BottomBar />
      <LateOverlay />
    </div>
  );
}

function Inbox({ conversation }: { conversation: string | undefined }) {
  return (
    <main class="inbox" id="main" tabIndex={-1}>
      <h1 class="visually-hidden">Inbox: {currentView.value.name}</h1>
      <List />
      {conversation ? <Thread key={conversation} id={conversation} /> : <Nothing />}
    </main>
  );
}

function Nothing() {
  return (
    <div class="nothing">
      <span class="corner" aria-hidden="true" />
      <p>Choose a conversation{preferences.value.shortcuts && <>, or press <kbd>J</kbd></>}.</p>
    </div>
  );
}
