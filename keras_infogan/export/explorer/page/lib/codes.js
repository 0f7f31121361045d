// Names and ranges of the codes, and the input vectors of the generator.
//
// A point determines an image: {seed, codes}. Its codes map each name to a
// number if the code is categorical, to an array of numbers otherwise.

import { priorOf } from "priors";
import { noise } from "random";

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

function describeDimension(code, index, [min, max], entry, words) {
  const attribute = entry?.attribute ?? null;
  const measured = [entry?.low, entry?.high].filter(Number.isFinite);
  return {
    min,
    max,
    label: attribute
      ? spaced(attribute)
      : code.title + (code.dim > 1 ? ` ${index + 1}` : ""),
    // Words for an image with little of the attribute, and with much.
    ends: words[attribute] ?? null,
    // Sliders go from less of the attribute to more of it.
    sign: attribute && entry.sign === -1 ? -1 : 1,
    measured:
      code.isMeasured && measured.length === 2
        ? measured.sort((a, b) => a - b)
        : null,
    unit: (entry?.unit ?? "").replace("^2", "\u00b2"),
  };
}

/** The codes with labels, order and ranges, as the panels show them. */
export function describeCodes({ codes, code_map: map, words }) {
  return Object.entries(codes).map(([name, prior]) => {
    const entry = map?.codes?.[name];
    const { dim: width, estimate } = prior;
    const code = { name, title: spaced(name), width, estimate };
    Object.assign(code, priorOf(prior));
    if (code.isCategorical) {
      return { ...code, ...describeCategories(name, width, entry) };
    }
    code.dim = code.numDimensions(width);
    const dimensions = Array.from({ length: code.dim }, (_, index) =>
      describeDimension(
        code,
        index,
        code.range(prior),
        entry?.dimensions?.[index],
        words,
      ),
    );
    return { ...code, dimensions };
  });
}

/** The default codes: 0, or what is closest to it, and the first category. */
export function middle(codes) {
  return Object.fromEntries(
    codes.map(({ name, isCategorical, order, dimensions }) => [
      name,
      isCategorical
        ? order[0]
        : dimensions.map(({ min, max }) => clamp(0, min, max)),
    ]),
  );
}

/** Random codes, as the priors draw them, with two decimals. */
export function drawCodes(codes) {
  return Object.fromEntries(
    codes.map(({ name, isCategorical, order, dimensions, draw }) => [
      name,
      isCategorical
        ? Math.floor(Math.random() * order.length)
        : dimensions.map((range) => Math.round(100 * draw(range)) / 100),
    ]),
  );
}

/** The codes that the encoder estimates, inside of their ranges. */
export function bestCodes(codes, outputs) {
  const inside = (value, { min, max }, isBinary) =>
    isBinary
      ? Math.round(value)
      : Math.round(100 * clamp(value, min, max)) / 100 || 0;
  return Object.fromEntries(
    codes.map(({ name, estimate, dimensions, ...code }) => {
      const value = code.fromVector(outputs[estimate].data);
      return [
        name,
        code.isCategorical
          ? value
          : value.map((x, k) => inside(x, dimensions[k], code.isBinary)),
      ];
    }),
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

/** The vectors of a point, by the names of the generator's inputs. */
export function toVectors({ noise_dim }, codes, point) {
  const vectors = { noise: noise(point.seed, noise_dim) };
  for (const { name, width, toVector } of codes) {
    vectors[name] = toVector(point.codes[name], width);
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
