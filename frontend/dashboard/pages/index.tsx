// The pages beside the inbox: search, contacts, visitors, settings; and what opens above or in it.

import type { Route } from "../routes";
import { Contact } from "./contact";
import { Contacts } from "./contacts";
import sheet from "./pages.css";
import { Asking } from "./parts";
import { Search } from "./search";
import { Settings } from "./settings";
import { Visitors } from "./visitors";

export { Help } from "../help";
export { Palette } from "../palette";
export { ContactForm } from "./contact-form";

const styles = new CSSStyleSheet();
styles.replaceSync(sheet);
document.adoptedStyleSheets.push(styles);

export function Page({ route }: { route: Route }) {
  return (
    <>
      <Chosen route={route} />
      <Asking />
    </>
  );
}

function Chosen({ route }: { route: Route }) {
  if (route.page === "search") return <Search query={route.query} />;
  if (route.page === "visitors") return <Visitors />;
  if (route.page === "settings") return <Settings page={route.settings!} />;
  if (route.contact) return <Contact key={route.contact} id={route.contact} />;
  return <Contacts query={route.query} />;
}
