// What is set in the admin, and where.

import { me } from "../../store";

type Place = [path: string, name: string, text: string];

const places = (tenantId: string): Place[] => [
  [`/admin/start/${tenantId}/`, "Set up", "From a bubble on your page to its first conversation, step by step."],
  ["/admin/widgets/bubble/", "Bubbles", "How the chat looks on your pages, where it may run, business hours, the code to paste, live visitors."],
  ["/admin/assistants/assistant/", "Assistants", "What they are told to do, what they know, and trying them out."],
  ["/admin/tenants/credential/", "Credentials", "Keys for your own programs."],
  [`/admin/tenants/tenant/${tenantId}/change/`, "Workspace", "Its name, its limits, and whether the team reads along while visitors type."],
  ["/admin/tenants/auditentry/", "Audit", "Who has changed what."],
  ["/admin/", "Everything else", "Providers of language models, tools, knowledge, web integrations, usage, mails."],
];

export function Workspace() {
  const { id, name: workspace } = me.value!.tenant;
  return (
    <>
      <p>This is <b dir="auto">{workspace}</b>. What visitors and assistants do is set in the admin, which asks you to log in once more.</p>
      <ul class="items">
        {places(id).map(([path, name, text]) => (
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
