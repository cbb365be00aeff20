// What is set in the admin, and where.

import { me } from "../../store";

const PLACES: [path: string, name: string, text: string][] = [
  ["/admin/widgets/bubble/", "Bubbles", "How the chat looks on your pages, where it may run, the code to paste, live visitors."],
  ["/admin/assistants/assistant/", "Assistants", "What they are told to do, what they know, and trying them out."],
  ["/admin/tenants/credential/", "Credentials", "Keys for your own programs and for language models."],
  ["/admin/tenants/tenant/", "Workspace", "Its name, its limits, and whether the team reads along while visitors type."],
  ["/admin/tenants/auditentry/", "Audit", "Who has changed what."],
  ["/admin/", "Everything else", "Tools, knowledge, web integrations, usage, mails."],
];

export function Workspace() {
  return (
    <>
      <p>This is <b dir="auto">{me.value?.tenant.name}</b>. What visitors and assistants do is set in the admin, which asks you to log in once more.</p>
      <ul class="items">
        {PLACES.map(([path, name, text]) => (
          <li key={path}>
            <span>
              <a href={path} target="_blank" rel="noopener">{name}</a>
              <span class="quiet">{text}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
