// Draw something: what the encoder reads in it, and all categories in that hand.

import { byId, clamp, element } from "app";
import { inWords } from "codes";
import { Pad, rasterize } from "drawing";
import { PENS } from "link";
import { enlarge, show, toPictures } from "pictures";

const SEEN = "What the encoder sees";
const PREPARED = "centered and scaled as in MNIST";
// How many noises are tried, and how many at a time.
const NOISES = 128;
const PER_BATCH = 32;

export function mountHand(app) {
  const hand = new Hand(app);
  const clear = byId("clear");
  clear.onclick = () => {
    hand.pad.strokes = [];
    hand.draw();
    app.say("Cleared the pad.");
  };
  byId("read-picture").onclick = () => hand.readPicture(app.state.at);
  const pen = Object.assign(byId("pen"), PENS);
  pen.oninput = () => {
    app.state.pen = Number(pen.value);
    if (app.state.read) app.changed("link");
    else hand.draw();
  };
  app.on(["ink"], () => {
    pen.value = app.state.pen;
    hand.pad.strokes = structuredClone(app.state.ink);
    if (app.state.read) hand.readPicture(app.state.read);
    else hand.draw();
  });
}

class Hand {
  #app;
  #image = null; // what is read, a batch of one
  #point = null; // where the encoder puts it
  #closest = null;
  #isDone = true;
  #refreshReading;
  #refreshRedrawn;
  #refreshClosest;
  #tiles;
  #seen;

  constructor(app) {
    this.#app = app;
    this.pad = new Pad(byId("pad"), (_, isDone) => this.draw(isDone));
    this.#tiles = this.#makeTiles();
    this.#seen = app.newCanvas();
    const title = app.firstCategorical
      ? `Each ${app.firstCategorical.title} in that hand`
      : "Generated again";
    byId("redrawn-title").textContent = title;
    const add = (id, view) => app.schedule.add({ element: byId(id), ...view });
    this.#refreshReading = add("pad", { paint: () => this.#read() });
    this.#refreshRedrawn = add("redrawn", { paint: () => this.#redraw() });
    this.#refreshClosest = add("closest", {
      pieces: () => NOISES / PER_BATCH,
      paint: (piece) => this.#tryNoises(piece),
    });
  }

  /** Reads the strokes of the pad; at their end, looks for the noise too. */
  draw(isDone = true) {
    const { state } = this.#app;
    const { strokes } = this.pad;
    state.ink = structuredClone(strokes);
    state.read = null;
    this.pad.paint(state.pen);
    byId("pad-hint").hidden = strokes.length > 0;
    this.#start(isDone);
  }

  /** Reads the picture of a point, as if somebody had drawn it. */
  readPicture(point) {
    const { state } = this.#app;
    this.pad.strokes = [];
    state.ink = [];
    state.read = structuredClone(point);
    byId("pad-hint").hidden = true;
    this.#start(true);
  }

  #start(isDone) {
    this.#isDone = isDone;
    this.#app.changed("link");
    this.#refreshReading();
  }

  #makeTiles() {
    const app = this.#app;
    const code = app.firstCategorical;
    const tiles = (code?.order ?? [null]).map((category) => {
      const canvas = app.newCanvas();
      const label = category === null ? "" : code.labels[category];
      const shown = !code || code.isNamed ? label : category;
      const button = element(
        "button",
        {
          type: "button",
          className: "tile",
          "aria-label": `${label} in that hand: show it large`,
          onclick: () => app.goTo(this.#pointOf(category)),
        },
        canvas,
        element("span", { textContent: shown, "aria-hidden": true }),
      );
      return { category, canvas, button };
    });
    byId("redrawn").append(...tiles.map(({ button }) => button));
    return tiles;
  }

  #pointOf(category) {
    const { firstCategorical: code } = this.#app;
    const codes = { ...this.#point.codes };
    if (code) codes[code.name] = category;
    return { seed: this.#point.seed, codes };
  }

  // What is to be read now, a batch of one, or null.
  async #look() {
    const app = this.#app;
    const { pen, ink, read } = app.state;
    if (!read) return ink.length ? rasterize(ink, pen, app.image) : null;
    const { image, pictures } = await app.generate([app.vectors(read)]);
    // Unless somebody has begun to draw.
    if (app.state.read === read) enlarge(byId("pad"), pictures[0]);
    return image;
  }

  async #read() {
    const app = this.#app;
    this.#image = await this.#look();
    this.#closest = null;
    const isEmpty = this.#image === null;
    for (const { button } of this.#tiles) button.disabled = isEmpty;
    byId("closest").textContent = "";
    if (isEmpty) {
      this.#point = null;
      byId("reading").replaceChildren(
        element("p", {
          className: "quiet",
          textContent:
            "Draw, and the encoder says what it reads while you do: which " +
            "codes would make the network draw the same.",
        }),
      );
      byId("reading-text").textContent = "";
    } else {
      const { outputs } = await app.run("encoder", { image: this.#image });
      const codes = readCodes(app.codes, outputs);
      this.#point = { seed: app.state.at.seed, codes };
      const { nodes, text } = describe(app.codes, outputs, codes);
      show(this.#seen, toPictures(this.#image)[0]);
      byId("reading").replaceChildren(...nodes);
      byId("reading").prepend(
        element(
          "div",
          { className: "seen" },
          element("div", { className: "tile" }, this.#seen),
          element("p", {
            className: "quiet",
            textContent: app.state.read ? SEEN : `${SEEN}, ${PREPARED}`,
          }),
        ),
      );
      if (this.#isDone) byId("reading-text").textContent = text;
      if (this.#isDone) this.#refreshClosest();
    }
    this.#refreshRedrawn();
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
    const { firstCategorical: code } = this.#app;
    for (const { category, button } of tiles) {
      const isRead = code && this.#point.codes[code.name] === category;
      button.classList.toggle("chosen", Boolean(isRead));
    }
    await this.#app.paint(
      tiles.map(({ canvas }) => canvas),
      tiles.map(({ category }) => this.#pointOf(category)),
    );
  }

  // The encoder reads codes, and no noise. The rest of a hand is in the noise:
  // of these seeds, the one whose picture is closest, by squared differences.
  async #tryNoises(piece) {
    const [target, point] = [this.#image, this.#point];
    // While somebody draws, these are of an older drawing.
    if (!this.#isDone || target === null || point === null) return;
    const seeds = Array.from(
      { length: PER_BATCH },
      (_, index) => 1 + piece * PER_BATCH + index,
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
    if (piece === NOISES / PER_BATCH - 1) {
      this.#point.seed = this.#closest.seed;
      byId("closest").textContent =
        `With the noise that comes closest, of ${NOISES}: seed ${this.#closest.seed}.`;
      this.#refreshRedrawn();
    }
  }
}

// The most probable category, the mean, and the more probable bit.
function readCodes(codes, outputs) {
  const read = {
    categorical: ({ name }) => {
      const { data } = outputs[`${name}_probabilities`];
      return data.indexOf(Math.max(...data));
    },
    bernoulli: ({ name }) =>
      Array.from(outputs[`${name}_probabilities`].data, Math.round),
    normal: ({ name, dimensions }) =>
      Array.from(outputs[`${name}_mean`].data, (value, k) => {
        const { min, max } = dimensions[k];
        return Math.round(100 * clamp(value, min, max)) / 100 || 0;
      }),
  };
  read.uniform = read.normal;
  return Object.fromEntries(
    codes.map((code) => [code.name, read[code.type](code)]),
  );
}

function percent(share) {
  if (share > 0.99) return "over 99 %";
  if (share < 0.01) return "under 1 %";
  return `${Math.round(100 * share)} %`;
}

function describe(codes, outputs, values) {
  const [nodes, texts] = [[], []];
  for (const code of codes) {
    const show = code.type === "categorical" ? showCategories : showDimensions;
    const probabilities = outputs[`${code.name}_probabilities`]?.data;
    const part = show(code, values[code.name], probabilities);
    nodes.push(...part.nodes);
    texts.push(...part.texts);
  }
  return { nodes, text: `Read as ${texts.join(", ")}.` };
}

function showCategories(code, category, probabilities) {
  // Several categories may draw the same class.
  const shares = new Map();
  for (const k of code.order) {
    const label = code.labels[k];
    shares.set(label, (shares.get(label) ?? 0) + probabilities[k]);
  }
  const label = code.labels[category];
  const sure = `${percent(shares.get(label))} sure`;
  const verdict = element(
    "div",
    { className: label.length > 3 ? "verdict long" : "verdict" },
    element("strong", { textContent: label }),
    element("span", { textContent: sure }),
  );
  const short = (name) => (code.isNamed ? name : name.split(" ").at(-1));
  // Columns for digits, lines for words, which would not fit below a column.
  const isLong = [...shares.keys()].some((name) => short(name).length > 3);
  const bars = [...shares].map(([name, share]) => {
    const bar = element("i");
    bar.style.setProperty("--share", `${100 * share}%`);
    return element(
      "div",
      {
        className: name === label ? "" : "low",
        title: `${name}: ${percent(share)}`,
      },
      bar,
      element("span", { textContent: short(name) }),
    );
  });
  const chart = element(
    "div",
    { className: isLong ? "bars long" : "bars", "aria-hidden": true },
    ...bars,
  );
  return { nodes: [verdict, chart], texts: [`${label}, ${sure}`] };
}

function showDimensions(code, values, probabilities) {
  const rows = code.dimensions.map((dimension, index) => {
    const { label, min, max, sign } = dimension;
    const { word, numbers } = inWords(dimension, values[index]);
    const isBit = code.type === "bernoulli";
    const text = isBit
      ? `${values[index] ? "on" : "off"}, ${percent(Math.max(probabilities[index], 1 - probabilities[index]))} sure`
      : `${word} ${numbers}`.trim();
    const marker = element("i");
    marker.style.left = `${(100 * (sign * values[index] - min)) / (max - min)}%`;
    const node = element(
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
    return { node, text: `${label}: ${text}` };
  });
  const nodes = rows.map(({ node }) => node);
  return {
    nodes: [element("div", { className: "gauges" }, ...nodes)],
    texts: rows.map(({ text }) => text),
  };
}
