import { render } from "preact";
import { App } from "./app";
import { onKey } from "./commands";
import { start } from "./loading";
import "./shortcuts";
import "./spot";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/list.css";
import "./styles/overlays.css";
import "./styles/thread.css";
import "./styles/composer.css";
import "./styles/details.css";

render(<App />, document.getElementById("app")!);
addEventListener("keydown", onKey);
void start();
