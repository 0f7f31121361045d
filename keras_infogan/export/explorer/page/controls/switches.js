// Bits: a switch for each dimension.

import { percent } from "control";
import { element } from "dom";
import { Numbers } from "numbers";

export class Switches extends Numbers {
  inside(number, dimension) {
    return Math.round(super.inside(number, dimension));
  }

  toLabel(position) {
    return String(position);
  }

  inText(dimension, bit, probability) {
    const certainty = percent(Math.max(probability, 1 - probability));
    return `${bit ? "on" : "off"}, ${certainty} sure`;
  }

  mount(app) {
    const switches = this.dimensions.map(({ label }, index) => {
      const input = element("input", {
        type: "checkbox",
        onchange: () => this.change(app, index, Number(input.checked)),
      });
      app.on(["at"], () => {
        input.checked = app.state.at.codes[this.name][index] === 1;
      });
      return element("label", {}, input, label);
    });
    return this.group(element("div", { className: "switches" }, ...switches));
  }
}
