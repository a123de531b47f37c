// Keys for a panel: those that step and decide are sent, t presses its button. While something is typed, and with Ctrl,
// Alt or ⌘, they mean nothing. They are for the panel under the pointer, else for the first one on the page.

const PANELS = '[class*="st-key-panel-"]';
const FIELDS = 'input, textarea, select, [contenteditable="true"], [role="slider"], [role="combobox"]';

function pressed(event, data, setStateValue) {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.altKey || event.metaKey || target.matches?.(FIELDS)) return;
  if (document.querySelector('[role="dialog"]')) return;
  const panels = [...document.querySelectorAll(PANELS)];
  const mine = document.querySelector(`.st-key-${data.panel}`);
  if (mine !== (panels.find((panel) => panel.matches(":hover")) ?? panels[0])) return;
  if (data.sent.includes(event.key)) {
    if (!event.repeat || data.held.includes(event.key)) send(event.key, data, setStateValue);
  } else if (data.tag && event.key === "t") tag(data);
  else return;
  event.preventDefault();
}

// Each key with a number of its own, and again until it was heard of: however fast they come, none is lost.
function send(key, { panel, done }, setStateValue) {
  const logs = (globalThis.pressedKeys ??= new Map());
  const log = (logs.get(panel) ?? []).filter(([number]) => number > done);
  log.push([Math.max(Date.now(), done + 1, (log.at(-1)?.[0] ?? 0) + 1), key]);
  logs.set(panel, log);
  setStateValue("pressed", log);
}

function tag({ tag }) {
  document.querySelector(`.st-key-${tag} button`)?.click();
  type();
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

export default function ({ data, setStateValue }) {
  const listen = (event) => pressed(event, data, setStateValue);
  const stop = () => document.removeEventListener("keydown", listen);
  document.removeEventListener("keydown", listening.get(data.panel));
  listening.set(data.panel, listen);
  document.addEventListener("keydown", listen);
  scroll(data);
  return stop;
}
