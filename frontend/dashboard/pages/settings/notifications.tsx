import { askPermission, permission } from "../../notices";
import { prefer, preferences } from "../../preferences";
import type { Wish } from "../../types";

const EVENTS = {
  waiting: "Somebody waits for a person",
  assigned: "A conversation is assigned to you",
  mention: "A note names you",
  reply: "A visitor writes in a conversation of yours",
};
const WAYS: [keyof Wish, string][] = [["email", "E-mail"], ["browser", "Browser"], ["sound", "Sound"]];

export function Notifications() {
  const wishes = preferences.value.notifications;
  const choose = (event: string, way: keyof Wish, is: boolean): void =>
    void prefer({ notifications: { ...wishes, [event]: { ...wishes[event], [way]: is } } });
  return (
    <>
      <Permission />
      <div class="table">
        <table class="wishes">
          <thead><tr><th scope="col">Tell me when</th>{WAYS.map(([way, name]) => <th key={way} scope="col">{name}</th>)}</tr></thead>
          <tbody>
            {Object.entries(EVENTS).map(([event, name]) => (
              <tr key={event}>
                <th scope="row">{name}</th>
                {WAYS.map(([way, label]) => (
                  <td key={way}>
                    <input
                      type="checkbox"
                      aria-label={`${name}: ${label}`}
                      checked={wishes[event]?.[way] ?? true}
                      onChange={({ currentTarget }) => choose(event, way, currentTarget.checked)}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet">E-mails come only while you have no inbox open, at most one for a conversation in ten minutes.</p>
    </>
  );
}

function Permission() {
  if (permission.value === "granted") return null;
  if (permission.value === "default") {
    return <p>This browser has not been allowed to notify you. <button type="button" onClick={() => void askPermission()}>Allow it</button></p>;
  }
  return <p class="quiet">{permission.value === "denied" ? "Notifications are blocked in this browser’s settings for this page." : "This browser has no notifications."}</p>;
}
