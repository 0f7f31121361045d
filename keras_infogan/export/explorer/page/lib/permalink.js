// Converts the state of the page to the hash of its URL, and back.

import { findChosen, middle } from "codes";
import { fromText, toText } from "strokes";

export const MAX_SEED = 2 ** 32 - 1;
/** Pen widths, in pixels of an image 28 pixels wide. */
export const PENS = { min: 1.5, max: 4.5 };

// "12;3;0.35,-0.2": the seed, then the codes in their order.
function pointToText(codes, { seed, codes: values }) {
  return [seed, ...codes.map(({ name }) => values[name])].join(";");
}

function textToPoint(codes, text) {
  const [seed, ...values] = text.split(";");
  const point = { seed: toSeed(seed), codes: middle(codes) };
  codes.forEach((code, index) => {
    const value = code.parse(values[index] ?? "");
    if (value !== null) point.codes[code.name] = value;
  });
  return point;
}

/** Parses a seed; returns `fallback` if the text is not a valid one. */
export function toSeed(text, fallback = 1) {
  const isSeed = /^\d+$/.test(text) && Number(text) <= MAX_SEED;
  return isSeed ? Number(text) : fallback;
}

/** The first of `count` consecutive seeds: `seed`, unless they would run out. */
export const firstSeed = (seed, count) => Math.min(seed, MAX_SEED - count + 1);

/** The state of a page opened without a permalink. */
function initialState({ seeds }, codes) {
  const [at, from, to] = [seeds[0], ...seeds].map((seed) => ({
    seed,
    codes: middle(codes),
  }));
  const chosen = findChosen(codes);
  if (chosen) {
    const at = (share) =>
      chosen.choices[Math.floor(share * chosen.choices.length)].value;
    // Of ten digits these are 3 and 8, which interpolate well.
    from.codes[chosen.name] = at(0.3);
    to.codes[chosen.name] = at(0.8);
  }
  const [ink, read] = [[], null];
  return { at, gallery: at.seed, from, to, position: 0.5, pen: 2.8, ink, read };
}

export function stateToHash(codes, state) {
  const { at, gallery, from, to, position, pen, ink, read } = state;
  const entries = {
    at: pointToText(codes, at),
    gallery,
    from: pointToText(codes, from),
    to: pointToText(codes, to),
    position,
    pen,
    ...(ink.length && { ink: toText(ink) }),
    ...(read && { read: pointToText(codes, read) }),
  };
  // None of these characters needs escaping in a URL.
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${value}`)
    .join("&");
}

/** Parses a hash; missing and invalid entries keep their initial values. */
export function hashToState(page, codes, hash) {
  const state = initialState(page, codes);
  const entries = new URLSearchParams(hash.slice(1));
  for (const key of ["at", "from", "to", "read"]) {
    if (entries.has(key)) state[key] = textToPoint(codes, entries.get(key));
  }
  if (entries.has("gallery")) state.gallery = toSeed(entries.get("gallery"));
  const [position, pen] = ["position", "pen"].map((key) =>
    parseFloat(entries.get(key)),
  );
  if (position >= 0 && position <= 1) state.position = position;
  if (pen >= PENS.min && pen <= PENS.max) state.pen = pen;
  try {
    state.ink = fromText(entries.get("ink") ?? "");
  } catch {
    // The link was cut off; keep the rest of it.
  }
  // The encoder gets the strokes or the image of a point, not both.
  if (state.ink.length) state.read = null;
  return state;
}
