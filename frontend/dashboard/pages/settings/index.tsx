// What can be set: by everybody for themselves, and by owners and admins for all.

import type { ComponentType } from "preact";
import { go, route } from "../../routes";
import { isAdmin } from "../../store";
import { Screen } from "../parts";
import { CannedResponses } from "./canned";
import { Labels } from "./labels";
import { Members } from "./members";
import { Notifications } from "./notifications";
import { Profile } from "./profile";
import { Security } from "./security";
import { Teams } from "./teams";
import { Views } from "./views";
import { Workspace } from "./workspace";

interface Part {
  id: string;
  name: string;
  body: ComponentType;
  isForAdmins?: boolean;
}

const PARTS: Part[] = [
  { id: "profile", name: "Profile and appearance", body: Profile },
  { id: "notifications", name: "Notifications", body: Notifications },
  { id: "security", name: "Security", body: Security },
  { id: "views", name: "Views", body: Views },
  { id: "canned", name: "Canned responses", body: CannedResponses },
  { id: "labels", name: "Labels", body: Labels },
  { id: "teams", name: "Teams and queue", body: Teams },
  { id: "members", name: "Members", body: Members },
  { id: "workspace", name: "Workspace", body: Workspace, isForAdmins: true },
];

export function Settings({ page }: { page: string }) {
  const parts = PARTS.filter(({ isForAdmins }) => !isForAdmins || isAdmin.value);
  const part = parts.find(({ id }) => id === page) ?? parts[0]!;
  const path = (id: string): string => `/settings/${id}`;
  return (
    <Screen title="Settings">
      <div class="settings">
        <nav aria-label="Settings">
          <select aria-label="Page of the settings" value={part.id} onChange={({ currentTarget }) => go(path(currentTarget.value))}>
            {parts.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          </select>
          <ul>
            {parts.map(({ id, name }) => (
              <li key={id}><a href={path(id)} aria-current={route.value.page === "settings" && id === part.id ? "page" : undefined}>{name}</a></li>
            ))}
          </ul>
        </nav>
        <section class="setting" aria-labelledby="setting">
          <h2 id="setting">{part.name}</h2>
          <part.body key={part.id} />
        </section>
      </div>
    </Screen>
  );
}
