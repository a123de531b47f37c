// The points of the map and what a mouse, a finger and a keyboard do to them. regl-scatterplot stands before this file
// in the same module as ReglScatterplot; overlay.js and main.js stand after it.

const CHOSEN = '#E69F00';
const MANY = 5000; // samples beyond which the points are small

// The part of d3's scales that regl-scatterplot asks for: it keeps the domain at what is in view.
function makeScale(domain) {
  let range = [0, 1];
  const scale = value => range[0] + ((value - domain[0]) / (domain[1] - domain[0])) * (range[1] - range[0]);
  scale.invert = pixel => domain[0] + ((pixel - range[0]) / (range[1] - range[0])) * (domain[1] - domain[0]);
  scale.domain = next => (next ? ((domain = [...next]), scale) : domain);
  scale.range = next => (next ? ((range = [...next]), scale) : range);
  return scale;
}

const decoded = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

// Places in the box from −1 to 1, out of 16 bits a coordinate.
function placesOf(text) {
  const steps = new Uint16Array(decoded(text).buffer);
  const x = new Float32Array(steps.length / 2), y = new Float32Array(steps.length / 2);
  for (let i = 0; i < x.length; i++) {
    x[i] = (steps[2 * i] / 65535) * 2 - 1;
    y[i] = (steps[2 * i + 1] / 65535) * 2 - 1;
  }
  return { x, y };
}

// The rows in the order in which they are drawn: those in grey first, so that they hide nothing.
function drawingOrder(codes) {
  const order = [];
  for (let i = 0; i < codes.length; i++) if (!codes[i]) order.push(i);
  for (let i = 0; i < codes.length; i++) if (codes[i]) order.push(i);
  return order;
}

class Scatter {
  constructor(box, data) {
    this.box = box;
    this.places = placesOf(data.places);
    this.rows = null; // of the points, ascending; null where every sample is one
    this.x = makeScale([-1, 1]);
    this.y = makeScale([-1, 1]);
    this.canvas = document.createElement('canvas');
    box.append(this.canvas);
    const { width, height } = box.getBoundingClientRect();
    const size = data.large || this.places.x.length > MANY ? 3 : 5; // in pixels, of the points in grey
    this.plot = ReglScatterplot.default({
      canvas: this.canvas, width, height, aspectRatio: width / height, xScale: this.x, yScale: this.y,
      deselectOnDblClick: false, deselectOnEscape: false, pointSizeSelected: 4, pointOutlineWidth: 2,
      pointColorActive: data.colours.map(() => CHOSEN), pointColorHover: data.colours.map(() => CHOSEN), actionKeyMap: { lasso: 'shift' },
      colorBy: 'valueA', opacityBy: 'valueA', sizeBy: 'valueA', pointColor: data.colours,
      opacity: data.colours.map((_, code) => (code ? 0.85 : 0.4)), pointSize: data.colours.map((_, code) => (code ? size + 2 : size)),
    });
    this.moves = Promise.resolve();
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(box);
  }

  // Take other samples as points.
  replace(points) {
    this.places = placesOf(points.places);
    this.rows = new Uint32Array(decoded(points.rows).buffer);
    this.stale = true;
  }

  rowOf(point) {
    return this.rows ? this.rows[point] : point;
  }

  // The point of a sample, -1 where it is not drawn.
  pointOf(row) {
    return this.rows ? this.rows.indexOf(row) : row;
  }

  // Draw the points in the colours of their codes; the first time, or anew without losing what is in view.
  async paint(codes) {
    await this.plot.set({ pointOrder: drawingOrder(codes) });
    const spatialIndex = this.stale ? null : this.plot.get('spatialIndex');
    this.stale = false;
    const points = { ...this.places, z: Float32Array.from(codes) };
    await this.plot.draw(points, { zDataType: 'categorical', ...(spatialIndex && { spatialIndex }) });
  }

  resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height || (width === this.plot.get('width') && height === this.plot.get('height'))) return;
    this.plot.set({ width, height, aspectRatio: width / height });
  }

  // What is in view: the ends of x and y.
  view() {
    return [...this.x.domain(), ...this.y.domain()];
  }

  // One move after the other: each starts from what the one before it has brought into view.
  step(move) {
    this.moves = this.moves.then(async () => {
      const [left, right, low, high] = move(...this.view());
      await this.plot.zoomToArea({ x: left, y: low, width: right - left, height: high - low });
    });
  }

  show(left, right, low, high) {
    this.step(() => [left, right, low, high]);
  }

  zoom(factor) {
    this.step((left, right, low, high) => {
      const x = (left + right) / 2, y = (low + high) / 2;
      const w = ((right - left) / 2) * factor, h = ((high - low) / 2) * factor;
      return [x - w, x + w, y - h, y + h];
    });
  }

  move(right, up) {
    this.step((x0, x1, y0, y1) => [
      x0 + (x1 - x0) * right, x1 + (x1 - x0) * right, y0 + (y1 - y0) * up, y1 + (y1 - y0) * up,
    ]);
  }

  destroy() {
    this.resizing.disconnect();
    this.plot.destroy();
  }
}

// One finger moves the map and two zoom it: the library knows a mouse only.
function followFingers(box, canvas) {
  let apart = 0;
  const send = (type, target, at) =>
    target.dispatchEvent(new MouseEvent(type, { clientX: at.clientX, clientY: at.clientY, bubbles: true, buttons: 1 }));
  const distance = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  box.addEventListener('touchstart', event => {
    if (event.touches.length === 2) apart = distance(event.touches);
    else {
      send('mousemove', window, event.touches[0]); // the library moves by what lies between two places of the mouse
      const [first] = event.touches;
      requestAnimationFrame(() => requestAnimationFrame(() => send('mousedown', canvas, first)));
    }
  }, { passive: true });
  box.addEventListener('touchmove', event => {
    event.preventDefault();
    const [one, two] = event.touches;
    if (!two) return send('mousemove', window, one);
    const now = distance(event.touches);
    canvas.dispatchEvent(new WheelEvent('wheel', {
      deltaY: apart - now, clientX: (one.clientX + two.clientX) / 2, clientY: (one.clientY + two.clientY) / 2,
      bubbles: true, cancelable: true,
    }));
    apart = now;
  }, { passive: false });
  box.addEventListener('touchend', event => send('mouseup', window, event.changedTouches[0]), { passive: true });
}
