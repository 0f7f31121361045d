// What all panels share: the codes, the state, the networks, and the
// notifications when the state changes.

import { findChosen, toBatch, toVectors } from "codes";
import { byId, copyText } from "dom";
import { newCanvas, show, toImages } from "images";
import { stateToHash } from "permalink";

const MESSAGE_TIME = 4000; // milliseconds

export class App {
  #listeners = [];
  #fading = new Map();

  constructor({ page, codes, state, run, queue }) {
    Object.assign(this, { page, codes, state, run, queue });
    this.imageShape = page.image;
    this.chosen = findChosen(codes);
  }

  /** Calls back after one of these parts of the state has changed. */
  on(parts, callback) {
    this.#listeners.push({ parts, callback });
  }

  /** Announces that these parts of the state have changed. */
  changed(...parts) {
    for (const { parts: wanted, callback } of this.#listeners) {
      if (parts.some((part) => wanted.includes(part))) callback();
    }
  }

  /** Shows another point in the preview. */
  goTo(point) {
    this.state.at = structuredClone(point);
    this.changed("at");
  }

  /** The point of the preview with other values for some codes. */
  variant(codes, { seed, codes: current } = this.state.at) {
    return { seed, codes: { ...current, ...codes } };
  }

  vectors(point) {
    return toVectors(this.page, this.codes, point);
  }

  /** Generates a batch: the tensor, its images, and how long it took. */
  async generate(rows) {
    const { outputs, milliseconds } = await this.run(
      "generator",
      toBatch(rows),
    );
    const { image } = outputs;
    return { image, images: toImages(image), milliseconds };
  }

  /** Paints one canvas per point, all in one batch. */
  async paint(canvases, points) {
    const rows = points.map((point) => this.vectors(point));
    const { images } = await this.generate(rows);
    images.forEach((image, index) => show(canvases[index], image));
  }

  newCanvas() {
    return newCanvas(this.imageShape);
  }

  permalink() {
    return new URL(`#${stateToHash(this.codes, this.state)}`, location).href;
  }

  /**
   * Tells screen readers a message, and shows it for a moment in a panel: in an
   * empty line of its own, so that it covers nothing.
   */
  announce(text, panel = null) {
    const status = byId("status");
    status.textContent = text;
    status.className = "unseen";
    if (!panel) return;
    const note = byId(`${panel}-note`);
    note.textContent = text;
    clearTimeout(this.#fading.get(note));
    const fade = () => (note.textContent = "");
    this.#fading.set(note, setTimeout(fade, MESSAGE_TIME));
  }

  /** Copies a text, and says how it went. */
  async copy(text, panel, { done, otherwise }) {
    const isCopied = await copyText(text);
    this.announce(isCopied ? done : otherwise, panel);
  }

  /** Describes a point: "7 · seed 12". */
  caption(point) {
    const parts = this.codes
      .map((code) => code.caption(point.codes[code.name]))
      .filter((part) => part !== null);
    return [...parts, `seed ${point.seed}`].join(" · ");
  }
}
