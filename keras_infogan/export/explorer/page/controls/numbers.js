// What codes of numbers share, whether sliders or switches choose them. Values
// are arrays of numbers, one for each dimension.

import { Control } from "control";
import { element } from "dom";
import { clamp, describeDimension, inWords, round } from "dimension";

export class Numbers extends Control {
  constructor(name, data, meaning, words) {
    super(name, data);
    this.quantiles = data.quantiles;
    this.traversal = data.traversal;
    this.dimensions = Array.from({ length: data.num_dimensions }, (_, index) =>
      describeDimension(data, meaning?.dimensions?.[index], words, {
        label: this.title + (data.num_dimensions > 1 ? ` ${index + 1}` : ""),
        hasLine: this.hasLine,
      }),
    );
  }

  /** Whether an attribute can change along a line of values. */
  get hasLine() {
    return true;
  }

  get swept() {
    return this.dimensions[0].label;
  }

  /** The closest number that the control can have. */
  inside(number, { min, max }) {
    return clamp(number, min, max);
  }

  #each(numberOf) {
    return this.dimensions.map((dimension, k) =>
      this.inside(numberOf(k), dimension),
    );
  }

  /** 0, or what is closest to it. */
  middle() {
    return this.#each(() => 0);
  }

  draw() {
    return this.#each(() => {
      const place = Math.random() * (this.quantiles.length - 1);
      const [below, above] = this.quantiles.slice(Math.floor(place));
      return below + (place % 1) * (above - below);
    }).map(round);
  }

  infer(estimate) {
    return this.#each((k) => this.toNumber(estimate, k)).map(round);
  }

  /** The number of a dimension that the encoder estimates. */
  toNumber(estimate, k) {
    return estimate[k];
  }

  parse(text) {
    // Number("") is 0.
    const numbers = text.split(",").map((each) => (each ? Number(each) : NaN));
    const fits = numbers.length === this.dimensions.length;
    if (!fits || !numbers.every(Number.isFinite)) return null;
    return this.#each((k) => numbers[k]);
  }

  toVector(value) {
    return Float32Array.from(value);
  }

  toPython(value) {
    return `[${value.join(", ")}]`;
  }

  /** Changes a dimension of the image in the preview. */
  change(app, index, number) {
    const values = app.state.at.codes[this.name].with(index, number);
    app.goTo(app.variant({ [this.name]: values }));
  }

  sweep() {
    const [dimension] = this.dimensions;
    // A switch has only two positions.
    const positions = new Set(
      this.traversal.map((value) => round(this.inside(value, dimension))),
    );
    return Array.from(positions, (position) => {
      const number = round(dimension.mirror(position));
      return {
        label: this.toLabel(position),
        set: (value) => value.with(0, number),
        isAt: ([first]) => first === number,
      };
    });
  }

  /** The label of a row of the gallery. */
  toLabel(position) {
    return position.toFixed(1);
  }

  describe(values, estimate) {
    const rows = this.dimensions.map((dimension, k) => {
      const text = this.inText(dimension, values[k], estimate[k]);
      const node = makeGauge(dimension, values[k], text);
      return { node, text: `${dimension.label}: ${text}` };
    });
    return {
      nodes: [
        element("div", { className: "gauges" }, ...rows.map(({ node }) => node)),
      ],
      texts: rows.map(({ text }) => text),
    };
  }

  /** What was inferred of a dimension. */
  inText(dimension, number) {
    const { word, numbers } = inWords(dimension, number);
    return `${word} ${numbers}`.trim();
  }
}

function makeGauge({ label, min, max, mirror }, number, text) {
  const marker = element("i");
  marker.style.left = `${(100 * (mirror(number) - min)) / (max - min)}%`;
  return element(
    "div",
    {},
    element(
      "div",
      { className: "line" },
      element("strong", { textContent: label }),
      element("span", { className: "quiet", textContent: text }),
    ),
    element("div", { className: "gauge", "aria-hidden": true }, marker),
  );
}
