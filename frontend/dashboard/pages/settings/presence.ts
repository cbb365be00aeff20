// Who is in the team, and who of them is there, of which no event tells.

import { useEffect } from "preact/hooks";
import { everything, get } from "../../api";
import { availability, members, teams } from "../../store";
import type { Availability, Member, Team } from "../../types";

const REFRESH_EVERY = 30_000;

/** Ask for it again and again while somebody looks. */
export function usePresence(): void {
  useEffect(() => {
    load();
    const timer = setInterval(load, REFRESH_EVERY);
    return () => clearInterval(timer);
  }, []);
}

export function state({ online, status }: Availability): string {
  if (online) return "online";
  return status === "away" ? "away" : "offline";
}

/** What is known stays where no answer comes. */
function load(): void {
  everything<Member>("members").then((all) => (members.value = all), () => undefined);
  everything<Team>("teams").then((all) => (teams.value = all), () => undefined);
  get<Availability>("availability").then((own) => (availability.value = own), () => undefined);
}
