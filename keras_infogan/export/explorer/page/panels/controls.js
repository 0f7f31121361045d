// One control for each code: tiles of the categories, sliders, and switches.

import { inWords, signed } from "codes";
import { byId, element } from "dom";

const BATCH_SIZE = 10;

export function mountControls(app) {
  const mount = ({ isCategorical, isBinary }) => {
    if (isCategorical) return mountCategories;
    return isBinary ? mountSwitches : mountSliders;
  };
  byId("controls").append(...app.codes.map((code) => mount(code)(app, code)));
}

function fieldset({ title, dimensions }, ...children) {
  // A single slider with the same label needs no visible legend.
  const isTwice = dimensions?.length === 1 && dimensions[0].label === title;
  const legend = element("legend", {
    textContent: title,
    className: isTwice ? "unseen" : "",
  });
  return element("fieldset", {}, legend, ...children);
}

function mountCategories(app, code) {
  const tiles = code.order.map((category) => {
    const input = element("input", {
      type: "radio",
      name: code.name,
      value: category,
      "aria-label": code.labels[category],
      onchange: () => app.goTo(app.variant({ [code.name]: category })),
    });
    const canvas = app.newCanvas();
    const label = element("span", {
      textContent: code.isNamed ? code.labels[category] : category,
      "aria-hidden": true,
    });
    const tile = element("label", { className: "tile" }, input, canvas, label);
    return { category, input, canvas, tile };
  });
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
        some.map(({ category }) => app.variant({ [code.name]: category })),
      );
    },
  });
  app.on(["at"], () => {
    for (const { category, input } of tiles) {
      input.checked = category === app.state.at.codes[code.name];
    }
    refresh();
  });
  return fieldset(code, grid);
}

function changeDimension(app, { name }, index, value) {
  const values = app.state.at.codes[name].with(index, value);
  app.goTo(app.variant({ [name]: values }));
}

function mountSliders(app, code) {
  const rows = code.dimensions.map((dimension, index) => {
    const { label, min, max, mirror, ends, inside } = dimension;
    const id = `${code.name}-${index}`;
    const input = element("input", {
      type: "range",
      id,
      min,
      max,
      step: 0.01,
      oninput: () =>
        changeDimension(app, code, index, mirror(Number(input.value))),
      ondblclick: () => changeDimension(app, code, index, inside(0)),
    });
    const word = element("b");
    const numbers = element("span");
    app.on(["at"], () => {
      const value = app.state.at.codes[code.name][index];
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
  });
  return fieldset(code, element("div", { className: "sliders" }, ...rows));
}

function mountSwitches(app, code) {
  const switches = code.dimensions.map(({ label }, index) => {
    const input = element("input", {
      type: "checkbox",
      onchange: () => changeDimension(app, code, index, Number(input.checked)),
    });
    app.on(["at"], () => {
      input.checked = app.state.at.codes[code.name][index] === 1;
    });
    return element("label", {}, input, label);
  });
  return fieldset(code, element("div", { className: "switches" }, ...switches));
}
