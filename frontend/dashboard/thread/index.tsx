// One conversation: what was said, what can be said, and what is known.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Icon } from "../icons";
import { conversation, latest } from "../store";
import { load, threadOf } from "../threads";
import type { Conversation } from "../types";
import { Composer } from "./composer";
import { Details } from "./details";
import { Header, areDetailsOpen } from "./header";
import "./keys";
import { lookAt } from "./live";
import { Log } from "./log";
import { openMenu } from "./menu";
import { Approvals } from "./tools";
import { add } from "./uploads";

// What they are called elsewhere; others are words already.
const REASONS: Record<string, string> = {
  visitor: "the visitor asked for a person",
  requested: "the visitor asked for a person",
  no_answer: "no answer was found",
  not_approved: "what they asked for was not approved",
  unanswered: "several questions had no answer",
  needs_action: "something has to be done",
  offline: "they wrote while nobody was there",
  budget: "the budget is spent",
};

export function Thread({ id }: { id: string }) {
  useEffect(() => {
    openMenu.value = "";
    return lookAt(id);
  }, [id]);
  // As long as it is unknown, only the order of all tells that it has come.
  const one = latest.value ? conversation(id) : undefined;
  const areShown = areDetailsOpen.value && one !== undefined;
  return (
    <div class={areShown ? "conversation with-details" : "conversation"}>
      {one ? <Opened one={one} /> : <Unknown id={id} />}
      {areShown && <Details one={one} />}
    </div>
  );
}

function Opened({ one }: { one: Conversation }) {
  const { id } = one;
  const isOver = useSignal(false);
  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    isOver.value = true;
  };
  const onDrop = (event: DragEvent): void => {
    isOver.value = false;
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    event.preventDefault();
    add(id, files);
  };
  return (
    <section
      class={isOver.value ? "thread is-over" : "thread"}
      aria-label="Conversation"
      onDragOver={onDragOver}
      onDragLeave={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node)) isOver.value = false;
      }}
      onDrop={onDrop}
    >
      <Header one={one} />
      {one.owner !== "bot" && <Handover one={one} />}
      <Log id={id} />
      <Approvals id={id} />
      <Composer id={id} />
    </section>
  );
}

/** Why a person is wanted, and what happened until then. */
function Handover({ one: { handoverReason, handoverSummary } }: { one: Conversation }) {
  if (!handoverReason && !handoverSummary) return null;
  return (
    <details class="handover" open>
      <summary>Handed over{handoverReason ? `: ${REASONS[handoverReason] ?? handoverReason.replaceAll("_", " ")}` : ""}</summary>
      {handoverSummary && <p dir="auto">{handoverSummary}</p>}
    </details>
  );
}

/** Nothing of it is here yet, or ever. */
function Unknown({ id }: { id: string }) {
  const { state, problem } = threadOf(id).value;
  return (
    <section class="thread" aria-label="Conversation">
      <header class="head">
        <a class="back" href="/" aria-label="Back"><Icon name="back" /></a>
      </header>
      {state === "failed" && (
        <p class="problem" role="alert">
          {problem} <button type="button" onClick={() => void load(id)}>Try again</button>
        </p>
      )}
    </section>
  );
}
