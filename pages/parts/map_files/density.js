// How dense the samples of a large map lie, as a shade below its points.

class Density {
  constructor(box) {
    this.box = box;
    this.canvas = document.createElement('canvas');
    this.canvas.className = 'density';
    this.canvas.setAttribute('aria-hidden', 'true');
    box.append(this.canvas);
    this.image = null;
  }

  // Shades from 0 to 255, the lowest line first, of cells of an extent.
  show({ density, columns, extent }, [red, green, blue]) {
    const shades = decoded(density), lines = shades.length / columns;
    this.extent = extent;
    this.image = document.createElement('canvas');
    Object.assign(this.image, { width: columns, height: lines });
    const pixels = new ImageData(columns, lines);
    for (let line = 0; line < lines; line++) {
      for (let column = 0; column < columns; column++) {
        const at = 4 * ((lines - 1 - line) * columns + column);
        pixels.data.set([red, green, blue, shades[line * columns + column] * 0.35], at);
      }
    }
    this.image.getContext('2d').putImageData(pixels, 0, 0);
  }

  draw(scatter) {
    if (!this.image) return;
    const { width, height } = this.box.getBoundingClientRect();
    Object.assign(this.canvas, { width, height });
    const [left, right, low, high] = this.extent;
    const x = scatter.x(left), y = scatter.y(high);
    this.canvas.getContext('2d').drawImage(this.image, x, y, scatter.x(right) - x, scatter.y(low) - y);
  }
}
