import { del, post } from "../../api";
import { me } from "../../store";
import type { OwnSession } from "../data";
import { useShort } from "../lists";
import { Day, Problem, Since, ask, useTask } from "../parts";

export function Security() {
  const { rows, remove, problem: failed } = useShort<OwnSession>("me/sessions");
  const { run, isBusy, problem } = useTask();
  const others = rows.value.filter(({ current }) => !current);
  const endOthers = async (): Promise<void> => {
    await post("me/sessions/end-others");
    for (const { id } of others) remove(id);
  };
  return (
    <>
      <h3>Second factor</h3>
      <p>
        {me.value?.twoFactor ? "Logging in asks for a code as well." : "Logging in asks for your password only."}{" "}
        <a href="/account/" target="_blank" rel="noopener">{me.value?.twoFactor ? "Change it" : "Set up a second factor"}</a>
      </p>
      <h3>Where you are logged in</h3>
      <Problem text={failed.value || problem} />
      <ul class="items">
        {rows.value.map(({ id, current, userAgent, ip, createdAt, lastUsedAt }) => (
          <li key={id}>
            <span>
              <b title={userAgent}>{browser(userAgent)}</b>
              {current && <span class="tag">here</span>}
              <span class="quiet">{ip ?? "Address unknown"} · since <Day at={createdAt} /> · used <Since at={lastUsedAt} isAgo /></span>
            </span>
            {!current && (
              <button
                type="button"
                disabled={isBusy}
                aria-label={`Log out ${browser(userAgent)}`}
                onClick={() => void run(() => del(`me/sessions/${id}`), "Logged out there").then((isDone) => isDone && remove(id))}
              >
                Log out
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <button
          type="button"
          onClick={() => ask({ title: "Log out everywhere else?", text: "All your other browsers and programs are logged out of this workspace.", label: "Log out", run: endOthers })}
        >
          End all others
        </button>
      )}
    </>
  );
}

const BROWSERS: [RegExp, string][] = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS: [RegExp, string][] = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS/, "macOS"], [/Linux/, "Linux"]];

/** What a browser most likely is, by what it says of itself. */
function browser(userAgent: string): string {
  const named = (known: [RegExp, string][]): string | undefined => known.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [program, system] = [named(BROWSERS), named(SYSTEMS)];
  if (!program) return userAgent.slice(0, 60) || "Unknown program";
  return system ? `${program} on ${system}` : program;
}
