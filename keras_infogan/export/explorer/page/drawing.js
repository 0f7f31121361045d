// A drawing as MNIST has its digits, and the pad it is drawn on.
//
// Strokes are arrays of whole numbers from 0 to 255, x and y in turn, so that a
// link gives the same drawing to the last bit.

const FIELD = 255;
const FINE = 8; // subpixels in each direction

// Curves through the middles of neighboring points, so that no corner shows.
function trace(context, strokes, place) {
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  for (const stroke of strokes) {
    const points = [];
    for (let i = 0; i < stroke.length; i += 2) {
      points.push(place(stroke[i], stroke[i + 1]));
    }
    const [first, ...rest] = points;
    const [lastX, lastY] = points.at(-1);
    context.moveTo(...first);
    rest.forEach(([x, y], i) => {
      const [nextX, nextY] = rest[i + 1] ?? [x, y];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    });
    // A line of no length would not be drawn, and a point is one.
    context.lineTo(lastX + 0.01, lastY);
  }
  context.stroke();
}

/**
 * Strokes as an NHWC batch of one image in [-1, 1], white on black.
 *
 * The larger side of the drawing, pen included, is 20 of 28 pixels, and its
 * center of mass is where that of MNIST's digits is: half a pixel right of and
 * below the middle. The pen is as wide in a small drawing as in a large one.
 */
export function rasterize(strokes, pen, { width, height, channels }) {
  const unit = Math.min(width, height) / 28;
  const points = strokes.flat();
  const xs = points.filter((_, i) => i % 2 === 0);
  const ys = points.filter((_, i) => i % 2 === 1);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const extent = Math.max(right - left, bottom - top, 1);
  const scale = ((20 - pen) * unit) / extent;

  const canvas = new OffscreenCanvas(width * FINE, height * FINE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.strokeStyle = "white";
  context.lineWidth = pen * unit * FINE;
  const render = (shiftX, shiftY) => {
    context.fillRect(0, 0, canvas.width, canvas.height);
    trace(context, strokes, (x, y) => [
      FINE * (width / 2 + scale * (x - (left + right) / 2) + shiftX),
      FINE * (height / 2 + scale * (y - (top + bottom) / 2) + shiftY),
    ]);
    return coarsen(context, width, height);
  };

  const [x, y] = centerOfMass(render(0, 0), width);
  const ink = render((width + unit) / 2 - x, (height + unit) / 2 - y);
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    data[i] = 2 * ink[Math.floor(i / channels)] - 1;
  }
  return { data, dims: [1, height, width, channels] };
}

// The mean of the subpixels of each pixel, in [0, 1].
function coarsen(context, width, height) {
  const { data } = context.getImageData(0, 0, width * FINE, height * FINE);
  const ink = new Float32Array(width * height);
  for (let y = 0; y < height * FINE; y++) {
    const row = Math.floor(y / FINE) * width;
    for (let x = 0; x < width * FINE; x++) {
      ink[row + Math.floor(x / FINE)] += data[4 * (y * width * FINE + x)];
    }
  }
  return ink.map((sum) => sum / (255 * FINE * FINE));
}

function centerOfMass(ink, width) {
  let [mass, x, y] = [0, 0, 0];
  ink.forEach((weight, i) => {
    mass += weight;
    x += weight * ((i % width) + 0.5);
    y += weight * (Math.floor(i / width) + 0.5);
  });
  return [x / mass, y / mass];
}

/** Lets a canvas be drawn on; onChange(strokes, isDone) after each movement. */
export class Pad {
  #canvas;
  #onChange;
  #pointer = null;
  strokes = [];

  constructor(canvas, onChange) {
    this.#canvas = canvas;
    this.#onChange = onChange;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.#end(event));
    }
  }

  /** Paints the strokes; the pen is in pixels of an image of 28. */
  paint(pen) {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    context.fillRect(0, 0, width, height);
    context.strokeStyle = "white";
    context.lineWidth = (pen * width) / 28;
    trace(context, this.strokes, (x, y) => [
      (x * width) / FIELD,
      (y * height) / FIELD,
    ]);
  }

  #begin(event) {
    if (this.#pointer !== null || event.button !== 0) return;
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.strokes.push([]);
    this.#extend(event);
    this.#onChange(this.strokes, false);
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    // What came since the last frame: a quick hand makes round curves.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.#extend(each);
    this.#onChange(this.strokes, false);
  }

  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#onChange(this.strokes, true);
  }

  #extend({ clientX, clientY }) {
    const box = this.#canvas.getBoundingClientRect();
    const [x, y] = [
      (clientX - box.left) / box.width,
      (clientY - box.top) / box.height,
    ].map((share) => Math.round(FIELD * Math.min(1, Math.max(0, share))));
    const stroke = this.strokes.at(-1);
    const [lastX, lastY] = stroke.slice(-2);
    if (Math.hypot(x - lastX, y - lastY) < 2) return;
    stroke.push(x, y);
    // The length of a stroke has to fit a byte: it goes on as another one.
    if (stroke.length === 2 * FIELD) this.strokes.push([x, y]);
  }
}

/** Strokes in letters that a link may hold: each its length and its points. */
export function toText(strokes) {
  const bytes = strokes.flatMap((stroke) => [stroke.length / 2, ...stroke]);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The inverse of toText. */
export function fromText(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const strokes = [];
  for (let at = 0; at < bytes.length; at += 1 + 2 * bytes[at]) {
    const stroke = bytes.slice(at + 1, at + 1 + 2 * bytes[at]);
    if (!stroke.length || stroke.length % 2) throw Error("no strokes");
    strokes.push(stroke);
  }
  return strokes;
}
