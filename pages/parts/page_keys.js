// Keys of every page: ? shows the keys, / goes to the search field, and Escape leaves a text field for the other keys.

const FIELDS = 'input, textarea, select, [contenteditable="true"], [role="slider"], [role="combobox"]';

function pressed(event, setTriggerValue) {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector('[role="dialog"]')) return;
  if (event.key === "Escape" && target.closest?.('[data-testid="stTextInput"]')) target.blur();
  if (target.matches?.(FIELDS) || !"?/".includes(event.key)) return;
  event.preventDefault();
  if (event.key === "?") setTriggerValue("asked", "keys");
  else if (!focus()) {
    setTriggerValue("asked", "search");
    soon();
  }
}

function focus() {
  const field = document.querySelector(".st-key-find input");
  field?.focus();
  return Boolean(field);
}

// The field of a page that is on its way.
function soon(tries = 600) {
  if (!focus() && tries) requestAnimationFrame(() => soon(tries - 1));
}

export default function ({ setTriggerValue }) {
  const listen = (event) => pressed(event, setTriggerValue);
  document.removeEventListener("keydown", globalThis.pageKeys);
  document.addEventListener("keydown", (globalThis.pageKeys = listen));
  return () => document.removeEventListener("keydown", listen);
}
