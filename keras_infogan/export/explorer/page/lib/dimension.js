// A dimension of a code of numbers: its range, its label, and its values in words.

/** `value` limited to the range from `min` to `max`. */
export const clamp = (value, min, max) => Math.min(max, Math.max(min, value));

/** With two decimals, as on a slider; never -0. */
export const round = (value) => Math.round(100 * value) / 100 || 0;

/** A dimension, named after the attribute that it controls, if any. */
export function describeDimension(code, meaning, words, { label, hasLine }) {
  const attribute = meaning?.attribute ?? null;
  const measured = [meaning?.low, meaning?.high];
  const [min, max] = [code.quantiles[0], code.quantiles.at(-1)];
  const isMirrored = attribute !== null && meaning.sign === -1;
  return {
    min,
    max,
    label: attribute?.replaceAll("_", " ") ?? label,
    // Words for an image with little of the attribute, and with much.
    ends: words[attribute] ?? null,
    // Sliders go from less of the attribute to more of it. Both ways: the
    // position of a value, the value at a position.
    mirror: (value) => (isMirrored ? min + max - value : value),
    isMeasured: hasLine && measured.every(Number.isFinite),
    measured,
    measuredAt: [code.traversal[0], code.traversal.at(-1)],
    unit: (meaning?.unit ?? "").replace("^2", "\u00b2"),
  };
}

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

