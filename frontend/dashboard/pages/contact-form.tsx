// Who the visitor is, to be changed beside their conversation.

import { useSignal } from "@preact/signals";
import { patch } from "../api";
import { conversation, take } from "../store";
import type { Contact, Conversation } from "../types";

interface Fields {
  name: string;
  email: string;
  phone: string;
  attributes: [string, string][];
}

export function ContactForm({ one, done }: { one: Conversation; done(): void }) {
  const { contact_data: contact } = one;
  const fields = useSignal(fieldsOf(contact));
  const problem = useSignal("");
  const set = (changes: Partial<Fields>): void => void (fields.value = { ...fields.value, ...changes });
  const setAttribute = (at: number, pair: [string, string]): void =>
    set({ attributes: fields.value.attributes.map((each, index) => (index === at ? pair : each)) });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const changed = await patch<Contact>(`contacts/${contact.id}`, changesOf(contact, fields.value));
      const now = conversation(one.id);
      if (now) take([{ ...now, contact_data: { ...now.contact_data, ...changed } }]);
      done();
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  const { name, email, phone, attributes } = fields.value;
  return (
    <form class="contact" aria-label="Contact" onSubmit={(event) => void submit(event)}>
      <label>Name<input value={name} maxLength={200} onInput={({ currentTarget }) => set({ name: currentTarget.value })} /></label>
      <label>E-mail<input type="email" value={email} onInput={({ currentTarget }) => set({ email: currentTarget.value })} /></label>
      <label>Phone<input type="tel" value={phone} maxLength={40} onInput={({ currentTarget }) => set({ phone: currentTarget.value })} /></label>
      {attributes.map(([key, value], index) => (
        <div key={index} class="pair">
          <input
            aria-label="Attribute"
            value={key}
            onInput={({ currentTarget }) => setAttribute(index, [currentTarget.value, value])}
          />
          <input
            aria-label={`Value of ${key || "the attribute"}`}
            value={value}
            onInput={({ currentTarget }) => setAttribute(index, [key, currentTarget.value])}
          />
        </div>
      ))}
      <button type="button" onClick={() => set({ attributes: [...attributes, ["", ""]] })}>Add an attribute</button>
      {problem.value && <p class="problem" role="alert">{problem.value}</p>}
      <div class="pair">
        <button type="button" onClick={done}>Cancel</button>
        <button class="primary">Save</button>
      </div>
    </form>
  );
}

function fieldsOf({ name, email, phone, attributes }: Contact): Fields {
  const simple = Object.entries(attributes).filter(([, value]) => typeof value !== "object");
  return { name, email: email ?? "", phone, attributes: simple.map(([key, value]) => [key, String(value)]) };
}

/** Only what is other than before: colleagues may have changed the rest meanwhile. */
function changesOf(contact: Contact, { name, email, phone, attributes }: Fields): object {
  const before = Object.fromEntries(fieldsOf(contact).attributes);
  const now = Object.fromEntries(attributes.filter(([key, value]) => key.trim() && value !== ""));
  const changed = Object.entries(now).filter(([key, value]) => before[key] !== value);
  const gone = Object.keys(before).filter((key) => !(key in now)).map((key) => [key, null]);
  return {
    ...(name !== contact.name && { name }),
    ...(email !== (contact.email ?? "") && { email: email || null }),
    ...(phone !== contact.phone && { phone }),
    ...(changed.length + gone.length > 0 && { attributes: Object.fromEntries([...changed, ...gone]) }),
  };
}
