// Pages of the path notice what happens elsewhere; snippets are copied; the playground's frame turns.

const SOON = 4_000;
const LATER = 30_000;
const PATIENCE = 5 * 60_000;

function watch(hasHappened) {
  const begun = Date.now();

  async function look() {
    if (!document.hidden && (await hasHappened().catch(() => false))) return;
    setTimeout(look, Date.now() - begun < PATIENCE ? SOON : LATER);
  }

  setTimeout(look, SOON);
}

async function isFurther(path) {
  const answer = await fetch(path.dataset.stateUrl);
  if (!answer.ok || (await answer.json()).done.join(" ") === path.dataset.done.trim()) return false;
  location.reload();
  return true;
}

async function isSeen(light) {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const lit = page.querySelector(".seen-yes");
  if (!lit) return false;
  light.className = lit.className;
  light.textContent = lit.textContent;
  return true;
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
const light = document.querySelector(".seen:not(.seen-yes)");
if (path) watch(() => isFurther(path));
if (light) watch(() => isSeen(light));
document.addEventListener("click", ({ target }) => {
  if (target.dataset.copy) void copy(target);
  if (target.dataset.frame) turn(target);
});
