// Names and ranges of the codes, and the input vectors of the generator.
//
// A point determines an image: {seed, codes}. Its codes map each name to a
// number if the code is categorical, to an array of numbers otherwise.

import { noise } from "random";

const RANGES = { uniform: [-1, 1], normal: [-3, 3], bernoulli: [0, 1] };

/** `value` limited to the range from `min` to `max`. */
export const clamp = (value, min, max) => Math.min(max, Math.max(min, value));

const spaced = (name) => name.replaceAll("_", " ");

function describeCategories(name, count, map) {
  const names = Array.from(
    { length: count },
    (_, k) => map?.categories?.[k]?.name ?? null,
  );
  const labels = names.map((label, k) => label ?? `${spaced(name)} ${k}`);
  const order = [...labels.keys()];
  // Sort by name: the network assigns digits to categories in any order.
  const isNamed = !names.includes(null);
  if (isNamed) {
    const { compare } = new Intl.Collator("en", { numeric: true });
    order.sort((one, other) => compare(labels[one], labels[other]));
  }
  return { labels, order, isNamed };
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
    // Words for an image with little of the attribute, and with much.
    ends: words[attribute] ?? null,
    // Sliders go from less of the attribute to more of it.
    sign: attribute && entry.sign === -1 ? -1 : 1,
    measured:
      type === "uniform" && measured.length === 2
        ? measured.sort((a, b) => a - b)
        : null,
    unit: (entry?.unit ?? "").replace("^2", "\u00b2"),
  };
}

/** The codes with labels, order and ranges, as the panels show them. */
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

/** The default codes: the middle of each range, and the first category. */
export function middle(codes) {
  return Object.fromEntries(
    codes.map((code) => [
      code.name,
      code.type === "categorical" ? code.order[0] : Array(code.dim).fill(0),
    ]),
  );
}

/** Describes a value of a dimension: "slanted right", "+0.62 · +14°". */
export function inWords({ ends, sign, min, max, measured, unit }, value) {
  const position = sign * value;
  // No word in the middle third of the range.
  const isFar = Math.abs(position) > max / 3;
  const word = (isFar && ends?.[position < 0 ? 0 : 1]) || "";
  // U+2212 is as wide as a plus, so the text does not jump.
  const signed = (x, digits) => {
    const text = Math.abs(x).toFixed(digits);
    if (Number(text) === 0) return text;
    return (x < 0 ? "\u2212" : "+") + text;
  };
  const numbers = [signed(position, 2)];
  if (measured) {
    const [low, high] = measured;
    const fraction = (position - min) / (max - min);
    const amount = low + fraction * (high - low);
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

/** Stacks rows of vectors into one batch. */
export function toBatch(rows) {
  return Object.fromEntries(
    Object.entries(rows[0]).map(([name, { length }]) => {
      const data = new Float32Array(rows.length * length);
      rows.forEach((row, index) => data.set(row[name], index * length));
      return [name, { data, dims: [rows.length, length] }];
    }),
  );
}

/** Vectors between two points: `position` is 0 at `from` and 1 at `to`. */
export function interpolate(from, to, position) {
  const mixed = {};
  for (const [name, start] of Object.entries(from)) {
    const end = to[name];
    const [a, b] =
      name === "noise"
        ? slerp(start, end, position)
        : [1 - position, position];
    mixed[name] = start.map((x, index) => a * x + b * end[index]);
  }
  return mixed;
}

// Weights of spherical interpolation, after Shoemake, 1985
// (doi.org/10.1145/325165.325242): Gaussian noise lies close to a sphere, which
// a straight line would leave.
function slerp(from, to, position) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const cosine = dot(from, to) / Math.sqrt(dot(from, from) * dot(to, to));
  const angle = Math.acos(clamp(cosine, -1, 1));
  if (Math.sin(angle) < 1e-6) return [1 - position, position];
  return [1 - position, position].map(
    (part) => Math.sin(part * angle) / Math.sin(angle),
  );
}
