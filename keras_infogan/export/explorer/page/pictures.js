// From tensors to canvases and files.

const LARGE = 640;

/** Rows of an NHWC batch in [-1, 1] as ImageData. */
export function toPictures({ data, dims: [count, height, width, channels] }) {
  return Array.from({ length: count }, (_, row) => {
    const picture = new ImageData(width, height);
    const start = row * width * height * channels;
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        const from = start + pixel * channels + (channel % channels);
        picture.data[4 * pixel + channel] = (data[from] + 1) * 127.5;
      }
      picture.data[4 * pixel + 3] = 255;
    }
    return picture;
  });
}

/** An empty canvas of the size of the images. */
export function newCanvas({ width, height }) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

export function show(canvas, picture) {
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/** A picture in the middle of a canvas, so large that no pixel can be seen. */
export function enlarge(canvas, picture) {
  const small = newCanvas(picture);
  show(small, picture);
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

/** Makes a canvas that large, for images of this size. */
export function makeLarge(canvas, { width, height }) {
  const scale = Math.ceil(LARGE / width);
  Object.assign(canvas, { width: scale * width, height: scale * height });
}

/** Saves rows of canvases as one PNG, each pixel enlarged, with gaps. */
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
