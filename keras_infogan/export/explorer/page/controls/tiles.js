// A category: one tile for each, with its image. Values are category numbers.

import { Control, percent } from "control";
import { element } from "dom";

const BATCH_SIZE = 10;

export class Tiles extends Control {
  constructor(name, data, meaning) {
    super(name, data);
    this.prior =
      data.probabilities ?? Array(this.width).fill(1 / this.width);
    const names = Array.from(
      { length: this.width },
      (_, k) => meaning?.categories?.[k]?.name ?? null,
    );
    // "kind 3", and "kind 2: 3" where the title ends with a number.
    const unnamed = /\d$/.test(this.title) ? `${this.title}:` : this.title;
    this.labels = names.map((label, k) => label ?? `${unnamed} ${k}`);
    this.isNamed = !names.includes(null);
    const order = [...this.labels.keys()];
    // Sort by name: the network assigns digits to categories in any order.
    if (this.isNamed) {
      const { compare } = new Intl.Collator("en", { numeric: true });
      order.sort((one, other) => compare(this.labels[one], this.labels[other]));
    }
    // Beside names that may be digits, a number would be taken for one.
    const sign = names.every((label) => label === null) ? "" : "#";
    this.choices = order.map((value) => ({
      value,
      label: this.labels[value],
      short: names[value] ?? `${sign}${value}`,
    }));
  }

  middle() {
    return this.choices[0].value;
  }

  draw() {
    let left = Math.random();
    const found = this.prior.findIndex((share) => (left -= share) < 0);
    // The probabilities may sum to a little less than 1.
    return found < 0 ? this.width - 1 : found;
  }

  infer(probabilities) {
    return probabilities.indexOf(Math.max(...probabilities));
  }

  parse(text) {
    return text !== "" && Number(text) in this.labels ? Number(text) : null;
  }

  toVector(value) {
    const vector = new Float32Array(this.width);
    vector[value] = 1;
    return vector;
  }

  caption(value) {
    return this.labels[value];
  }

  sweep() {
    return this.choices.map(({ value, short }) => ({
      label: short,
      set: () => value,
      isAt: (current) => current === value,
    }));
  }

  mount(app) {
    const tiles = this.choices.map((choice) => this.#makeTile(app, choice));
    const grid = element(
      "div",
      { className: "tiles" },
      ...tiles.map(({ tile }) => tile),
    );
    const refresh = app.queue.add({
      element: grid,
      countParts: () => Math.ceil(tiles.length / BATCH_SIZE),
      async paint(part) {
        const some = tiles.slice(part * BATCH_SIZE, (part + 1) * BATCH_SIZE);
        await app.paint(
          some.map(({ canvas }) => canvas),
          some.map(({ codes }) => app.variant(codes)),
        );
      },
    });
    app.on(["at"], () => {
      for (const { codes, input } of tiles) {
        input.checked = codes[this.name] === app.state.at.codes[this.name];
      }
      refresh();
    });
    return this.group(grid);
  }

  #makeTile(app, { value, label, short }) {
    const codes = { [this.name]: value };
    const input = element("input", {
      type: "radio",
      name: this.name,
      value,
      "aria-label": label,
      onchange: () => app.goTo(app.variant(codes)),
    });
    const canvas = app.newCanvas();
    const text = element("span", { textContent: short, "aria-hidden": true });
    const tile = element("label", { className: "tile" }, input, canvas, text);
    return { codes, input, canvas, tile };
  }

  describe(category, probabilities) {
    // Several categories may stand for the same class.
    const byLabel = new Map();
    for (const { value, label, short } of this.choices) {
      const probability =
        (byLabel.get(label)?.probability ?? 0) + probabilities[value];
      byLabel.set(label, { short, probability });
    }
    const label = this.labels[category];
    const certainty = `${percent(byLabel.get(label).probability)} sure`;
    const verdict = element(
      "div",
      { className: label.length > 3 ? "verdict long" : "verdict" },
      element("strong", { textContent: label }),
      element("span", { textContent: certainty }),
    );
    return {
      nodes: [verdict, makeChart(byLabel, label)],
      texts: [`${label}, ${certainty}`],
    };
  }
}

function makeChart(byLabel, best) {
  const entries = [...byLabel];
  // Columns for digits; rows for words, which do not fit below a column.
  const isLong = entries.some(([, { short }]) => short.length > 3);
  const bars = entries.map(([label, { short, probability }]) => {
    const bar = element("i");
    bar.style.setProperty("--share", `${100 * probability}%`);
    return element(
      "div",
      {
        className: label === best ? "" : "low",
        title: `${label}: ${percent(probability)}`,
      },
      bar,
      element("span", { textContent: short }),
    );
  });
  return element(
    "div",
    { className: isLong ? "bars long" : "bars", "aria-hidden": true },
    ...bars,
  );
}
