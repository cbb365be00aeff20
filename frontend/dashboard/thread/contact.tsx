// Who the visitor is, as far as they or the team have told.

import { useSignal } from "@preact/signals";
import { useLate } from "../late";
import { pathOfContact } from "../routes";
import { contactName } from "../store";
import type { Conversation } from "../types";
import { Facts } from "./details";

export function ContactCard({ one, presence }: { one: Conversation; presence: string | null }) {
  const isEdited = useSignal(false);
  const { contact_data: contact } = one;
  const late = useLate(isEdited.value);
  if (late) return <late.ContactForm one={one} done={() => (isEdited.value = false)} />;
  return (
    <>
      <section class="contact">
        <h3 dir="auto">{contactName(contact)}</h3>
        {presence && <p class={`presence ${presence}`}>{presence === "online" ? "On your site now" : "Away"}</p>}
        {contact.email && <p><a href={`mailto:${encodeURIComponent(contact.email).replace("%40", "@")}`}>{contact.email}</a></p>}
        {contact.phone && <p dir="ltr">{contact.phone}</p>}
        {contact.verified && <p class="muted">Your site vouches for them.</p>}
        <p><a href={pathOfContact(contact.id)}>All about them</a></p>
        <button type="button" onClick={() => (isEdited.value = true)}>Edit</button>
      </section>
      <Facts title="About them" facts={contact.attributes} />
    </>
  );
}
