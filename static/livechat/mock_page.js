// A page of no shop in particular: with the bubble as the snippet would put it there, or with one
// that is drawn from what the form around this frame says, and speaks to no server.

const { mount, isStaging } = JSON.parse(document.getElementById("data").textContent);
let widget;
let config;

/** Each visit is a new visitor's. */
function forget() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("livechat:")) localStorage.removeItem(key);
  }
}

/** Ask for the staged version: a field that only requests have, so no socket gets through. */
function askForStaging() {
  const send = window.fetch;
  window.fetch = (address, options) => {
    if (!String(address).endsWith("/chat")) return send(address, options);
    const body = JSON.stringify({ ...JSON.parse(options.body), useStagingVersion: true });
    return send(address, { ...options, body });
  };
  window.WebSocket = class extends EventTarget {
    constructor() {
      super();
      this.readyState = 3;
      setTimeout(() => {
        this.dispatchEvent(new Event("error"));
        this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
        this.onclose?.(new CloseEvent("close", { code: 1006 }));
      });
    }
    send() {}
    close() {}
  };
}

/** Every request is answered here. */
async function answer(address) {
  if (!String(address).includes("/config")) throw new TypeError("A preview sends nothing.");
  return new Response(JSON.stringify({ success: true, config }));
}

function tell() {
  parent.postMessage("ready", location.origin);
}

function draw(given) {
  config = given.config;
  document.documentElement.classList.toggle("dark", given.isDark);
  widget?.destroy();
  widget = window.ChatWidget.mount({ code: config.code });
}

if (mount) {
  forget();
  if (isStaging) askForStaging();
  widget = window.ChatWidget.mount(mount);
  widget.open();
} else {
  window.fetch = answer;
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== location.origin || source !== parent) return;
    if (data.config) draw(data);
    else if (data === "hello") tell();
  });
  tell();
}
