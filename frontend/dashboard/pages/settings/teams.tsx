import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { del, get, patch, post, put as replace, query } from "../../api";
import { pathOf } from "../../routes";
import { availability, contactName, isAdmin, memberName, members, onEvent, teamName, teams } from "../../store";
import type { Availability, Conversation, Page, Team } from "../../types";
import { changing } from "../lists";
import { Problem, Since, ask, filled, useTask } from "../parts";
import { Hours } from "./hours";
import { state, usePresence } from "./presence";

const STRATEGIES: Record<string, string> = {
  round_robin: "In turn: who got none for longest",
  least_loaded: "By load: who has fewest",
};
const SHOWN = "50";

export function Teams() {
  usePresence();
  return (
    <>
      <Own />
      <Queue />
      <Hours />
      <h3>Teams</h3>
      {teams.value.length === 0 && <p class="quiet">There is one queue, and everybody who is there is asked in turn.</p>}
      <ul class="cards">{teams.value.map((team) => <Card key={team.id} team={team} />)}</ul>
      {isAdmin.value && <details class="more"><summary>Make a team</summary><Form /></details>}
    </>
  );
}

/** How many one takes at once. */
function Own() {
  const { run, isBusy, problem } = useTask();
  const own = availability.value;
  if (!own) return null;
  const change = (event: Event): void => {
    const { capacity } = filled(event);
    void run(async () => {
      availability.value = await replace<Availability>("availability", { capacity: Number(capacity) });
    }, "Saved");
  };
  return (
    <form class="inputs" onSubmit={change}>
      <label>Conversations that you take at once <input name="capacity" type="number" min={0} max={100} required defaultValue={String(own.capacity)} /></label>
      <button disabled={isBusy}>Save</button>
      <p class="quiet">You are {state(own)} and have {own.assigned} in hand.</p>
      <Problem text={problem} />
    </form>
  );
}

/** Who waits for a person, the longest first. */
function Queue() {
  const waiting = useSignal<Conversation[] | null>(null);
  const problem = useSignal("");
  useEffect(() => {
    let isDue = false;
    const load = async (): Promise<void> => {
      isDue = false;
      try {
        waiting.value = (await get<Page<Conversation>>(`conversations${query({ status: "open", owner: "waiting", sort: "waiting", limit: SHOWN })}`)).results;
        problem.value = "";
      } catch (error) {
        problem.value = (error as Error).message;
      }
    };
    void load();
    return onEvent(({ type }) => {
      if (isDue || !type.startsWith("conversation:")) return;
      isDue = true;
      setTimeout(() => void load(), 1_000);
    });
  }, []);
  return (
    <>
      <h3>Queue</h3>
      <Problem text={problem.value} />
      {waiting.value?.length ? (
        <div class="table">
          <table>
            <thead><tr><th scope="col">Who waits</th><th scope="col">For how long</th><th scope="col">For whom</th></tr></thead>
            <tbody>
              {waiting.value.map(({ id, contact_data, waitingSince, updatedAt, teamId, assigneeId }) => (
                <tr key={id}>
                  <td><a dir="auto" href={pathOf(id)}>{contactName(contact_data)}</a></td>
                  <td><Since at={waitingSince ?? updatedAt} /></td>
                  <td dir="auto">{memberName(assigneeId) || teamName(teamId) || "Everybody"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p class="quiet" role="status">{waiting.value ? "Nobody waits." : "Loading…"}</p>
      )}
    </>
  );
}

function Card({ team }: { team: Team }) {
  const { remove } = changing(teams);
  const end = (): void =>
    ask({
      title: `Delete ${team.name}?`,
      text: "Whoever waits for it waits for everybody from then on. Its members stay.",
      label: "Delete",
      run: async () => {
        await del(`teams/${team.id}`);
        remove(team.id);
      },
    });
  return (
    <li class="card wide">
      <b dir="auto">{team.name}</b>
      <span class="quiet">{STRATEGIES[team.strategy] ?? team.strategy}</span>
      <ul class="there">
        {team.members.map((one) => (
          <li key={one.memberId} class={state(one)}>
            <i aria-hidden="true" />
            <span dir="auto">{memberName(one.memberId)}</span>
            <span class="quiet">{state(one)}, {one.assigned} of {one.capacity}</span>
          </li>
        ))}
      </ul>
      {team.members.length === 0 && <span class="quiet">Nobody is in it.</span>}
      {isAdmin.value && (
        <>
          <details class="more"><summary>Change <span class="visually-hidden">{team.name}</span></summary><Form team={team} /></details>
          <button type="button" aria-label={`Delete ${team.name}`} onClick={end}>Delete</button>
        </>
      )}
    </li>
  );
}

function Form({ team }: { team?: Team }) {
  const { put } = changing(teams);
  const { run, isBusy, problem } = useTask();
  const submit = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const memberIds = new FormData(form).getAll("member");
    const { name, strategy } = filled(event);
    const body = { name, strategy, memberIds };
    const isDone = await run(async () => put(team ? await patch<Team>(`teams/${team.id}`, body) : await post<Team>("teams", body)), "Saved");
    if (!isDone) return;
    form.closest("details")?.removeAttribute("open");
    if (!team) form.reset();
  };
  const isIn = (id: string): boolean => team?.members.some(({ memberId }) => memberId === id) ?? false;
  return (
    <form class="fields" onSubmit={(event) => void submit(event)}>
      <label>Name <input name="name" required maxLength={100} defaultValue={team?.name} dir="auto" /></label>
      <label>
        Whose turn it is
        <select name="strategy" defaultValue={team?.strategy}>
          {Object.entries(STRATEGIES).map(([id, name]) => <option key={id} value={id}>{name}</option>)}
        </select>
      </label>
      <fieldset>
        <legend>Members</legend>
        {members.value.map(({ id, name, email }) => (
          <label key={id} class="check"><input type="checkbox" name="member" value={id} defaultChecked={isIn(id)} /><span dir="auto">{name || email}</span></label>
        ))}
      </fieldset>
      <Problem text={problem} />
      <div class="buttons"><button class="primary" disabled={isBusy}>Save</button></div>
    </form>
  );
}
