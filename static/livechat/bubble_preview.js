// Draws the bubble beside its form, from what is filled in and before it is saved.

const PREFIX = "settings__";
const READABLE = 4.5;
const COLOR = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i;
const LISTS = ["popups.messages", "languages"];
// Rows with columns, which the server alone reads; but for those that can be seen.
const ROWS = ["triggers", "businessHours.hours"];
const FIELDS = "preChatForm.fields";
const TYPES = ["text", "email", "tel"];
const AT_MOST = 10;

const form = document.getElementById("bubble_form");
const frame = document.querySelector(".preview iframe");
const note = document.querySelector(".preview-note");
const known = JSON.parse(document.getElementById("preview-config").textContent);
const view = { isOpen: true, isDark: matchMedia("(prefers-color-scheme: dark)").matches };
const usualFields = known.preChatForm.fields;
let isReady = false;
let drawn = "";
let timer;

function put(config, path, value) {
  const names = path.split(".");
  const last = names.pop();
  const group = names.reduce((at, name) => at?.[name], config);
  if (group) group[last] = value;
}

function value(field, path) {
  if (field.type === "checkbox") return field.checked;
  if (field.type === "number") return Number(field.value);
  if (path === FIELDS) return fields(lines(field.value));
  return LISTS.includes(path) ? lines(field.value) : field.value;
}

function lines(text) {
  return text.split("\n").filter((line) => line.trim());
}

/** The form's fields that can be drawn, as far as they are written. */
function fields(rows) {
  if (!rows.length) return usualFields;
  return rows.slice(0, AT_MOST).map((row) => {
    const [name, label, type, required] = row.split("|").map((part) => part.trim());
    const isRequired = /^(y|yes|t|true|on|1)$/i.test(required ?? "");
    const kind = TYPES.includes(type) ? type : "text";
    return { name, label: label || name, type: kind, required: isRequired };
  });
}

function color(text, otherwise) {
  if (text.trim() === "default") return "#3B82F6";
  return COLOR.test(text.trim()) ? text.trim() : otherwise;
}

function read() {
  const config = structuredClone(known);
  for (const field of form.elements) {
    if (!field.name.startsWith(PREFIX)) continue;
    const path = field.name.slice(PREFIX.length).replaceAll("__", ".");
    if (!ROWS.includes(path)) put(config, path, value(field, path));
  }
  const { widget, branding } = config;
  widget.primaryColor = color(widget.primaryColor, known.widget.primaryColor);
  widget.textColor &&= color(widget.textColor, known.widget.textColor);
  // Without taking the focus away from the form.
  widget.openAutomatically = view.isOpen;
  if (widget.darkMode === "auto") widget.darkMode = view.isDark ? "dark" : "light";
  branding.logo ||= known.branding.logo;
  if (form.elements.greets && !form.elements.greets.checked) config.greeting = "";
  return config;
}

function luminance(text) {
  const digits = text.length === 4 ? text.replace(/[^#]/g, "$&$&") : text;
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(digits.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [dim, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dim + 0.05);
}

/** Say what visitors will see where the colours cannot be read. */
function warn({ primaryColor, textColor }) {
  const ratio = textColor ? contrast(primaryColor, textColor) : Infinity;
  note.hidden = ratio >= READABLE;
  if (note.hidden) return;
  const better = contrast(primaryColor, "#000000") > contrast(primaryColor, "#ffffff");
  note.textContent =
    `Contrast ${ratio.toFixed(2)} to 1: too low to be read, ${READABLE} is the least. ` +
    `Visitors see ${better ? "black" : "white"} text instead.`;
}

function draw() {
  if (!isReady) return;
  const config = read();
  warn(config.widget);
  const isDark = config.widget.darkMode === "dark";
  const scene = JSON.stringify({ config, isDark });
  if (scene === drawn) return;
  drawn = scene;
  frame.contentWindow.postMessage(JSON.parse(scene), location.origin);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(draw, 120);
}

function turn(button) {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", isOn);
  if (button.dataset.preview === "isPhone") {
    frame.parentElement.classList.toggle("frame-phone", isOn);
  } else {
    view[button.dataset.preview] = isOn;
    draw();
  }
}

/** A colour can be picked beside the field that spells it. */
function offerPicker(name) {
  const field = form.elements[`${PREFIX}widget__${name}`];
  if (!field) return;
  const long = (text) => (text.length === 4 ? text.replace(/[^#]/g, "$&$&") : text);
  const picker = document.createElement("input");
  Object.assign(picker, { type: "color", className: "picker" });
  picker.setAttribute("aria-label", "Pick this colour");
  picker.value = long(color(field.value, known.widget[name] || "#FFFFFF"));
  picker.addEventListener("input", () => (field.value = picker.value));
  field.addEventListener("input", () => (picker.value = long(color(field.value, picker.value))));
  field.after(picker);
}

offerPicker("primaryColor");
offerPicker("textColor");
for (const button of document.querySelectorAll("[data-preview]")) {
  if (button.dataset.preview === "isDark") button.setAttribute("aria-pressed", view.isDark);
  button.addEventListener("click", () => turn(button));
}
form.addEventListener("input", soon);
form.addEventListener("change", soon);
addEventListener("message", ({ origin, source, data }) => {
  if (origin !== location.origin || source !== frame.contentWindow || data !== "ready") return;
  isReady = true;
  drawn = "";
  draw();
});
// It may have been ready before this script was.
frame.contentWindow?.postMessage("hello", location.origin);
