// What frames the conversation: whose it is above, and below how to get a person.

import type { Context } from "../context";
import { h, iconButton, picture } from "../dom";
import type { Forms } from "../forms";

const CLOSE = "M6 6l12 12M18 6L6 18";
const DOT = "m-.8 0a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0";
const MORE = `M5 12${DOT}M12 12${DOT}M19 12${DOT}`;

export function frame(context: Context): void {
  const { element } = context.panel;
  element.prepend(head(context));
  element.append(foot(context));
}

function head({ config, load, panel, texts }: Context): HTMLElement {
  const { widget, branding } = config;
  const title = widget.title || config.name;
  const image = widget.avatar || branding.logo;
  const letter = [...title][0] ?? "";
  const face = h("div", { class: "face", "aria-hidden": "true" });
  face.append(image ? picture(image, letter) : letter);
  const close = iconButton(texts.close, CLOSE, () => panel.close());
  const menu = iconButton(texts.menu, MORE, () => {
    load<Forms>("forms").then(
      (forms) => forms.menu(menu),
      () => panel.apologize(),
    );
  });
  menu.setAttribute("aria-haspopup", "menu");
  menu.setAttribute("aria-expanded", "false");
  const wordmark = branding.wordmark && picture(branding.wordmark, title, title);
  const heading = h("h2", { class: "title", dir: "auto" }, wordmark || title);
  const names = h("div", { class: "names" }, heading, panel.status);
  return h("div", { class: "head" }, face, names, h("div", { class: "menus" }, menu), close);
}

function foot({ chat, config, load, panel, texts }: Context): HTMLElement {
  panel.person.addEventListener("click", () => {
    load<Forms>("forms").then(
      (forms) => forms.person(),
      () => chat.askForPerson(texts.askForPerson!),
    );
  });
  panel.person.append(texts.askForPerson!);
  const brand = h("span", {}, config.branding.poweredBy ? texts.poweredBy! : "");
  return h("div", { class: "foot" }, panel.person, brand);
}
