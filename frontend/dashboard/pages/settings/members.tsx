import { del, patch, post } from "../../api";
import { availability, isAdmin, me, member, members } from "../../store";
import { complain, toast } from "../../toasts";
import type { Member, Role } from "../../types";
import type { Invitation } from "../data";
import { changing, useShort } from "../lists";
import { Day, Problem, ask, filled, useTask } from "../parts";
import { state, usePresence } from "./presence";

const ROLES: Role[] = ["agent", "admin", "owner"];

/** Nobody gives or changes a role above their own. */
const mine = (): Role[] => ROLES.slice(0, ROLES.indexOf(member.value!.role) + 1);

export function Members() {
  usePresence();
  return (
    <>
      <ul class="items">{members.value.map((one) => <Entry key={one.id} one={one} />)}</ul>
      {isAdmin.value && <Invitations />}
    </>
  );
}

function Entry({ one }: { one: Member }) {
  const { put, remove } = changing(members);
  const isMine = isAdmin.value && one.id !== member.value?.id && mine().includes(one.role);
  const change = async (role: string): Promise<void> => {
    try {
      put({ ...one, ...(await patch<Member>(`members/${one.id}`, { role })) });
      toast(`${one.name || one.email} is ${role} now, and logs in again.`);
    } catch (error) {
      complain(error);
      members.value = [...members.peek()];
    }
  };
  const end = (): void =>
    ask({
      title: `Remove ${one.name || one.email}?`,
      text: `They are logged out of ${me.value?.tenant.name}. Whoever they are answering waits for somebody else; what they wrote stays.`,
      label: "Remove",
      run: async () => {
        await del(`members/${one.id}`);
        remove(one.id);
      },
    });
  return (
    <li>
      <span>
        <b dir="auto">{one.name || one.email}</b>
        {one.id === member.value?.id && <span class="tag">you</span>}
        <span class="quiet">{one.email}{presence(one)}</span>
      </span>
      {isMine ? (
        <>
          <select aria-label={`Role of ${one.name || one.email}`} value={one.role} onChange={({ currentTarget }) => void change(currentTarget.value)}>
            {mine().map((role) => <option key={role} value={role}>{role}</option>)}
          </select>
          <button type="button" aria-label={`Remove ${one.name || one.email}`} onClick={end}>Remove</button>
        </>
      ) : (
        <span class="tag">{one.role}</span>
      )}
    </li>
  );
}

/** As the team's list tells, and one's own switch. */
function presence({ id, availability: known }: Member): string {
  const found = id === member.value?.id ? availability.value : known;
  return found ? ` · ${state(found)}, ${found.assigned} of ${found.capacity} in hand` : "";
}

function Invitations() {
  const { rows, put, remove, problem: failed } = useShort<Invitation>("invitations");
  const { run, isBusy, problem } = useTask();
  const invite = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const given = filled(event);
    const isDone = await run(async () => {
      const made = await post<Invitation>("invitations", given);
      // The one that the address had before is worth nothing now.
      for (const { id, email } of rows.peek()) if (email === made.email) remove(id);
      put(made);
    }, "Invited");
    if (isDone) form.reset();
  };
  return (
    <>
      <h3>Invite somebody</h3>
      <form class="inputs" onSubmit={(event) => void invite(event)}>
        <label>E-mail <input name="email" type="email" required maxLength={254} /></label>
        <label>Name <input name="name" maxLength={200} /></label>
        <label>Role <select name="role">{mine().map((role) => <option key={role}>{role}</option>)}</select></label>
        <button class="primary" disabled={isBusy}>Invite</button>
      </form>
      <Problem text={failed.value || problem} />
      <ul class="items" aria-label="Invitations">
        {rows.value.filter(({ email }) => !members.value.some((one) => one.email === email)).map(({ id, email, role, status, expiresAt, invitedBy }) => (
          <li key={id}>
            <span>
              <b>{email}</b>
              <span class="tag">{role}</span>
              <span class="quiet">invited by {invitedBy || "somebody"} · {status === "expired" ? "expired" : <>until <Day at={expiresAt} /></>}</span>
            </span>
            <button type="button" disabled={isBusy} aria-label={`Resend the invitation of ${email}`} onClick={() => void run(async () => put(await post<Invitation>(`invitations/${id}/resend`)), "Sent again")}>Resend</button>
            <button type="button" disabled={isBusy} aria-label={`Revoke the invitation of ${email}`} onClick={() => void run(() => del(`invitations/${id}`), "Revoked").then((isDone) => isDone && remove(id))}>Revoke</button>
          </li>
        ))}
      </ul>
    </>
  );
}
