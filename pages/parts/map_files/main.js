// The map as a component of Streamlit. Its colours, the names of its areas and its hover card come in parts of their own
// (part.js), so that a new colour does not send the points again.

const LOOK_WAIT = 250; // milliseconds that a large map must stand still before what is in view is asked for
const CLOSER_BY = 0.6; // of the width that was sent: a closer look than that shows more samples
const ROW_WAIT = 80; // milliseconds that the pointer must rest on a point before its sample is asked for

class SampleMap {
  constructor(root, data) {
    this.root = root;
    this.key = data.key;
    this.box = root.querySelector('.plot');
    this.density = new Density(this.box);
    this.scatter = new Scatter(this.box, data);
    this.overlay = new Overlay(this.box, this.scatter, data);
    this.card = root.querySelector('.card');
    this.note = root.querySelector('.note');
    this.press('pan');
    this.painting = Promise.resolve(); // one colouring is drawn after the other
    this.listen();
  }

  listen() {
    const plot = this.scatter.plot;
    plot.subscribe('drawing', () => this.redraw());
    plot.subscribe('pointover', point => this.over(this.scatter.rowOf(point)));
    plot.subscribe('pointout', () => this.out());
    plot.subscribe('select', ({ points }) => points.length === 1 && this.chosen(this.scatter.rowOf(points[0])));
    for (const button of this.root.querySelectorAll('button')) button.onclick = () => this.press(button.dataset.does);
    for (const box of this.root.querySelectorAll('input')) {
      this.overlay.shown[box.name] = box.checked;
      box.onchange = () => {
        this.overlay.shown[box.name] = box.checked;
        this.redraw();
      };
    }
    this.box.addEventListener('keydown', event => this.typed(event));
    this.box.addEventListener('mousedown', event => this.mode !== 'pan' && this.draw(event), true);
    followFingers(this.box, this.scatter.canvas);
  }

  // --- the parts: each is a method of the same name

  async paint(data) {
    this.legend(data);
    this.note.textContent = data.points && !data.points.whole ? data.points.note : '';
    const others = this.codes === undefined || (data.points && this.points?.rows !== data.points.rows);
    if (others || this.codes !== data.codes) {
      this.codes = data.codes;
      this.painting = this.painting.then(() => {
        if (others && data.points) this.replace(data.points);
        return this.scatter.paint(decoded(data.codes));
      });
      await this.painting;
      if (others) this.choose();
    }
    this.redraw();
    this.root.dataset.drawn = data.title;
  }

  // The lasso and the chosen sample, which are sent without the points and their colours.
  async shown({ lasso, row }) {
    this.overlay.lasso = lasso;
    for (const does of ['selection', 'clear']) this.button(does).disabled = !lasso.length;
    const another = this.row !== row;
    this.row = row;
    this.redraw();
    await this.painting;
    if (another) this.choose();
  }

  choose() {
    const points = typeof this.row === 'number' ? [this.scatter.pointOf(this.row)].filter(point => point >= 0) : [];
    if (points.length) this.scatter.plot.select(points, { preventEvent: true });
    else if (this.ringed) this.scatter.plot.deselect({ preventEvent: true });
    this.ringed = points.length;
  }

  // Other samples of a large map, and how dense all of them lie.
  replace(points) {
    this.points = points;
    this.scatter.replace(points);
    this.overlay.outside = points.outside;
    this.density.show(points, this.overlay.textColour());
  }

  chosen(row) {
    if (row !== this.row) this.send('row', row);
  }

  // Ask for what is in view of a large map once it stands still: where that was not sent, or is seen much closer.
  look() {
    if (!this.points) return;
    clearTimeout(this.looking);
    this.looking = setTimeout(() => {
      const { extent, whole } = this.points, seen = this.scatter.view();
      const [left, right, low, high] = seen.map(end => Math.min(1, Math.max(-1, end)));
      const beyond = left < extent[0] || right > extent[1] || low < extent[2] || high > extent[3];
      const closer = !whole && right - left < CLOSER_BY * (extent[1] - extent[0]);
      if ((beyond || closer) && `${seen}` !== this.asked) this.send('extent', seen);
      this.asked = `${seen}`;
    }, LOOK_WAIT);
  }

  names(data) {
    this.overlay.areas = data.areas;
    this.root.querySelector('.told').textContent = data.told;
    this.redraw();
    this.root.dataset.named = data.areas.length;
  }

  button(does) {
    return this.root.querySelector(`[data-does="${does}"]`);
  }

  redraw() {
    this.density.draw(this.scatter);
    this.overlay.draw();
    this.look();
  }

  legend({ title, legend, ramp }) {
    const list = this.root.querySelector('.legend');
    list.replaceChildren(element('li', 'title', title));
    for (const { colour, name } of legend) {
      const item = element('li', '', name);
      item.prepend(swatch(colour));
      list.append(item);
    }
    if (ramp) {
      const item = element('li', 'ramp', '');
      item.append(element('span', '', ramp.low), ...ramp.colours.map(swatch), element('span', '', ramp.high));
      list.append(item);
    }
  }

  // --- the card of the sample under the pointer

  over(row) {
    clearTimeout(this.waiting);
    if (this.drawing) return;
    this.under = row;
    this.waiting = setTimeout(() => this.ask?.(row), ROW_WAIT);
  }

  out() {
    clearTimeout(this.waiting);
    this.under = null;
    this.card.hidden = true;
  }

  hover(data, setTriggerValue) {
    this.ask = row => (data.row === row ? this.hover(data, setTriggerValue) : setTriggerValue('under', row));
    if (data.row !== this.under || data.row === null) return;
    this.card.replaceChildren(...data.lines.map(({ kind, text }) => element('p', kind, text)));
    this.card.hidden = false;
    const [x, y] = this.scatter.plot.getScreenPosition(this.scatter.pointOf(data.row)), { width, height } = this.box.getBoundingClientRect();
    this.card.style.left = 0; // its width must not depend on where it stood
    this.card.style.left = `${Math.max(0, Math.min(x + 14, width - this.card.offsetWidth))}px`;
    this.card.style.top = `${y + 14 + this.card.offsetHeight < height ? y + 14 : Math.max(0, y - 14 - this.card.offsetHeight)}px`;
  }

  // --- lasso and box

  draw(event) {
    if (event.button) return;
    event.stopPropagation();
    event.preventDefault();
    this.out();
    this.drawing = true;
    const frame = this.box.getBoundingClientRect();
    const place = at => [this.scatter.x.invert(at.clientX - frame.left), this.scatter.y.invert(at.clientY - frame.top)];
    const start = place(event), corners = [start];
    const move = at => {
      const [x, y] = place(at);
      corners.push([x, y]);
      this.overlay.lasso = this.mode === 'box' ? [start, [x, start[1]], [x, y], [start[0], y]] : corners;
      this.redraw();
    };
    const end = () => {
      window.removeEventListener('mousemove', move);
      window.removeEventListener('mouseup', end);
      this.drawing = false;
      if (corners.length > 2) this.send('lasso', this.overlay.lasso);
    };
    window.addEventListener('mousemove', move);
    window.addEventListener('mouseup', end);
  }

  press(does) {
    const scatter = this.scatter;
    if (['pan', 'lasso', 'box'].includes(does)) {
      this.mode = does;
      this.box.dataset.mode = does;
      for (const button of this.root.querySelectorAll('[aria-pressed]')) {
        button.setAttribute('aria-pressed', button.dataset.does === does);
      }
    } else if (does === 'in') scatter.zoom(1 / 1.5);
    else if (does === 'out') scatter.zoom(1.5);
    else if (does === 'all') scatter.show(-1, 1, -1, 1);
    else if (does === 'view') {
      const [left, right, low, high] = scatter.view();
      this.send('lasso', [[left, low], [right, low], [right, high], [left, high]]);
    } else if (does === 'clear') this.send('lasso', []);
    else if (does === 'selection') {
      const [x, y] = [0, 1].map(axis => this.overlay.lasso.map(corner => corner[axis]));
      scatter.show(Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y));
    }
  }

  typed(event) {
    const steps = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] };
    const keys = { '+': 'in', '=': 'in', '-': 'out', 0: 'all', Enter: 'view', Escape: 'clear' };
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in steps || event.key in keys)) return;
    event.preventDefault();
    if (event.key in steps) this.scatter.move(...steps[event.key]);
    else this.press(keys[event.key]);
  }

  // Leave the page: the map waits, as it is drawn, for the next visit, and takes the place of the one kept before.
  keep(name) {
    clearTimeout(this.waiting);
    clearTimeout(this.looking);
    this.out();
    delete this.root.dataset.drawn;
    if (globalThis.keptMap?.map !== this) globalThis.keptMap?.map.destroy();
    globalThis.keptMap = { name, map: this };
  }

  destroy() {
    clearTimeout(this.waiting);
    clearTimeout(this.looking);
    this.scatter.destroy();
    for (const canvas of this.box.querySelectorAll('canvas')) canvas.remove();
    this.box.replaceWith(this.box.cloneNode(true)); // without what listens to it
  }
}

// Text of data comes to the page only here.
function element(tag, kind, text) {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

function swatch(colour) {
  const made = element('span', 'swatch', '');
  made.style.background = colour;
  return made;
}

// The map of the last visit, if it is of the same samples: nothing of it has to be made and drawn again.
function kept({ name, key }) {
  const found = globalThis.keptMap;
  if (found?.name !== name || found.map.key !== key) return null;
  globalThis.keptMap = null;
  return found.map;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector('.sample-map');
  const map = root.map ? null : kept(data);
  if (map) {
    root.replaceWith(map.root);
    root = map.root;
    setMap(data.name, map);
  }
  if (root.map?.key !== data.key) {
    root.map?.destroy();
    delete root.dataset.drawn;
    root.map = new SampleMap(root, data);
    setMap(data.name, root.map);
  }
  root.map.send = setTriggerValue;
  return () => {
    if (entryOf(data.name).map !== root.map) return; // another took its place before this one left
    root.map?.keep(data.name);
    setMap(data.name, null);
  };
}
