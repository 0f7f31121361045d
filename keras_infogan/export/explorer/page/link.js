// The state of the page as the part of a link behind the #, and back.

import { clamp } from "app";
import { middle } from "codes";
import { fromText, toText } from "drawing";

export const MAX_SEED = 2 ** 32 - 1;
/** Widths of the pen, in pixels of an image of 28. */
export const PENS = { min: 1.5, max: 4.5 };

// "12;3;0.35,-0.2": the seed, then each code in its order.
function pointToText(codes, { seed, codes: values }) {
  return [seed, ...codes.map(({ name }) => values[name])].join(";");
}

function textToPoint(codes, text) {
  const [seed, ...values] = text.split(";");
  const point = { seed: toSeed(seed), codes: middle(codes) };
  codes.forEach((code, index) => {
    // An empty string would be 0.
    const texts = (values[index] ?? "").split(",");
    const numbers = texts.map((each) => (each ? Number(each) : NaN));
    if (code.type === "categorical") {
      if (numbers[0] in code.labels) point.codes[code.name] = numbers[0];
    } else if (numbers.length === code.dim && numbers.every(Number.isFinite)) {
      point.codes[code.name] = numbers.map((number, k) => {
        const { min, max } = code.dimensions[k];
        const inside = clamp(number, min, max);
        return code.type === "bernoulli" ? Math.round(inside) : inside;
      });
    }
  });
  return point;
}

/** A seed as somebody has typed it, or another one in place of what is none. */
export function toSeed(text, otherwise = 1) {
  const isSeed = /^\d+$/.test(text) && Number(text) <= MAX_SEED;
  return isSeed ? Number(text) : otherwise;
}

/** The first of this many seeds in a row, from this one if there are so many. */
export const firstSeed = (seed, count) => Math.min(seed, MAX_SEED - count + 1);

/** The state of a page that nobody has touched. */
export function initialState(codes) {
  const at = { seed: 1, codes: middle(codes) };
  const [from, to] = [at, { ...at, seed: 2 }].map((end) =>
    structuredClone(end),
  );
  const first = codes.find(({ type }) => type === "categorical");
  if (first) {
    // Of ten digits, the 3 and the 8, which have a way between them.
    from.codes[first.name] = first.order[Math.floor(0.3 * first.dim)];
    to.codes[first.name] = first.order[Math.floor(0.8 * first.dim)];
  }
  const [ink, read] = [[], null];
  return { at, wall: 1, from, to, share: 0.5, pen: 2.8, ink, read };
}

export function stateToHash(codes, state) {
  const { at, wall, from, to, share, pen, ink, read } = state;
  const entries = {
    at: pointToText(codes, at),
    wall,
    from: pointToText(codes, from),
    to: pointToText(codes, to),
    share,
    pen,
    ...(ink.length && { ink: toText(ink) }),
    ...(read && { read: pointToText(codes, read) }),
  };
  // Only letters that a link may hold as they are.
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${value}`)
    .join("&");
}

/** The state of a hash; what it does not say, or says wrong, is the initial. */
export function hashToState(codes, hash) {
  const state = initialState(codes);
  const entries = new URLSearchParams(hash.slice(1));
  for (const key of ["at", "from", "to", "read"]) {
    if (entries.has(key)) state[key] = textToPoint(codes, entries.get(key));
  }
  if (entries.has("wall")) state.wall = toSeed(entries.get("wall"));
  const [share, pen] = ["share", "pen"].map((key) =>
    parseFloat(entries.get(key)),
  );
  if (share >= 0 && share <= 1) state.share = share;
  if (pen >= PENS.min && pen <= PENS.max) state.pen = pen;
  try {
    state.ink = fromText(entries.get("ink") ?? "");
  } catch {
    // A link that somebody has cut off; the rest of it holds.
  }
  // One or the other is read.
  if (state.ink.length) state.read = null;
  return state;
}
