// What lies above the points: outlines of where they are dense, names of areas, the lasso, marks of outliers.

const CLOSER = [1, 1.8, 4]; // how far one must have zoomed in to see the names of each level of areas
const LASSO = '#E69F00';

class Overlay {
  constructor(box, scatter, data) {
    this.scatter = scatter;
    this.outlines = data.outlines;
    this.outside = data.outside;
    this.areas = [];
    this.lasso = [];
    this.shown = { names: true, outlines: true };
    this.canvas = document.createElement('canvas');
    this.canvas.className = 'overlay';
    this.canvas.setAttribute('aria-hidden', 'true');
    box.append(this.canvas);
  }

  // Red, green and blue of the text, from 0 to 255.
  textColour() {
    const pen = document.createElement('canvas').getContext('2d');
    pen.fillStyle = getComputedStyle(this.canvas).getPropertyValue('--st-text-color');
    pen.fillRect(0, 0, 1, 1);
    return pen.getImageData(0, 0, 1, 1).data;
  }

  at([x, y]) {
    return [this.scatter.x(x), this.scatter.y(y)];
  }

  draw() {
    const { width, height } = this.scatter.box.getBoundingClientRect();
    const ratio = window.devicePixelRatio;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    const style = getComputedStyle(this.canvas);
    this.colours = { text: style.getPropertyValue('--st-text-color'), page: style.getPropertyValue('--st-background-color') };
    this.font = style.fontFamily;
    const pen = this.canvas.getContext('2d');
    pen.scale(ratio, ratio);
    if (this.shown.outlines) this.drawOutlines(pen);
    this.drawOutside(pen);
    this.drawLasso(pen);
    if (this.shown.names) this.drawNames(pen, width, height);
  }

  drawOutlines(pen) {
    pen.strokeStyle = this.colours.text;
    pen.globalAlpha = 0.28;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const lines of this.outlines) {
      for (let i = 0; i < lines.length; i += 4) {
        pen.moveTo(...this.at([lines[i], lines[i + 1]]));
        pen.lineTo(...this.at([lines[i + 2], lines[i + 3]]));
      }
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  // A triangle that points to where an outlier really lies.
  drawOutside(pen) {
    pen.fillStyle = this.colours.text;
    pen.globalAlpha = 0.55;
    const { x, y } = this.scatter.places;
    for (const row of this.outside) {
      const [left, top] = this.at([x[row], y[row]]);
      const angle = Math.atan2(Math.abs(y[row]) > 0.99 ? -y[row] : 0, Math.abs(x[row]) > 0.99 ? x[row] : 0);
      pen.beginPath();
      for (const turn of [0, 2.3, -2.3]) pen.lineTo(left + 5 * Math.cos(angle + turn), top + 5 * Math.sin(angle + turn));
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  drawLasso(pen) {
    if (this.lasso.length < 2) return;
    pen.beginPath();
    for (const corner of this.lasso) pen.lineTo(...this.at(corner));
    pen.closePath();
    pen.strokeStyle = pen.fillStyle = LASSO;
    pen.lineWidth = 2;
    pen.stroke();
    pen.globalAlpha = 0.08;
    pen.fill();
    pen.globalAlpha = 1;
  }

  // The names that have room, those of large areas first; none twice, as the areas of a closer look lie in others.
  drawNames(pen, width, height) {
    const [left, right] = this.scatter.x.domain();
    const zoom = 2 / (right - left);
    const placed = [], told = new Set();
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.lineJoin = 'round';
    for (const { level, place, names } of this.areas) {
      const name = names.find(one => !told.has(one));
      const [x, y] = this.at(place);
      if (!name || zoom < CLOSER[level] || x < 0 || y < 0 || x > width || y > height) continue;
      pen.font = `${level ? 500 : 600} ${level ? 12 : 13}px ${this.font}`;
      const half = pen.measureText(name).width / 2 + 6;
      const middle = Math.min(Math.max(x, half), width - half);
      const box = [middle - half, y - 11, middle + half, y + 11];
      if (placed.some(b => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) continue;
      placed.push(box);
      told.add(name);
      pen.strokeStyle = this.colours.page;
      pen.lineWidth = 4;
      pen.strokeText(name, middle, y);
      pen.fillStyle = this.colours.text;
      pen.fillText(name, middle, y);
    }
    this.told = [...told];
  }
}
