// Generates images from an ONNX file, in Node.
//
//     npm install onnxruntime-web
//     node onnx_node.mjs mnist.onnx grid.pgm
//
// Each row of the grid is a category; each column has the same noise and the same
// other codes. With a third argument, the script also writes inputs and images to
// that file, as JSON. onnxruntime-node, which is faster and larger, works, too.
import { readFileSync, writeFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

const NUM_COLUMNS = 10;

// onnxruntime does not give JavaScript the metadata, but they are easy to read:
// field 14 of a protocol buffer, whose entries have a key (1) and a value (2).
function* fields(bytes) {
  let position = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[position++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (position < bytes.length) {
    const tag = varint();
    const wire = tag % 8;
    if (wire === 0) varint();
    else if (wire === 1) position += 8;
    else if (wire === 5) position += 4;
    else {
      const length = varint();
      const content = bytes.subarray(position, (position += length));
      yield [Math.floor(tag / 8), content];
    }
  }
}

function readMetadata(bytes) {
  const text = new TextDecoder();
  const metadata = {};
  for (const [field, entry] of fields(bytes)) {
    if (field !== 14) continue;
    const pair = Object.fromEntries(fields(entry));
    metadata[text.decode(pair[1])] = text.decode(pair[2]);
  }
  return metadata;
}

const fill = (length, draw) => Float32Array.from({ length }, draw);
const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) *
  Math.cos(2 * Math.PI * Math.random());
const oneHot = (length, number) => fill(length, (_, i) => Number(i === number));

// Draws a category; all are equally likely without probabilities.
function chooseCategory(dim, probabilities = Array(dim).fill(1 / dim)) {
  let left = Math.random();
  const found = probabilities.findIndex((share) => (left -= share) < 0);
  // They may sum to a little less than 1.
  return found < 0 ? dim - 1 : found;
}

// Draws a value of an input from its prior.
function draw({ distribution, dim, low, high, mean, stddev, probabilities }) {
  switch (distribution) {
    case "normal":
      return fill(dim, () => mean + stddev * normal());
    case "uniform":
      return fill(dim, () => low + (high - low) * Math.random());
    case "one_hot":
      return oneHot(dim, chooseCategory(dim, probabilities));
    case "bits":
      return fill(dim, () => Number(Math.random() < 0.5));
    case "circle": {
      const angle = 2 * Math.PI * Math.random();
      return Float32Array.of(Math.cos(angle), Math.sin(angle));
    }
  }
  throw new Error(`This script is older than the file: ${distribution}.`);
}

const [file, output, numbers] = process.argv.slice(2);
if (!output) {
  console.error("usage: node onnx_node.mjs GENERATOR.onnx GRID.pgm [FILE.json]");
  process.exit(2);
}
// Errors take one line.
process.on("uncaughtException", (error) => {
  console.error(`onnx_node.mjs: error: ${error.message}`);
  process.exit(2);
});
const bytes = new Uint8Array(readFileSync(file));
const session = await ort.InferenceSession.create(bytes).catch((error) => {
  throw new Error(`${file} should be an ONNX file. Received: ${error.message}`);
});
const metadata = readMetadata(bytes);
if (
  !session.inputNames.includes("noise") ||
  !metadata["keras_infogan.priors"]
)
  throw new Error(
    `${file} should be a generator of keras-infogan, with the input noise. ` +
      `Received: one with ${session.inputNames.join(", ")}. ` +
      "Take the file of --onnx, not that of --onnx-encoder.",
  );
const priors = JSON.parse(metadata["keras_infogan.priors"]);
const [categoryName, category] =
  Object.entries(priors).find(([, p]) => p.distribution === "one_hot") ?? [];
const numRows = category?.dim ?? 1;

// The columns of the grid, and from them all rows of each input, as flat arrays.
const columns = {};
for (const [name, prior] of Object.entries(priors))
  columns[name] = Array.from({ length: NUM_COLUMNS }, () => draw(prior));
const count = numRows * NUM_COLUMNS;
const inputs = {};
for (const [name, values] of Object.entries(columns)) {
  const width = values[0].length;
  const data = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const row = Math.floor(i / NUM_COLUMNS);
    data.set(
      name === categoryName ? oneHot(width, row) : values[i % NUM_COLUMNS],
      i * width,
    );
  }
  inputs[name] = new ort.Tensor("float32", data, [count, width]);
}

const { image } = await session.run(inputs);

// Pixels in [-1, 1] as bytes; PGM for gray images, PPM for RGB.
const [, height, width, channels] = image.dims;
const pixels = Buffer.alloc(image.data.length);
for (let i = 0; i < count; i++) {
  const top = Math.floor(i / NUM_COLUMNS) * height;
  const left = (i % NUM_COLUMNS) * width;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width * channels; x++) {
      const value = image.data[(i * height + y) * width * channels + x];
      const line = (top + y) * NUM_COLUMNS * width + left;
      pixels[line * channels + x] = Math.round(127.5 * (value + 1));
    }
}
const kind = channels === 1 ? "P5" : "P6";
const size = `${NUM_COLUMNS * width} ${numRows * height}`;
writeFileSync(output, Buffer.concat([Buffer.from(`${kind}\n${size}\n255\n`), pixels]));
if (numbers) {
  const plain = ({ dims, data }) => ({ dims, data: Array.from(data) });
  const tensors = Object.entries({ ...inputs, image });
  const content = Object.fromEntries(tensors.map(([k, v]) => [k, plain(v)]));
  writeFileSync(numbers, JSON.stringify(content));
}
console.log(`wrote ${output}: ${count} images`);

const codeMap = JSON.parse(metadata["keras_infogan.code_map"] ?? "{}");
const categories = codeMap.codes?.[categoryName]?.categories ?? [];
categories.forEach(({ name }, number) => {
  const meaning = name ?? "no single class";
  console.log(`row ${number} is category ${number}: ${meaning}`);
});
