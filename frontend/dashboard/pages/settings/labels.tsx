import { del, patch, post } from "../../api";
import { isAdmin, labels } from "../../store";
import type { Label } from "../../types";
import { changing } from "../lists";
import { Problem, ask, filled, useTask } from "../parts";

const USUAL = "#2563eb";

export function Labels() {
  const { run, isBusy, problem } = useTask();
  const { put } = changing(labels);
  const add = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const given = filled(event);
    if (await run(async () => put(await post<Label>("labels", given)), "Added")) form.reset();
  };
  return (
    <>
      {labels.value.length === 0 && <p class="quiet">Labels sort conversations by what they are about. There are none yet.</p>}
      <ul class="items">{labels.value.map((one) => <Entry key={one.id} one={one} />)}</ul>
      {isAdmin.value ? (
        <form class="inputs" onSubmit={(event) => void add(event)}>
          <label>New label <input name="name" required maxLength={60} pattern="[^,]*" title="Without commas" /></label>
          <label>Colour <input name="color" type="color" defaultValue={USUAL} /></label>
          <button class="primary" disabled={isBusy}>Add</button>
        </form>
      ) : (
        <p class="quiet">Owners and admins change these.</p>
      )}
      <Problem text={problem} />
    </>
  );
}

function Entry({ one }: { one: Label }) {
  const { put, remove } = changing(labels);
  const { run, isBusy, problem } = useTask();
  const change = (event: Event): void => {
    const given = filled(event);
    void run(async () => put(await patch<Label>(`labels/${one.id}`, given)), "Saved");
  };
  const end = (): void =>
    ask({
      title: `Delete the label ${one.name}?`,
      text: "It is taken off all conversations, and the views of it go too.",
      label: "Delete",
      run: async () => {
        await del(`labels/${one.id}`);
        remove(one.id);
      },
    });
  if (!isAdmin.value) return <li><Dot color={one.color} /><b dir="auto">{one.name}</b></li>;
  return (
    <li>
      <form class="inputs" onSubmit={change}>
        <input name="color" type="color" aria-label={`Colour of ${one.name}`} defaultValue={one.color} />
        <input name="name" aria-label={`Name of ${one.name}`} required maxLength={60} pattern="[^,]*" title="Without commas" defaultValue={one.name} dir="auto" />
        <button disabled={isBusy} aria-label={`Save ${one.name}`}>Save</button>
        <button type="button" aria-label={`Delete ${one.name}`} onClick={end}>Delete</button>
        <Problem text={problem} />
      </form>
    </li>
  );
}

/** A colour of anybody's choice, without a style attribute, which the page's policy forbids. */
function Dot({ color }: { color: string }) {
  return <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill={color} /></svg>;
}
