// A list of samples: a click, or Enter, anywhere on a row opens it; a click on a heading sorts by its column.
// Texts arrive as data and are set as text, so that nothing in them comes to life.

function cell(value) {
  const td = document.createElement("td");
  const box = td.appendChild(document.createElement("div"));
  const parts = Array.isArray(value) ? value : [value];
  parts.forEach((part, i) => {
    const piece = i === 1 ? box.appendChild(document.createElement("mark")) : box;
    piece.append(part);
  });
  return td;
}

function heading({ name, sorted, sortable, numeric }, place, sort) {
  const th = document.createElement("th");
  if (numeric) th.className = "number";
  if (!sortable) {
    th.append(name);
    return th;
  }
  const button = th.appendChild(document.createElement("button"));
  button.append(name + ({ ascending: " ↑", descending: " ↓" }[sorted] ?? ""));
  if (sorted) th.setAttribute("aria-sort", sorted);
  button.onclick = () => sort(place);
  return th;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector("table");
  const focused = table.tBodies[0].contains(parentElement.activeElement);
  table.parentElement.style.setProperty("--tallest", `${data.height}px`);
  const head = document.createElement("tr");
  head.append(...data.columns.map((column, i) => heading(column, i, (place) => setTriggerValue("sort", place))));
  table.tHead.replaceChildren(head);
  const show = (tr) => {
    table.querySelector("[aria-current]")?.removeAttribute("aria-current");
    tr.setAttribute("aria-current", "true");
  };
  const rows = data.rows.map((cells, i) => {
    const tr = document.createElement("tr");
    tr.tabIndex = 0;
    tr.append(...cells.map(cell));
    data.columns.forEach((column, j) => {
      tr.children[j].classList.toggle("number", column.numeric);
      tr.children[j].classList.toggle("long", column.long);
    });
    const open = () => { show(tr); setTriggerValue("open", data.opens[i]); };
    tr.onclick = open;
    tr.onkeydown = (event) => { if (event.key === "Enter") open(); };
    return tr;
  });
  table.tBodies[0].replaceChildren(...rows);
  const chosen = rows[data.opens.indexOf(data.chosen)];
  if (chosen) {
    show(chosen);
    const list = table.parentElement;
    const hidden = chosen.offsetTop - list.scrollTop;
    if (hidden < table.tHead.offsetHeight || hidden + chosen.offsetHeight > list.clientHeight)
      list.scrollTop = chosen.offsetTop - list.clientHeight / 2;
    if (focused) chosen.focus({ preventScroll: true });
  }
}
