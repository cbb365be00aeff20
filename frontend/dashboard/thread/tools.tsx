// What the assistant did or wants to do: some calls need a member's word.

import { useSignal } from "@preact/signals";
import { post } from "../api";
import { complain } from "../toasts";
import type { ToolCall } from "../types";
import { Section } from "./details";
import { loadToolCalls, toolCalls } from "./live";

const STATES: Record<ToolCall["status"], string> = {
  started: "under way",
  done: "done",
  failed: "failed, nothing happened",
  unknown: "may have happened",
  waiting: "waits for the visitor's page",
  asked: "waits for approval",
  approved: "approved",
  rejected: "rejected",
  expired: "nobody decided in time",
};

/** Those that wait for a word, where nobody overlooks them. */
export function Approvals({ id }: { id: string }) {
  const asked = (toolCalls.value.get(id) ?? []).filter(({ status }) => status === "asked");
  return <>{asked.map((call) => <Approval key={call.id} call={call} />)}</>;
}

function Approval({ call }: { call: ToolCall }) {
  const isBusy = useSignal(false);
  const decide = (verb: "approve" | "reject") => async (): Promise<void> => {
    isBusy.value = true;
    await post(`conversations/${call.conversationId}/tool-calls/${call.id}/${verb}`).catch(complain);
    await loadToolCalls(call.conversationId);
    isBusy.value = false;
  };
  return (
    <section class="approval" aria-label={`Approve ${call.name}?`}>
      <p>The assistant wants to call <b dir="auto">{call.name}</b>.</p>
      <Arguments call={call} />
      <button type="button" class="primary" disabled={isBusy.value} onClick={() => void decide("approve")()}>Approve</button>
      <button type="button" disabled={isBusy.value} onClick={() => void decide("reject")()}>Reject</button>
    </section>
  );
}

export function ToolCalls({ id }: { id: string }) {
  const all = toolCalls.value.get(id) ?? [];
  if (!all.length) return null;
  return (
    <Section title="What the assistant did">
      <ul class="calls">
        {all.map((call) => (
          <li key={call.id}>
            <details>
              <summary><span dir="auto">{call.name}</span> <small>{STATES[call.status] ?? call.status}</small></summary>
              <Arguments call={call} />
              {call.result && <pre tabIndex={0} aria-label="Result">{call.result}</pre>}
            </details>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Arguments({ call }: { call: ToolCall }) {
  return <pre tabIndex={0} aria-label="Arguments">{JSON.stringify(call.args, null, 2)}</pre>;
}
