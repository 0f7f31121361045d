// Strokes of a drawing: as text, on a canvas, and as an image like those of MNIST.
//
// A stroke is an array of integers from 0 to 255, alternately x and y, so a
// permalink restores a drawing exactly.

/** The largest coordinate of a stroke. */
export const FIELD = 255;
const SUBPIXELS = 8; // in each direction

/** Draws smooth curves through the midpoints of neighboring points. */
export function trace(context, strokes, place) {
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
    // A single point is a line of length 0, which would not be drawn.
    context.lineTo(lastX + 0.01, lastY);
  }
  context.stroke();
}

/**
 * Rasterizes strokes to an NHWC batch of one image in [-1, 1], white on black.
 *
 * As in MNIST, the larger side of the drawing takes 20 of 28 pixels, pen
 * included, and the center of mass is half a pixel right of and below the
 * middle. The pen has the same width whatever the size of the drawing.
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

  const canvas = new OffscreenCanvas(width * SUBPIXELS, height * SUBPIXELS);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.strokeStyle = "white";
  context.lineWidth = pen * unit * SUBPIXELS;
  const render = (shiftX, shiftY) => {
    context.fillRect(0, 0, canvas.width, canvas.height);
    trace(context, strokes, (x, y) => [
      SUBPIXELS * (width / 2 + scale * (x - (left + right) / 2) + shiftX),
      SUBPIXELS * (height / 2 + scale * (y - (top + bottom) / 2) + shiftY),
    ]);
    return downsample(context, width, height);
  };

  const [x, y] = centerOfMass(render(0, 0), width);
  const ink = render((width + unit) / 2 - x, (height + unit) / 2 - y);
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    data[i] = 2 * ink[Math.floor(i / channels)] - 1;
  }
  return { data, dims: [1, height, width, channels] };
}

// Averages the subpixels of each pixel; the result is in [0, 1].
function downsample(context, width, height) {
  const { data } = context.getImageData(0, 0, width * SUBPIXELS, height * SUBPIXELS);
  const ink = new Float32Array(width * height);
  for (let y = 0; y < height * SUBPIXELS; y++) {
    const row = Math.floor(y / SUBPIXELS) * width;
    for (let x = 0; x < width * SUBPIXELS; x++) {
      ink[row + Math.floor(x / SUBPIXELS)] += data[4 * (y * width * SUBPIXELS + x)];
    }
  }
  return ink.map((sum) => sum / (255 * SUBPIXELS * SUBPIXELS));
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

/** Encodes strokes for a URL: the length and the points of each, in base64. */
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
    if (!stroke.length || stroke.length % 2) throw Error("not strokes");
    strokes.push(stroke);
  }
  return strokes;
}
