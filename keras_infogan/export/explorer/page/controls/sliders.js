// Numbers in a range: a slider for each dimension.

import { element } from "dom";
import { inWords, signed } from "dimension";
import { Numbers } from "numbers";

export class Sliders extends Numbers {
  get axes() {
    return this.dimensions.map((dimension, index) => ({
      ...dimension,
      code: this,
      index,
    }));
  }

  mount(app) {
    const rows = this.dimensions.map((_, index) => this.#makeSlider(app, index));
    const [first, ...others] = this.dimensions;
    // A single slider with the same label needs no visible title.
    const isTitled = others.length > 0 || first.label !== this.title;
    return this.group(element("div", { className: "sliders" }, ...rows), {
      isTitled,
    });
  }

  #makeSlider(app, index) {
    const dimension = this.dimensions[index];
    const { label, min, max, mirror, ends } = dimension;
    const id = `${this.name}-${index}`;
    const input = element("input", {
      type: "range",
      id,
      min,
      max,
      step: 0.01,
      oninput: () => this.change(app, index, mirror(Number(input.value))),
      ondblclick: () => this.change(app, index, this.inside(0, dimension)),
    });
    const word = element("b");
    const numbers = element("span");
    app.on(["at"], () => {
      const value = app.state.at.codes[this.name][index];
      const text = inWords(dimension, value);
      input.value = mirror(value);
      word.textContent = text.word;
      numbers.textContent = ` ${text.numbers}`;
      input.setAttribute(
        "aria-valuetext",
        `${text.word} ${text.numbers}`.trim(),
      );
    });
    return element(
      "div",
      { className: "slider" },
      element(
        "div",
        { className: "line" },
        element("label", { htmlFor: id, textContent: label }),
        // Screen readers get this from the slider, and only while it moves.
        element("output", { htmlFor: id, "aria-live": "off" }, word, numbers),
      ),
      input,
      element(
        "div",
        { className: "ends", "aria-hidden": true },
        ...(ends ?? [signed(min), signed(max)]).map((end) =>
          element("span", { textContent: end }),
        ),
      ),
    );
  }
}
