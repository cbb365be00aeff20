// Who are you: e-mail and password, a second factor and the workspace where they are asked for.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Refusal, logIn } from "./api";

interface Tenant {
  id: string;
  name: string;
}

export function LogIn() {
  const form = useRef<HTMLFormElement>(null);
  const problem = useSignal("");
  const isBusy = useSignal(false);
  const asksCode = useSignal(false);
  const tenants = useSignal<Tenant[]>([]);

  // What is asked next gets the keyboard.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[data-next=true]")?.focus();
  }, [asksCode.value, tenants.value]);

  const attempt = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = new FormData(form.current!, event.submitter);
    isBusy.value = true;
    problem.value = "";
    try {
      await logIn(Object.fromEntries([...given].filter(([, value]) => value)) as never);
    } catch (error) {
      const { code, message, body, retryAfter } = error as Refusal;
      if (code === "otp_required" && !asksCode.value) asksCode.value = true;
      else if (code === "tenant_required") tenants.value = body.tenants as Tenant[];
      else problem.value = retryAfter ? `${message} Try again in ${retryAfter} s.` : message;
    } finally {
      isBusy.value = false;
    }
  };

  return (
    <main class="log-in">
      <form ref={form} onSubmit={(event) => void attempt(event)}>
        <h1><span class="corner" aria-hidden="true" /> LiveChat</h1>
        <label>
          E-mail
          <input name="email" type="email" autoComplete="username" required data-next={!asksCode.value && !tenants.value.length} />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {asksCode.value && (
          <label>
            Code of your authenticator app, or a recovery code
            <input name="otp" autoComplete="one-time-code" required data-next={!tenants.value.length} />
          </label>
        )}
        <p class="problem" role="alert">{problem.value}</p>
        {tenants.value.length ? (
          <fieldset>
            <legend>Where do you want to work?</legend>
            {tenants.value.map(({ id, name }, index) => (
              <button key={id} name="tenantId" value={id} disabled={isBusy.value} data-next={index === 0}>{name}</button>
            ))}
          </fieldset>
        ) : (
          <button class="primary" disabled={isBusy.value}>Log in</button>
        )}
        <a href="/account/forgotten/">Forgotten your password?</a>
      </form>
    </main>
  );
}
