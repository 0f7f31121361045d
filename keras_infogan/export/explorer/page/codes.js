// What the codes are called, which values they take, and how the vectors of the
// networks are made of them.
//
// A point is what a picture is made of: {seed, codes}, where codes has a number
// for each categorical code and an array of numbers for each other one.

import { noise } from "random";

const RANGES = { uniform: [-1, 1], normal: [-3, 3], bernoulli: [0, 1] };

const spaced = (name) => name.replaceAll("_", " ");

function describeCategories(name, count, map) {
  const names = Array.from(
    { length: count },
    (_, k) => map?.categories?.[k]?.name ?? null,
  );
  const labels = names.map((label, k) => label ?? `${spaced(name)} ${k}`);
  const order = [...labels.keys()];
  // Digits in their order, wherever the network has put them.
  if (!names.includes(null)) {
    const { compare } = new Intl.Collator("en", { numeric: true });
    order.sort((one, other) => compare(labels[one], labels[other]));
  }
  return { labels, order, isNamed: !names.includes(null) };
}

function describeDimension(name, type, index, dim, entry, words) {
  const attribute = entry?.attribute ?? null;
  const [min, max] = RANGES[type];
  const measured = [entry?.low, entry?.high].filter(Number.isFinite);
  return {
    min,
    max,
    label: attribute
      ? spaced(attribute)
      : spaced(name) + (dim > 1 ? ` ${index + 1}` : ""),
    // Of an image with little of the attribute, and with much.
    ends: words[attribute] ?? null,
    // Sliders go from less of an attribute to more of it.
    sign: attribute && entry.sign === -1 ? -1 : 1,
    measured:
      type === "uniform" && measured.length === 2
        ? measured.sort((a, b) => a - b)
        : null,
    unit: (entry?.unit ?? "").replace("^2", "\u00b2"),
  };
}

/** The codes as the page shows them. */
export function describeCodes({ codes, code_map: map, words }) {
  return Object.entries(codes).map(([name, { type, ...rest }]) => {
    const entry = map?.codes?.[name];
    const dim = rest.num_categories ?? rest.dim;
    const code = { name, type, dim, title: spaced(name) };
    if (type === "categorical") {
      return { ...code, ...describeCategories(name, dim, entry) };
    }
    const dimensions = Array.from({ length: dim }, (_, index) =>
      describeDimension(
        name,
        type,
        index,
        dim,
        entry?.dimensions?.[index],
        words,
      ),
    );
    return { ...code, dimensions };
  });
}

/** The middle of all codes, and the first category in their order. */
export function middle(codes) {
  return Object.fromEntries(
    codes.map((code) => [
      code.name,
      code.type === "categorical" ? code.order[0] : Array(code.dim).fill(0),
    ]),
  );
}

/** "slanted right" and "+0.62 · +14°" of a value of a dimension. */
export function inWords({ ends, sign, min, max, measured, unit }, value) {
  const position = sign * value;
  // None in the middle third.
  const isFar = Math.abs(position) > max / 3;
  const word = (isFar && ends?.[position < 0 ? 0 : 1]) || "";
  // A minus sign, which is as wide as a plus.
  const signed = (x, digits) => {
    const text = Math.abs(x).toFixed(digits);
    if (Number(text) === 0) return text;
    return (x < 0 ? "\u2212" : "+") + text;
  };
  const numbers = [signed(position, 2)];
  if (measured) {
    const [low, high] = measured;
    const share = (position - min) / (max - min);
    const amount = low + share * (high - low);
    numbers.push(
      unit === "rad"
        ? `${signed((amount * 180) / Math.PI, 0)}°`
        : `${amount.toFixed(1)}${unit && ` ${unit}`}`,
    );
  }
  return { word, numbers: numbers.join(" · ") };
}

const oneHot = (dim, index) => {
  const vector = new Float32Array(dim);
  vector[index] = 1;
  return vector;
};

/** The vectors of a point, by the names of the generator's inputs. */
export function toVectors({ noise_dim }, codes, point) {
  const vectors = { noise: noise(point.seed, noise_dim) };
  for (const { name, type, dim } of codes) {
    const value = point.codes[name];
    vectors[name] =
      type === "categorical" ? oneHot(dim, value) : Float32Array.from(value);
  }
  return vectors;
}

/** Rows of vectors as one batch. */
export function toBatch(rows) {
  return Object.fromEntries(
    Object.entries(rows[0]).map(([name, { length }]) => {
      const data = new Float32Array(rows.length * length);
      rows.forEach((row, index) => data.set(row[name], index * length));
      return [name, { data, dims: [rows.length, length] }];
    }),
  );
}

/** Vectors at a share of the way from one point's to another's. */
export function interpolate(from, to, share) {
  const mixed = {};
  for (const [name, start] of Object.entries(from)) {
    const end = to[name];
    const [a, b] =
      name === "noise" ? slerp(start, end, share) : [1 - share, share];
    mixed[name] = start.map((x, index) => a * x + b * end[index]);
  }
  return mixed;
}

// Noise is near a sphere, and a chord would leave it: the weights of
// Shoemake, 1985 (doi.org/10.1145/325165.325242).
function slerp(from, to, share) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const cosine = dot(from, to) / Math.sqrt(dot(from, from) * dot(to, to));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (Math.sin(angle) < 1e-6) return [1 - share, share];
  return [1 - share, share].map(
    (part) => Math.sin(part * angle) / Math.sin(angle),
  );
}
