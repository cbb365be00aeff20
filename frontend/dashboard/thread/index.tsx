// A plain stand-in: the messages of one conversation, and a field to answer in.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Icon } from "../icons";
import { contactName, conversation } from "../store";
import { load, messagesOf, send, threadOf } from "../threads";
import { complain } from "../toasts";

export function Thread({ id }: { id: string }) {
  useEffect(() => void load(id), [id]);
  const one = conversation(id);
  const text = useSignal("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.value.trim()) send(id, { text: text.value }).catch(complain);
    text.value = "";
  };
  return (
    <section class="thread" aria-label="Conversation">
      <header class="head">
        <a class="back" href="/" aria-label="Back"><Icon name="back" /></a>
        <h2>{one ? contactName(one.contact_data) : ""}</h2>
      </header>
      <div class="log" role="log" tabIndex={0} aria-label="Messages">
        <ol>
          {messagesOf(id).value.map((message) => (
            <li key={message.id} class={`message ${message.author.kind}`}>
              <small>{message.author.name || message.author.kind}</small>
              <p dir="auto">{message.text}</p>
            </li>
          ))}
        </ol>
        {threadOf(id).value.state === "failed" && <p class="problem" role="alert">{threadOf(id).value.problem}</p>}
      </div>
      <form class="composer" onSubmit={submit}>
        <input aria-label="Reply" value={text.value} onInput={({ currentTarget }) => (text.value = currentTarget.value)} />
        <button class="primary">Send</button>
      </form>
    </section>
  );
}
