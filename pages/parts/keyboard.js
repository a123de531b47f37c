// Keys press the buttons of a panel; while something is typed, and with Ctrl, Alt or ⌘, they mean nothing.
// The keys are those of the panel under the pointer, else of the first one on the page.

const PANELS = '[class*="st-key-panel-"]';
const FIELDS = 'input, textarea, select, [contenteditable="true"], [role="slider"], [role="combobox"]';

function pressed(event, data) {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.altKey || event.metaKey || target.matches?.(FIELDS)) return;
  if (document.querySelector('[role="dialog"]')) return;
  const panels = [...document.querySelectorAll(PANELS)];
  const mine = document.querySelector(`.st-key-${data.panel}`);
  if (mine !== (panels.find((panel) => panel.matches(":hover")) ?? panels[0])) return;
  const found = data.keys[event.key]?.map((name) => document.querySelector(`.st-key-${name}`)).find(Boolean);
  const control = found?.querySelector("input, textarea, button");
  if (!control || control.disabled) return;
  event.preventDefault();
  if (control.matches("input, textarea")) control.focus();
  else control.click();
  if (event.key === "t") type();
}

// The field of a popover that has just been opened.
function type(tries = 60) {
  const field = document.querySelector('[data-testid="stPopoverBody"] input');
  if (field) field.focus();
  else if (tries) requestAnimationFrame(() => type(tries - 1));
}

// The text comes a little after its row: it is looked for until it is there.
function scroll(data, tries = 60) {
  const text = document.querySelector(`.st-key-${data.panel} .sample[data-row="${data.row}"]`);
  const first = text?.querySelector("mark");
  if (first) text.scrollTop = first.offsetTop - text.offsetTop - 80;
  else if (!text && tries) requestAnimationFrame(() => scroll(data, tries - 1));
}

const listening = new Map(); // the listener of each panel: one, however often it is drawn

export default function ({ data }) {
  const stop = () => document.removeEventListener("keydown", listening.get(data.panel));
  const listen = (event) => pressed(event, data);
  stop();
  listening.set(data.panel, listen);
  document.addEventListener("keydown", listen);
  scroll(data);
  return stop;
}
