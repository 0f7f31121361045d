// Names and ranges of the codes, and the input vectors of the generator.
//
// A point determines an image: {seed, codes}. Its codes map each name to the
// number of a category, or to an array of numbers, one for each dimension.
//
// The page data say of each code, as its class in Python defines it:
//   dim             width of the generator's input
//   num_dimensions  how many sliders or switches it has
//   control         "tiles" of categories, "slider" or "switch" (0 or 1)
//   is_periodic     whether numbers are angles, and vectors their (cos, sin)
//   quantiles       of a dimension's prior, at even steps from 0 to 1; the first
//                   and the last are the ends of a slider
//   traversal       values for the rows of a gallery; a code map measures
//                   attributes at the first and the last
//   estimate        the output of the encoder that estimates the vector, or the
//                   probabilities of categories and bits

import { noise } from "random";

const TURN = 2 * Math.PI;

/** `value` limited to the range from `min` to `max`. */
export const clamp = (value, min, max) => Math.min(max, Math.max(min, value));

/** With two decimals, as on a slider; never -0. */
export const round = (value) => Math.round(100 * value) / 100 || 0;

/** The angle from -pi to pi that differs by whole turns. */
const unwind = (angle) => angle - TURN * Math.round(angle / TURN);

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

function describeDimension(code, index, entry, words) {
  const attribute = entry?.attribute ?? null;
  const measured = [entry?.low, entry?.high];
  const [min, max] = [code.quantiles[0], code.quantiles.at(-1)];
  const isMirrored = attribute !== null && entry.sign === -1;
  return {
    min,
    max,
    label: attribute
      ? spaced(attribute)
      : code.title + (code.numDimensions > 1 ? ` ${index + 1}` : ""),
    // Words for an image with little of the attribute, and with much.
    ends: words[attribute] ?? null,
    // Sliders go from less of the attribute to more of it. Both ways: the
    // position of a value, the value at a position.
    mirror: (value) => (isMirrored ? min + max - value : value),
    isMeasured: !code.isPeriodic && measured.every(Number.isFinite),
    measured,
    measuredAt: [code.traversal[0], code.traversal.at(-1)],
    unit: (entry?.unit ?? "").replace("^2", "\u00b2"),
    // The closest number that the control can have.
    inside(value) {
      const number = clamp(code.isPeriodic ? unwind(value) : value, min, max);
      return code.isBinary ? Math.round(number) : number;
    },
  };
}

/** The codes with labels, order and ranges, as the panels show them. */
export function describeCodes({ codes, code_map: map, words }) {
  return Object.entries(codes).map(([name, { dim, estimate, ...data }]) => {
    const entry = map?.codes?.[name];
    const code = {
      name,
      title: spaced(name),
      width: dim,
      estimate,
      numDimensions: data.num_dimensions,
      isCategorical: data.control === "tiles",
      isBinary: data.control === "switch",
      isPeriodic: data.is_periodic,
      quantiles: data.quantiles,
      traversal: data.traversal,
    };
    if (code.isCategorical) {
      return { ...code, ...describeCategories(name, dim, entry) };
    }
    const dimensions = Array.from({ length: code.numDimensions }, (_, index) =>
      describeDimension(code, index, entry?.dimensions?.[index], words),
    );
    return { ...code, dimensions };
  });
}

/** Values of each code: the category, or an array with one number each. */
const valuesOf = (codes, categoryOf, numberOf) =>
  Object.fromEntries(
    codes.map((code) => [
      code.name,
      code.isCategorical
        ? categoryOf(code)
        : code.dimensions.map((dimension, k) => numberOf(dimension, code, k)),
    ]),
  );

/** The default codes: 0, or what is closest to it, and the first category. */
export const middle = (codes) =>
  valuesOf(
    codes,
    ({ order }) => order[0],
    ({ inside }) => inside(0),
  );

/** Random codes, as the priors draw them, with two decimals. */
export const drawCodes = (codes) =>
  valuesOf(
    codes,
    ({ order }) => Math.floor(Math.random() * order.length),
    ({ inside }, { quantiles }) => {
      const place = Math.random() * (quantiles.length - 1);
      const [below, above] = quantiles.slice(Math.floor(place));
      return round(inside(below + (place % 1) * (above - below)));
    },
  );

/** The codes that the encoder estimates, inside of their ranges. */
export const bestCodes = (codes, outputs) =>
  valuesOf(
    codes,
    ({ estimate }) => {
      const { data } = outputs[estimate];
      return data.indexOf(Math.max(...data));
    },
    ({ inside }, { estimate, isPeriodic }, k) => {
      const { data } = outputs[estimate];
      const number = isPeriodic
        ? Math.atan2(data[2 * k + 1], data[2 * k])
        : data[k];
      return round(inside(number));
    },
  );

/** "+0.62", "\u22121", "0": U+2212 is as wide as a plus, so texts do not jump. */
export function signed(value, digits) {
  const size = Math.abs(value);
  const text = digits === undefined ? String(size) : size.toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? "\u2212" : "+") + text;
}

/** Describes a value of a dimension: "slanted right", "+0.62 · +14°". */
export function inWords(dimension, value) {
  const { ends, min, max, unit } = dimension;
  const position = dimension.mirror(value);
  const share = (position - min) / (max - min);
  // No word in the middle third of the range.
  const isFar = share < 1 / 3 || share > 2 / 3;
  const word = (isFar && ends?.[share < 1 / 3 ? 0 : 1]) || "";
  const numbers = [signed(position, 2)];
  if (dimension.isMeasured) {
    const [low, high] = dimension.measured;
    const [from, to] = dimension.measuredAt;
    const amount = low + ((value - from) / (to - from)) * (high - low);
    numbers.push(
      unit === "rad"
        ? `${signed((amount * 180) / Math.PI, 0)}°`
        : `${amount.toFixed(1)}${unit && ` ${unit}`}`,
    );
  }
  return { word, numbers: numbers.join(" · ") };
}

function toVector({ isCategorical, isPeriodic, width }, value) {
  if (!isCategorical) {
    const turn = (angle) => [Math.cos(angle), Math.sin(angle)];
    return Float32Array.from(isPeriodic ? value.flatMap(turn) : value);
  }
  const vector = new Float32Array(width);
  vector[value] = 1;
  return vector;
}

/** The vectors of a point, by the names of the generator's inputs. */
export function toVectors({ noise_dim }, codes, point) {
  const vectors = { noise: noise(point.seed, noise_dim) };
  for (const code of codes) {
    vectors[code.name] = toVector(code, point.codes[code.name]);
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
export function interpolate(page, codes, [from, to], position) {
  const [start, end] = [from, to].map((point) => toVectors(page, codes, point));
  const mix = (name, [a, b]) =>
    start[name].map((x, index) => a * x + b * end[name][index]);
  const vectors = {
    noise: mix("noise", slerp(start.noise, end.noise, position)),
  };
  for (const code of codes) {
    const { name, isPeriodic } = code;
    // Angles go the shorter way around, which a straight line would leave.
    const angles = () =>
      from.codes[name].map(
        (angle, k) => angle + position * unwind(to.codes[name][k] - angle),
      );
    vectors[name] = isPeriodic
      ? toVector(code, angles())
      : mix(name, [1 - position, position]);
  }
  return vectors;
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
