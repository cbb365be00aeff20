// Which keys do what; and the switch for those who want none of it.

import { useEffect, useRef } from "preact/hooks";
import { closeOverlay, commands, shown } from "./commands";
import { prefer, preferences } from "./preferences";

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current!.showModal();
    return () => dialog.current?.close();
  }, []);
  const keyed = commands.value.filter(({ keys }) => keys);
  const groups = [...new Set(keyed.map(({ group }) => group))];
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={closeOverlay}>
      <header>
        <h2 id="help-title">Keyboard shortcuts</h2>
        <button type="button" class="plain" aria-label="Close" onClick={() => dialog.current!.close()}>✕</button>
      </header>
      <label>
        <input
          type="checkbox"
          checked={preferences.value.shortcuts}
          onChange={({ currentTarget }) => void prefer({ shortcuts: currentTarget.checked })}
        />
        Single keys are shortcuts
      </label>
      {groups.map((group) => (
        <section key={group}>
          <h3>{group}</h3>
          <dl>
            {keyed.filter((one) => one.group === group).map(({ id, label, keys }) => (
              <div key={id}><dt>{label}</dt><dd><kbd>{shown(keys!)}</kbd></dd></div>
            ))}
          </dl>
        </section>
      ))}
    </dialog>
  );
}
