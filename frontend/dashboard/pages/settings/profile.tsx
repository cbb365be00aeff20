import { beThere } from "../../actions";
import { patch } from "../../api";
import { leave } from "../../loading";
import { prefer, preferences } from "../../preferences";
import { availability, me } from "../../store";
import type { Me, Preferences } from "../../types";
import { Check, Problem, filled, useTask } from "../parts";

const THEMES: [Preferences["theme"], string][] = [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]];
const DENSITIES: [Preferences["density"], string][] = [["comfortable", "Comfortable: two lines"], ["compact", "Compact: one line"]];

export function Profile() {
  const { run, isBusy, problem } = useTask();
  const { theme, density, shortcuts, enterSends } = preferences.value;
  const { name, email, role } = me.value!.member;
  const rename = (event: Event): void => {
    const given = filled(event);
    void run(async () => {
      me.value = await patch<Me>("me", given);
    }, "Saved");
  };
  return (
    <>
      <form class="inputs" onSubmit={rename}>
        <label>Name <input name="name" defaultValue={name} required maxLength={200} dir="auto" autoComplete="name" /></label>
        <button class="primary" disabled={isBusy}>Save</button>
      </form>
      <Problem text={problem} />
      <p class="quiet">{email}, {role}. Visitors see the name. <a href="/account/" target="_blank" rel="noopener">Change address or password</a></p>
      <Choice legend="Appearance" name="theme" choices={THEMES} chosen={theme} onChoose={(one) => void prefer({ theme: one })} />
      <Choice legend="Rows of the list" name="density" choices={DENSITIES} chosen={density} onChoose={(one) => void prefer({ density: one })} />
      <fieldset>
        <legend>New conversations</legend>
        <Check label="Available for them" checked={availability.value?.status === "online"} onChange={(is) => void beThere(is)} />
      </fieldset>
      <fieldset>
        <legend>Keyboard</legend>
        <Check label="Single keys are shortcuts" checked={shortcuts} onChange={(is) => void prefer({ shortcuts: is })} />
        <Check label="Enter sends" checked={enterSends} onChange={(is) => void prefer({ enterSends: is })} />
      </fieldset>
      <button type="button" onClick={() => void leave()}>Log out</button>
    </>
  );
}

interface ChoiceProps<T extends string> {
  legend: string;
  name: string;
  choices: [T, string][];
  chosen: T;
  onChoose(one: T): void;
}

function Choice<T extends string>({ legend, name, choices, chosen, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {choices.map(([value, label]) => (
        <label key={value} class="check">
          <input type="radio" name={name} checked={value === chosen} onChange={() => onChoose(value)} />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
