// What all parts of the page share: the codes, the state, the networks, and who
// wants to know when something has changed.

import { toBatch, toVectors } from "codes";
import { stateToHash } from "link";
import { newCanvas, show, toPictures } from "pictures";

export class App {
  #listeners = [];
  #fading = 0;

  constructor({ page, codes, state, run, schedule }) {
    Object.assign(this, { page, codes, state, run, schedule });
    this.image = page.image;
    this.firstCategorical = codes.find(({ type }) => type === "categorical");
  }

  /** Calls back after a change of one of these parts of the state. */
  on(parts, callback) {
    this.#listeners.push({ parts, callback });
  }

  /** Says that these parts of the state have changed. */
  changed(...parts) {
    for (const { parts: wanted, callback } of this.#listeners) {
      if (parts.some((part) => wanted.includes(part))) callback();
    }
  }

  /** Shows another point as the large picture. */
  goTo(point) {
    this.state.at = structuredClone(point);
    this.changed("at");
  }

  /** The large picture's point with other values of some codes. */
  variant(codes, { seed, codes: current } = this.state.at) {
    return { seed, codes: { ...current, ...codes } };
  }

  vectors(point) {
    return toVectors(this.page, this.codes, point);
  }

  /** Generates a batch: a tensor, its pictures, and how long it took. */
  async generate(rows) {
    const { outputs, milliseconds } = await this.run(
      "generator",
      toBatch(rows),
    );
    const { image } = outputs;
    return { image, pictures: toPictures(image), milliseconds };
  }

  /** Paints one canvas for each point, in one batch. */
  async paint(canvases, points) {
    const rows = points.map((point) => this.vectors(point));
    const { pictures } = await this.generate(rows);
    pictures.forEach((picture, index) => show(canvases[index], picture));
  }

  newCanvas() {
    return newCanvas(this.image);
  }

  link() {
    return new URL(`#${stateToHash(this.codes, this.state)}`, location).href;
  }

  /** Tells it to all, also to those who listen, and takes it back. */
  say(text) {
    const status = byId("status");
    status.textContent = text;
    status.className = "";
    clearTimeout(this.#fading);
    this.#fading = setTimeout(() => status.classList.add("over"), 3000);
  }

  /** "7 · seed 12": a point for people. */
  caption(point) {
    const parts = this.codes
      .filter(({ type }) => type === "categorical")
      .map(({ name, labels }) => labels[point.codes[name]]);
    return [...parts, `seed ${point.seed}`].join(" · ");
  }
}

/** An element with attributes or properties, and children. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node && !key.startsWith("aria")) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** `value` within the bounds. */
export const clamp = (value, min, max) => Math.min(max, Math.max(min, value));
