// Encodes the drawing, and generates every category in the same style.

import { bestCodes } from "codes";
import { byId, element } from "dom";
import { enlarge, show, toImages } from "images";
import { rasterize } from "strokes";

const INPUT = "Input of the encoder";
const PREPARED = "centered and scaled as in MNIST";
// How many seeds the search for the noise tries, and how many per batch.
const NUM_SEEDS = 128;
const BATCH_SIZE = 32;

export class Recognition {
  #app;
  #pad;
  #image = null; // the input of the encoder, a batch of one
  #point = null; // its codes, with the seed of the generated images
  #closest = null;
  #isDone = true;
  #refreshPosterior;
  #refreshRedrawn;
  #refreshClosest;
  #tiles;
  #input;

  constructor(app, pad) {
    this.#app = app;
    this.#pad = pad;
    this.#tiles = this.#makeTiles();
    this.#input = app.newCanvas();
    byId("redrawn-title").textContent = app.chosen
      ? `Each ${app.chosen.title} in this style`
      : "Generated from these codes";
    const add = (id, view) => app.queue.add({ element: byId(id), ...view });
    this.#refreshPosterior = add("pad", { paint: () => this.#encode() });
    this.#refreshRedrawn = add("redrawn", { paint: () => this.#redraw() });
    this.#refreshClosest = add("closest", {
      countParts: () => NUM_SEEDS / BATCH_SIZE,
      paint: (part) => this.#trySeeds(part),
    });
  }

  /** Encodes what the state holds; once a stroke is done, also finds the noise. */
  start(isDone) {
    this.#isDone = isDone;
    this.#app.changed("permalink");
    this.#refreshPosterior();
  }

  #makeTiles() {
    const app = this.#app;
    const single = { codes: {}, label: "it", short: "" };
    const choices = app.chosen?.choices.map(({ value, ...names }) => ({
      codes: { [app.chosen.name]: value },
      ...names,
    }));
    const tiles = (choices ?? [single]).map(({ codes, label, short }) => {
      const canvas = app.newCanvas();
      const button = element(
        "button",
        {
          type: "button",
          className: "tile",
          "aria-label": `Show ${label} in this style`,
          onclick: () => app.goTo(this.#pointOf(codes)),
        },
        canvas,
        element("span", { textContent: short, "aria-hidden": true }),
      );
      return { codes, canvas, button };
    });
    byId("redrawn").append(...tiles.map(({ button }) => button));
    return tiles;
  }

  #pointOf(codes) {
    const { seed, codes: inferred } = this.#point;
    return { seed, codes: { ...inferred, ...codes } };
  }

  // The image to encode, a batch of one, or null.
  async #currentImage() {
    const app = this.#app;
    const { pen, ink, read } = app.state;
    if (!read) return ink.length ? rasterize(ink, pen, app.imageShape) : null;
    const { image, images } = await app.generate([app.vectors(read)]);
    // Unless someone has begun to draw.
    if (app.state.read === read) enlarge(this.#pad, images[0]);
    return image;
  }

  async #encode() {
    const app = this.#app;
    this.#image = await this.#currentImage();
    this.#closest = null;
    const isEmpty = this.#image === null;
    for (const { button } of this.#tiles) button.disabled = isEmpty;
    byId("closest").textContent = "";
    if (isEmpty) {
      this.#point = null;
      byId("posterior").replaceChildren(
        element("p", {
          className: "quiet",
          textContent:
            "While you draw, the encoder estimates the codes with which the " +
            "generator would produce your drawing.",
        }),
      );
      byId("posterior-text").textContent = "";
    } else {
      const { outputs } = await app.run("encoder", { image: this.#image });
      const codes = bestCodes(app.codes, outputs);
      this.#point = { seed: app.state.at.seed, codes };
      this.#showPosterior(outputs, codes);
      if (this.#isDone) this.#refreshClosest();
    }
    this.#refreshRedrawn();
  }

  #showPosterior(outputs, codes) {
    const { state, codes: descriptions } = this.#app;
    const parts = descriptions.map((code) =>
      code.describe(codes[code.name], outputs[code.estimate].data),
    );
    show(this.#input, toImages(this.#image)[0]);
    const textContent = state.read ? INPUT : `${INPUT}, ${PREPARED}`;
    const input = element(
      "div",
      { className: "seen" },
      element("div", { className: "tile" }, this.#input),
      element("p", { className: "quiet", textContent }),
    );
    byId("posterior").replaceChildren(
      input,
      ...parts.flatMap(({ nodes }) => nodes),
    );
    const texts = parts.flatMap((part) => part.texts);
    if (this.#isDone) {
      byId("posterior-text").textContent = `Encoded as ${texts.join(", ")}.`;
    }
  }

  async #redraw() {
    const tiles = this.#tiles;
    if (this.#point === null) {
      for (const { canvas, button } of tiles) {
        canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
        button.classList.remove("chosen");
      }
      return;
    }
    const { chosen } = this.#app;
    for (const { codes, button } of tiles) {
      const isBest =
        chosen && this.#point.codes[chosen.name] === codes[chosen.name];
      button.classList.toggle("chosen", Boolean(isBest));
    }
    await this.#app.paint(
      tiles.map(({ canvas }) => canvas),
      tiles.map(({ codes }) => this.#pointOf(codes)),
    );
  }

  // The encoder estimates the codes, not the noise, which holds the rest of the
  // style. Of these seeds, pick the one with the least squared difference.
  async #trySeeds(part) {
    const [target, point] = [this.#image, this.#point];
    // While someone draws, both belong to an older drawing.
    if (!this.#isDone || target === null || point === null) return;
    const seeds = Array.from(
      { length: BATCH_SIZE },
      (_, index) => 1 + part * BATCH_SIZE + index,
    );
    const { image } = await this.#app.generate(
      seeds.map((seed) => this.#app.vectors({ ...point, seed })),
    );
    if (target !== this.#image) return;
    const size = target.data.length;
    seeds.forEach((seed, row) => {
      const distance = target.data.reduce(
        (sum, value, i) => sum + (value - image.data[row * size + i]) ** 2,
        0,
      );
      if (!this.#closest || distance < this.#closest.distance) {
        this.#closest = { seed, distance };
      }
    });
    if (part === NUM_SEEDS / BATCH_SIZE - 1) {
      this.#point.seed = this.#closest.seed;
      byId("closest").textContent =
        `With the closest of ${NUM_SEEDS} noise vectors: seed ${this.#closest.seed}.`;
      this.#refreshRedrawn();
    }
  }
}
