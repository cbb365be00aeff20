// What comes at a conversation's end: whether it shall end, how it was, and a copy of it.

import type { Context } from "../context";
import { h, icon, iconButton } from "../dom";
import { askForAddress } from "./before";
import { filled } from "./moments";
import { aboutConversation, explanation } from "./requests";

const CLOSE = "M6 6l12 12M18 6L6 18";
/** Milliseconds in which a click was meant for what was there before. */
const SETTLES = 500;
const HEAD = "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18M9 10h.01M15 10h.01";
/** Mouths from the worst to the best. */
const MOUTHS = ["M8 17q4-4 8 0", "M8 16q4-2 8 0", "M8 15.5h8", "M8 15q4 2 8 0", "M8 14q4 5 8 0"];

/** Put something between the conversation and the composer. */
function put({ card, log }: Context["panel"], content: HTMLElement): void {
  card.replaceChildren(content);
  log.toEnd();
}

/** Ask back once; what is written afterwards opens the conversation again. */
export function askWhetherToEnd(context: Context): void {
  const { panel, texts } = context;
  const end = async (): Promise<void> => {
    try {
      await aboutConversation(context, "end", {});
      panel.card.replaceChildren();
    } catch (error) {
      put(panel, note(context, explanation(error, texts)));
    }
  };
  const yes = h("button", { type: "button", class: "filled", onclick: () => void end() });
  yes.append(texts.endConfirm!);
  const leave = (): void => {
    panel.card.replaceChildren();
    panel.focus();
  };
  const no = h("button", { type: "button", onclick: leave }, texts.cancel!);
  const question = h("p", { id: "end" }, texts.endQuestion!);
  const buttons = h("div", { class: "buttons" }, yes, no);
  put(panel, h("div", { role: "group", "aria-labelledby": "end" }, question, buttons));
  yes.focus();
}

/** Ask how it was; `onLeft` when the visitor does not say, and when it was said. */
export function askForRating(context: Context, onLeft: () => void): void {
  const { panel, texts } = context;
  const element = h("form", { class: "rating" });
  const comment = h("textarea", {
    class: "field",
    rows: "2",
    maxlength: "2000",
    placeholder: texts.ratingComment,
    "aria-label": texts.ratingComment,
  });
  const send = h("button", { class: "filled" }, texts.ratingSend!);
  const problem = h("p", { class: "problem", role: "alert" });
  const more = h("div", { hidden: true }, comment, problem, h("div", { class: "buttons" }, send));
  const choices = MOUTHS.map((mouth, i) => face(context, mouth, i + 1));
  const faces = h("div", { class: "faces" }, ...choices);
  const legend = h("legend", {}, texts.ratingTitle!);
  element.append(h("fieldset", {}, legend, faces), dismissal(context, onLeft), more);
  // One after the other: the last rating counts.
  let last: Promise<unknown> = Promise.resolve();
  const store = (): Promise<void> => {
    const score = Number(new FormData(element).get("score"));
    const stored = last.then(() => rate(context, score, comment.value.trim()));
    last = stored.catch(() => undefined);
    return stored;
  };
  const explain = (error: unknown): void => {
    problem.textContent = explanation(error, texts);
  };
  const shown = performance.now();
  faces.addEventListener("click", (event) => {
    // Keys make clicks that count none.
    if (event.detail && event.timeStamp - shown < SETTLES) event.preventDefault();
  });
  faces.addEventListener("change", () => {
    more.hidden = false;
    store().then(() => (problem.textContent = ""), explain);
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    store().then(() => {
      onLeft();
      put(panel, note(context, texts.ratingThanks!));
      panel.focus();
    }, explain);
  });
  put(panel, element);
}

function face({ texts }: Context, mouth: string, score: number): HTMLElement {
  const choice = h("input", { type: "radio", name: "score", value: String(score) });
  return h("label", {}, choice, icon(HEAD + mouth), h("span", {}, texts[`rating${score}`]!));
}

async function rate(context: Context, score: number, comment: string): Promise<void> {
  await aboutConversation(context, "rating", comment ? { score, comment } : { score });
  context.emit("csat:submit", { score, comment });
}

/** Say something between conversation and composer until it is dismissed. */
export function note(context: Context, words: string): HTMLElement {
  context.panel.announce(words);
  return h("div", { class: "notice" }, h("p", {}, words), dismissal(context));
}

function dismissal({ panel, texts }: Context, onLeft?: () => void): HTMLElement {
  const onclick = (): void => {
    onLeft?.();
    panel.card.replaceChildren();
    panel.focus();
  };
  return iconButton(texts.dismiss, CLOSE, onclick);
}

/** Save the conversation as a file. */
export async function downloadTranscript(context: Context): Promise<void> {
  const { panel, texts } = context;
  try {
    const { api, config, session } = context;
    const path = `/conversations/${session!.conversationId}/transcript?locale=${config.locale}`;
    const file = await (await api.fetch(path, { session })).blob();
    const url = URL.createObjectURL(file);
    const day = new Date().toISOString().slice(0, 10);
    h("a", { href: url, download: `chat-${day}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch {
    put(panel, note(context, texts.transcriptFailed!));
  }
}

/** Ask for an address, and send the conversation there. */
export function mailTranscript(context: Context): void {
  const { config, panel, texts } = context;
  askForAddress(context, texts.transcriptMail!, "", async (email) => {
    await aboutConversation(context, "transcript", { email, locale: config.locale });
    panel.sheet();
    put(panel, note(context, filled(texts.transcriptSent, { email })));
  });
}
