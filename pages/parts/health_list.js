// Checks by family, each with its share of all samples and of those kept, a full bar being all of them; a click anywhere
// on a line opens it. Texts arrive as data and are set as text.

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.append(text);
  if (className) made.className = className;
  return made;
}

function share(percent, className) {
  const td = element("td", percent ? `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %` : "none", `share ${className}`);
  const bar = td.appendChild(element("div", "", "bar"));
  if (percent) bar.appendChild(element("div")).style.width = `${percent}%`;
  return td;
}

function line(check, counted, open) {
  const tr = element("tr", undefined, "check");
  const td = tr.appendChild(element("td"));
  const button = td.appendChild(element("button", check.title));
  const told = td.appendChild(element("p", check.told));
  if (check.limit) told.append(" ", element("span", check.limit, "limit"));
  if (check.shortfall) td.append(element("p", check.shortfall, "shortfall"));
  if (counted)
    tr.append(
      element("td", check.samples.toLocaleString("en"), "number"),
      share(check.all, "all"),
      share(check.kept, "kept"),
    );
  tr.onclick = () => open(check.name);
  button.type = "button";
  return tr;
}

// What a check found begins at the top, wherever in the list its line stands.
function toTop() {
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector("table");
  const open = (name) => { toTop(); setTriggerValue("open", name); };
  const head = element("tr");
  const names = data.counted ? ["Check", "Samples", "Of all", "Of the kept"] : [];
  head.append(...names.map((name, i) => {
    const th = element("th", name, i === 1 ? "number" : "");
    th.scope = "col";
    return th;
  }));
  table.tHead.replaceChildren(...(names.length ? [head] : []));
  [...table.tBodies].forEach((body) => body.remove());
  for (const family of data.families) {
    const body = table.appendChild(element("tbody"));
    const title = element("th", family.title);
    title.colSpan = names.length || 1;
    title.scope = "rowgroup";
    body.appendChild(element("tr")).append(title);
    body.append(...family.checks.map((check) => line(check, data.counted, open)));
  }
}
