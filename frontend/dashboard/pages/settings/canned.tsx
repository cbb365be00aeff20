import { useSignal } from "@preact/signals";
import { del, patch, post } from "../../api";
import { isAdmin, teamName, teams } from "../../store";
import type { CannedResponse } from "../../types";
import { useShort, type Short } from "../lists";
import { Problem, ask, filled, useTask } from "../parts";

const VARIABLES = ["contact.name", "contact.email", "agent.name", "agent.email", "tenant.name", "conversation.id"];

export function CannedResponses() {
  const list = useShort<CannedResponse>("canned-responses");
  const wanted = useSignal("");
  const words = wanted.value.toLowerCase();
  const shown = list.rows.value.filter(({ shortcut, text }) => `${shortcut} ${text}`.toLowerCase().includes(words));
  return (
    <>
      <p class="quiet">In a reply, <kbd>/</kbd> and a shortcut put the text in. Braces put in what is known: {VARIABLES.map((name) => `{{${name}}}`).join(", ")}; after a bar, what stands there if nothing is: {"{{contact.name|there}}"}.</p>
      <Problem text={list.problem.value} />
      {isAdmin.value && <details class="more"><summary>Add a response</summary><Form list={list} /></details>}
      {list.rows.value.length > 5 && (
        <input type="search" aria-label="Filter" placeholder="Filter" onInput={({ currentTarget }) => (wanted.value = currentTarget.value)} />
      )}
      <ul class="cards">{shown.map((one) => <Card key={one.id} one={one} list={list} />)}</ul>
      {list.isReady.value && !shown.length && <p class="quiet">None{words ? " has these words" : " yet"}.</p>}
    </>
  );
}

function Card({ one, list }: { one: CannedResponse; list: Short<CannedResponse> }) {
  const end = (): void =>
    ask({
      title: `Delete /${one.shortcut}?`,
      text: "What was sent with it stays.",
      label: "Delete",
      run: async () => {
        await del(`canned-responses/${one.id}`);
        list.remove(one.id);
      },
    });
  return (
    <li class="card wide">
      <b>/{one.shortcut}</b>
      <span class="quiet" dir="auto">{one.teamId ? teamName(one.teamId) : "Everybody’s"}</span>
      <p class="text" dir="auto">{one.text}</p>
      {isAdmin.value && (
        <>
          <details class="more"><summary>Change <span class="visually-hidden">/{one.shortcut}</span></summary><Form list={list} one={one} /></details>
          <button type="button" aria-label={`Delete /${one.shortcut}`} onClick={end}>Delete</button>
        </>
      )}
    </li>
  );
}

function Form({ list, one }: { list: Short<CannedResponse>; one?: CannedResponse }) {
  const { run, isBusy, problem } = useTask();
  const submit = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const { shortcut, text, teamId } = filled(event);
    const body = { shortcut, text, teamId: teamId || null };
    const isDone = await run(
      async () => list.put(one ? await patch<CannedResponse>(`canned-responses/${one.id}`, body) : await post<CannedResponse>("canned-responses", body)),
      "Saved",
    );
    if (!isDone) return;
    form.closest("details")?.removeAttribute("open");
    if (!one) form.reset();
  };
  return (
    <form class="fields" onSubmit={(event) => void submit(event)}>
      <label>Shortcut <input name="shortcut" required maxLength={40} defaultValue={one?.shortcut} /></label>
      <label>Text <textarea name="text" rows={4} required maxLength={10_000} defaultValue={one?.text} dir="auto" /></label>
      <label>
        For
        <select name="teamId" defaultValue={one?.teamId ?? ""}>
          <option value="">Everybody</option>
          {teams.value.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </select>
      </label>
      <Problem text={problem} />
      <div class="buttons"><button class="primary" disabled={isBusy}>Save</button></div>
    </form>
  );
}
