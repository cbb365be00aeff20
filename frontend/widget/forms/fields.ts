// A form of labelled fields that says next to each what is wrong with it.

import { h } from "../dom";
import type { FormField as Field } from "../messages";

export type Values = Record<string, string>;

interface Options {
  texts: Record<string, string>;
  title: string;
  intro?: string | undefined;
  fields: Field[];
  submit: string;
  /** The words of a second button, which leaves the form. */
  leave?: string | undefined;
  onLeave?: () => void;
  /** Take the values; what is thrown is explained below the form. */
  onSubmit: (values: Values) => Promise<void>;
  explain: (error: unknown) => string;
}

type Input = HTMLInputElement | HTMLTextAreaElement;

const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;
const COMPLETED_AS: Record<string, string> = {
  name: "name",
  email: "email",
  phone: "tel",
  tel: "tel",
  company: "organization",
};
const LONGEST: Record<string, string> = { email: "254", tel: "40", textarea: "4000" };
let count = 0;

export function form(options: Options): HTMLFormElement {
  const { texts, title, intro, fields, submit, leave } = options;
  const inputs = new Map(fields.map((field) => [field, input(field)]));
  const someRequired = fields.some(({ required }) => required);
  const rows = fields.map((field) =>
    row(field, inputs.get(field)!, someRequired && !field.required ? texts.optional! : ""),
  );
  const go = h("button", { class: "filled" }, submit);
  const buttons = h("div", { class: "buttons" }, go);
  if (leave) buttons.append(h("button", { type: "button", onclick: options.onLeave! }, leave));
  const problem = h("p", { class: "problem", role: "alert" });
  const heading = h("h3", {}, title);
  const introduction = h("p", { class: "intro", hidden: !intro }, intro ?? "");
  const element = h("form", { class: "form", novalidate: true });
  element.append(heading, introduction, ...rows, problem, buttons);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isRight(inputs, texts)) void send(options, values(inputs), go, problem);
  });
  return element;
}

function input({ name, type, required }: Field): Input {
  const common = {
    id: `f${++count}`,
    name,
    class: "field",
    autocomplete: COMPLETED_AS[name] ?? COMPLETED_AS[type] ?? "off",
    maxlength: LONGEST[type] ?? "200",
    "aria-required": required && "true",
    "aria-describedby": `f${count}e`,
    dir: "auto",
  };
  return type === "textarea"
    ? h("textarea", { ...common, rows: "4" })
    : h("input", { ...common, type });
}

function row(field: Field, input: Input, optional: string): HTMLElement {
  const label = h("label", { for: input.id }, field.label);
  if (optional) label.append(" ", h("small", {}, `(${optional})`));
  const error = h("p", { class: "error", id: `${input.id}e` });
  input.addEventListener("input", () => complain(input, ""));
  return h("div", { class: "row" }, label, input, error);
}

/** Whether all is as it must be; the first field that is not gets the focus. */
function isRight(inputs: Map<Field, Input>, texts: Record<string, string>): boolean {
  let first: Input | undefined;
  for (const [field, input] of inputs) {
    const text = input.value.trim();
    let error = "";
    if (!text && field.required) error = texts.required!;
    else if (text && field.type === "email" && !EMAIL.test(text)) error = texts.invalidEmail!;
    complain(input, error);
    if (error) first ??= input;
  }
  first?.focus();
  return !first;
}

function complain(input: Input, error: string): void {
  input.toggleAttribute("aria-invalid", Boolean(error));
  if (error) input.setAttribute("aria-invalid", "true");
  input.nextElementSibling!.textContent = error;
}

function values(inputs: Map<Field, Input>): Values {
  return Object.fromEntries([...inputs].map(([{ name }, input]) => [name, input.value.trim()]));
}

async function send(
  { onSubmit, explain }: Options,
  values: Values,
  button: HTMLButtonElement,
  problem: HTMLElement,
): Promise<void> {
  problem.textContent = "";
  button.disabled = true;
  try {
    await onSubmit(values);
  } catch (error) {
    problem.textContent = explain(error);
  } finally {
    button.disabled = false;
  }
}
