// Converts tensors to canvases and PNG files.

const LARGE = 640;

/** Converts an NHWC batch in [-1, 1] to ImageData, one per row. */
export function toImages({ data, dims: [count, height, width, channels] }) {
  return Array.from({ length: count }, (_, row) => {
    const image = new ImageData(width, height);
    const start = row * width * height * channels;
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        const from = start + pixel * channels + (channel % channels);
        image.data[4 * pixel + channel] = (data[from] + 1) * 127.5;
      }
      image.data[4 * pixel + 3] = 255;
    }
    return image;
  });
}

/** An empty canvas with the size of an image. */
export function newCanvas({ width, height }) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

export function show(canvas, image) {
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Shows an image centered and smoothly enlarged to fill the canvas. */
export function enlarge(canvas, image) {
  const small = newCanvas(image);
  show(small, image);
  const { width, height } = canvas;
  const scale = Math.min(width / small.width, height / small.height);
  const size = [scale * small.width, scale * small.height];
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillRect(0, 0, width, height);
  context.drawImage(
    small,
    (width - size[0]) / 2,
    (height - size[1]) / 2,
    ...size,
  );
}

/** Gives a canvas the size that `enlarge` needs for images of this shape. */
export function setLargeSize(canvas, { width, height }) {
  const scale = Math.ceil(LARGE / width);
  Object.assign(canvas, { width: scale * width, height: scale * height });
}

/** Saves rows of canvases as one PNG, scaled by whole pixels, with gaps. */
export async function savePng(rows, name, { scale = 1, gap = 0 } = {}) {
  const [{ width, height }] = rows[0];
  const [across, down] = [scale * width + gap, scale * height + gap];
  const sheet = newCanvas({
    width: across * rows[0].length - gap,
    height: down * rows.length - gap,
  });
  const context = sheet.getContext("2d");
  context.imageSmoothingEnabled = false;
  rows.forEach((row, y) =>
    row.forEach((canvas, x) =>
      context.drawImage(
        canvas,
        x * across,
        y * down,
        scale * width,
        scale * height,
      ),
    ),
  );
  const blob = await new Promise((resolve) => sheet.toBlob(resolve));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
