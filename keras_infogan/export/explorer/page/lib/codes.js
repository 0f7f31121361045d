// The codes of a model, each with its control, and the inputs of the generator.
//
// A point determines an image: {seed, codes}. Its codes map each name to a value
// as the code's control defines it: the number of a category, or an array of
// numbers, one for each dimension.

import { Angles } from "angles";
import { clamp } from "dimension";
import { noise } from "random";
import { Sliders } from "sliders";
import { Switches } from "switches";
import { Tiles } from "tiles";

// By `Code.control` of Python. A further kind of control is an entry here.
const CONTROLS = {
  angle: Angles,
  slider: Sliders,
  switch: Switches,
  tiles: Tiles,
};

/** The codes with their controls, as the panels show them. */
export function describeCodes({ codes, code_map: map, words }) {
  return Object.entries(codes).map(
    ([name, data]) =>
      new CONTROLS[data.control](name, data, map?.codes?.[name], words),
  );
}

/** The code whose choices galleries go through: the first that has some. */
export const findChosen = (codes) =>
  codes.find(({ choices }) => choices.length > 0);

/** The values of all codes, by name. */
const valuesOf = (codes, valueOf) =>
  Object.fromEntries(codes.map((code) => [code.name, valueOf(code)]));

/** The default codes. */
export const middle = (codes) => valuesOf(codes, (code) => code.middle());

/** Random codes, as the priors draw them, with two decimals. */
export const drawCodes = (codes) => valuesOf(codes, (code) => code.draw());

/** The codes that the encoder estimates, inside of their ranges. */
export const bestCodes = (codes, outputs) =>
  valuesOf(codes, (code) => code.infer(outputs[code.estimate].data));

/** The vectors of a point, by the names of the generator's inputs. */
export function toVectors({ noise_dim }, codes, point) {
  const vectors = valuesOf(codes, (code) =>
    code.toVector(point.codes[code.name]),
  );
  return { noise: noise(point.seed, noise_dim), ...vectors };
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
export function interpolate({ noise_dim }, codes, [from, to], position) {
  const [start, end] = [from, to].map(({ seed }) => noise(seed, noise_dim));
  const [a, b] = slerp(start, end, position);
  const vectors = valuesOf(codes, (code) =>
    code.between(from.codes[code.name], to.codes[code.name], position),
  );
  return { noise: start.map((x, k) => a * x + b * end[k]), ...vectors };
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
