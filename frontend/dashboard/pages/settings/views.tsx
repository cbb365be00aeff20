import type { JSX } from "preact";
import { del, patch, post, query } from "../../api";
import { pathOfView } from "../../routes";
import { save } from "../../saving";
import { isAdmin, labels, member, members, savedViews, teams } from "../../store";
import type { Filters, SavedView } from "../../types";
import { changing } from "../lists";
import { Problem, ask, filled, useTask } from "../parts";

type Owned = SavedView & { memberId?: string };
type Choices = [value: string, name: string][];

const SORTS: Choices = [["updated", "Latest change"], ["created", "Latest beginning"], ["waiting", "Longest wait"], ["priority", "Priority"]];

function fields(): Record<string, { name: string; choices: Choices }> {
  const words = (...each: string[]): Choices => each.map((one) => [one, one]);
  return {
    status: { name: "Status", choices: words("open", "pending", "snoozed", "resolved") },
    owner: { name: "Who answers", choices: [["bot", "Assistant"], ["waiting", "Waiting"], ["human", "A person"], ["closed", "Nobody: closed"]] },
    assignee: { name: "Assigned to", choices: [["me", "Whoever looks"], ["none", "Nobody"], ...members.value.map(({ id, name, email }): [string, string] => [id, name || email])] },
    team: { name: "Team", choices: [["none", "Everybody’s queue"], ...teams.value.map(({ id, name }): [string, string] => [id, name])] },
    label: { name: "Label", choices: labels.value.map(({ name }) => [name, name]) },
    priority: { name: "Priority", choices: words("urgent", "high", "medium", "low", "none") },
    unread: { name: "Unread", choices: [["true", "Only unread ones"]] },
  };
}

export function Views() {
  const views: Owned[] = savedViews.value;
  return (
    <>
      <p class="quiet">A view is a list of its own beside the usual ones. Shared ones are everybody’s.</p>
      <ul class="cards">{views.map((view) => <Card key={view.id} view={view} />)}</ul>
      <details class="more" open={views.length === 0}><summary>Make a view</summary><Form /></details>
    </>
  );
}

function Card({ view }: { view: Owned }) {
  const { run, isBusy, problem } = useTask();
  const { remove } = changing(savedViews);
  const isMine = view.shared ? isAdmin.value : true;
  const end = (): void =>
    ask({
      title: `Delete the view ${view.name}?`,
      text: view.shared ? "It is gone for everybody. Its conversations stay." : "Its conversations stay.",
      label: "Delete",
      run: async () => {
        await del(`views/${view.id}`);
        remove(view.id);
      },
    });
  return (
    <li class="card wide">
      <a dir="auto" href={pathOfView(view.id)}>{view.name}</a>
      <span class="quiet">{view.shared ? "Shared" : "Yours"}</span>
      <p class="text quiet" dir="auto">{told(view.filters)}</p>
      <Problem text={problem} />
      {isMine && <details class="more"><summary>Change <span class="visually-hidden">{view.name}</span></summary><Form view={view} /></details>}
      <span class="buttons">
        <button type="button" disabled={isBusy} aria-label={`Export as CSV: ${view.name}`} onClick={() => void run(() => save(`conversations.csv${query(view.filters)}`, "conversations.csv"))}>Export as CSV</button>
        {isMine && <button type="button" aria-label={`Delete ${view.name}`} onClick={end}>Delete</button>}
      </span>
    </li>
  );
}

/** What a view asks for, in words. */
function told(filters: Filters): string {
  const known = fields();
  const parts = Object.entries(filters).map(([field, value]) => {
    const { name = field, choices = [] } = known[field] ?? {};
    return `${name}: ${value.split(",").map((one) => choices.find(([id]) => id === one)?.[1] ?? one).join(" or ")}`;
  });
  return parts.join(" · ") || "All conversations";
}

function Form({ view }: { view?: Owned }) {
  const { put } = changing(savedViews);
  const { run, isBusy, problem } = useTask();
  const submit = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const { name, sort, shared, ...chosen } = filled(event);
    const filters = { ...view?.filters, ...chosen };
    for (const each of Object.keys(filters)) if (!filters[each]) delete filters[each];
    const body = { name, sort, filters, shared: shared === "on" };
    const isDone = await run(async () => put(view ? await patch<SavedView>(`views/${view.id}`, body) : await post<SavedView>("views", body)), "Saved");
    if (!isDone) return;
    form.closest("details")?.removeAttribute("open");
    if (!view) form.reset();
  };
  return (
    <form class="fields two" onSubmit={(event) => void submit(event)}>
      <label>Name <input name="name" required maxLength={60} defaultValue={view?.name} dir="auto" /></label>
      <Select label="Order" name="sort" choices={SORTS} chosen={view?.sort} />
      {Object.entries(fields()).map(([field, { name, choices }]) => (
        <Select key={field} label={name} name={field} choices={withChosen(choices, view?.filters[field])} chosen={view?.filters[field]}>
          <option value="">Any</option>
        </Select>
      ))}
      {isAdmin.value && member.value && (
        <label class="check"><input type="checkbox" name="shared" defaultChecked={view?.shared ?? false} /> Shared with everybody</label>
      )}
      <Problem text={problem} />
      <div class="buttons"><button class="primary" disabled={isBusy}>Save</button></div>
    </form>
  );
}

/** What a program has asked for may be none of our choices, such as several at once. */
function withChosen(choices: Choices, chosen: string | undefined): Choices {
  return !chosen || choices.some(([value]) => value === chosen) ? choices : [...choices, [chosen, chosen]];
}

interface SelectProps {
  label: string;
  name: string;
  choices: Choices;
  chosen: string | undefined;
  children?: JSX.Element;
}

function Select({ label, name, choices, chosen, children }: SelectProps) {
  return (
    <label>
      {label}
      <select name={name} defaultValue={chosen}>
        {children}
        {choices.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
}
