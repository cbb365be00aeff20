// The form before the chat, and the one in its place while nobody is there.

import type { Context } from "../context";
import { h } from "../dom";
import type { FormField } from "../messages";
import { form } from "./fields";
import { expectation, filled } from "./moments";
import { explanation, introduce, leaveMessage } from "./requests";

/** Ask who the visitor is; skippable if nothing must be known. */
export function askBefore(context: Context): void {
  const { config, panel, texts } = context;
  const { fields } = config.preChatForm;
  const isOptional = !fields.some(({ required }) => required);
  panel.sheet(
    form({
      texts,
      title: texts.preChatTitle!,
      fields,
      submit: texts.preChatStart!,
      leave: isOptional ? texts.skip : undefined,
      onLeave: () => panel.sheet(),
      explain: (error) => explanation(error, texts),
      onSubmit: async (values) => {
        if (Object.values(values).some(Boolean)) await introduce(context, values);
        context.emit("prechat:submit", { fields: Object.keys(values) });
        panel.sheet();
      },
    }),
  );
}

/** Ask where mail reaches the visitor; what taking it throws is explained. */
export function askForAddress(
  { panel, texts }: Context,
  title: string,
  intro: string,
  take: (email: string) => Promise<void>,
): void {
  panel.sheet(
    form({
      ...{ texts, title, intro },
      fields: [{ name: "email", label: texts.email!, type: "email", required: true }],
      submit: texts.send!,
      leave: texts.cancel,
      onLeave: () => panel.sheet(),
      explain: (error) => explanation(error, texts),
      onSubmit: ({ email }) => take(email!),
    }),
  );
}

/** Have the reply to what waits come by mail too, as the visitor may be gone by then. */
export function askForReplyAddress(context: Context, onKnown: (email: string) => void): void {
  const { leaveEmail, leaveEmailText } = context.texts;
  askForAddress(context, leaveEmail!, leaveEmailText!, async (email) => {
    await introduce(context, { email });
    context.emit("offline:submit", { conversationId: context.session?.conversationId });
    context.panel.sheet();
    onKnown(email);
  });
}

/** Take a message for when somebody is there; `canLeave` while an assistant still answers. */
export function takeMessage(context: Context, canLeave: boolean): void {
  const { config, panel, texts } = context;
  const messageId = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const field = (name: string, type: string, required: boolean): FormField => ({
    ...{ name, type, required },
    label: texts[name]!,
  });
  panel.sheet(
    form({
      texts,
      title: texts.closedTitle!,
      intro: [expectation(config.availability, texts, config.locale), texts.closedText].join(" "),
      fields: [
        field("name", "text", false),
        field("email", "email", true),
        field("message", "textarea", true),
      ],
      submit: texts.closedSend!,
      leave: canLeave ? texts.back : undefined,
      onLeave: () => panel.sheet(),
      explain: (error) => explanation(error, texts),
      onSubmit: async (values) => {
        const conversationId = await leaveMessage(context, messageId, values);
        context.emit("offline:submit", { conversationId });
        thank(context, values.email!, conversationId);
      },
    }),
  );
}

function thank(context: Context, email: string, conversationId: string): void {
  const { config, panel, texts } = context;
  const leave = (): void => {
    panel.sheet();
    context.chat.switchTo(conversationId);
  };
  const words = filled(texts.offlineThanks, { email });
  panel.sheet(
    h(
      "div",
      { class: "form thanks" },
      h("h3", {}, words),
      h("p", { class: "intro" }, expectation(config.availability, texts, config.locale)),
      h("div", { class: "buttons" }, h("button", { type: "button", onclick: leave }, texts.back!)),
    ),
  );
  panel.announce(words);
}
