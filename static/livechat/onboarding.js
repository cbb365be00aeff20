// The path's page notices what happens elsewhere; snippets are copied; the playground's frame turns.

const SOON = 4_000;
const LATER = 30_000;
const PATIENCE = 5 * 60_000;

function watch(path) {
  const begun = Date.now();
  const known = path.dataset.done.trim();

  async function look() {
    if (!document.hidden) {
      const answer = await fetch(path.dataset.stateUrl).catch(() => undefined);
      const done = answer?.ok ? (await answer.json()).done.join(" ") : known;
      if (done !== known) return location.reload();
    }
    setTimeout(look, Date.now() - begun < PATIENCE ? SOON : LATER);
  }

  setTimeout(look, SOON);
}

async function copy(button) {
  const code = document.getElementById(button.dataset.copy);
  getSelection().selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    // Only pages that came by HTTPS may write to the clipboard; what is selected can be copied.
    button.textContent = "Press Ctrl C";
  }
  setTimeout(() => (button.textContent = "Copy"), 2_000);
}

function turn(button) {
  const frame = document.querySelector(".frame");
  const page = frame.querySelector("iframe");
  const isOn = button.getAttribute("aria-pressed") !== "true";
  if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", isOn);
  if (button.dataset.frame === "phone") return frame.classList.toggle("frame-phone", isOn);
  const address = new URL(page.src);
  if (button.dataset.frame === "staging") address.search = isOn ? "?staging=1" : "";
  page.src = address.href;
}

const path = document.querySelector("[data-state-url]");
if (path) watch(path);
document.addEventListener("click", ({ target }) => {
  if (target.dataset.copy) void copy(target);
  if (target.dataset.frame) turn(target);
});
