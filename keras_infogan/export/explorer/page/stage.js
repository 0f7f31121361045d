// The large picture, and what can be done with it.

import { byId, clamp } from "app";
import { MAX_SEED, toSeed } from "link";
import { enlarge, makeLarge, savePng } from "pictures";

export function mountStage(app) {
  const canvas = byId("picture");
  makeLarge(canvas, app.image);
  let isWarm = false;
  const refresh = app.schedule.add({
    element: canvas,
    async paint() {
      const rows = [app.vectors(app.state.at)];
      const { pictures, milliseconds } = await app.generate(rows);
      enlarge(canvas, pictures[0]);
      // The first time, it is the compiler's.
      if (isWarm) byId("speed").textContent = `${milliseconds.toFixed(1)} ms`;
      isWarm = true;
    },
  });
  app.on(["at"], () => {
    byId("caption").textContent = app.caption(app.state.at);
    byId("python").textContent = inPython(app);
    byId("seed").value = app.state.at.seed;
    refresh();
  });
  mountButtons(app, canvas);
  mountDragging(app, canvas);
}

function mountButtons(app, canvas) {
  const anySeed = () => 1 + Math.floor(Math.random() * 99_999);
  const drawSeed = () => {
    app.goTo({ ...app.state.at, seed: anySeed() });
    app.say(`New noise, seed ${app.state.at.seed}.`);
  };
  byId("new-noise").onclick = drawSeed;
  byId("surprise").onclick = () => {
    app.goTo({ seed: anySeed(), codes: drawCodes(app.codes) });
    app.say(`Surprise: ${app.caption(app.state.at)}.`);
  };
  byId("seed").max = MAX_SEED;
  byId("seed").onchange = ({ target }) => {
    const { at } = app.state;
    const typed = toSeed(target.value, null);
    if (typed === null) {
      app.say(`A seed is a whole number from 0 to ${MAX_SEED}.`);
    }
    app.goTo({ ...at, seed: typed ?? at.seed });
  };
  byId("save").onclick = () => {
    const name = app.caption(app.state.at).replace(/[^\w]+/g, "-");
    savePng([[canvas]], `${name}.png`);
    app.say("Saved the picture.");
  };
  byId("copy-link").onclick = async () => {
    try {
      await navigator.clipboard.writeText(app.link());
      app.say("Copied a link to all that you see.");
    } catch {
      // Not every server is one that browsers trust with the clipboard.
      app.say("The address bar has the link to all that you see: copy it.");
    }
  };
}

function drawCodes(codes) {
  const draw = {
    uniform: () => 2 * Math.random() - 1,
    // Near enough to a normal one: the sum of three such, of variance 1.
    normal: () => draw.uniform() + draw.uniform() + draw.uniform(),
    bernoulli: () => Number(Math.random() < 0.5),
  };
  const round = (x) => Math.round(100 * x) / 100;
  return Object.fromEntries(
    codes.map(({ name, type, dim }) => [
      name,
      type === "categorical"
        ? Math.floor(Math.random() * dim)
        : Array.from({ length: dim }, () => round(draw[type]())),
    ]),
  );
}

// Sideways the first of the sliders, upwards the second.
function mountDragging(app, canvas) {
  const axes = app.codes
    .filter(({ type }) => type === "uniform" || type === "normal")
    .flatMap(({ name, dimensions }) =>
      dimensions.map((dimension, index) => ({ name, index, ...dimension })),
    )
    .slice(0, 2);
  if (!axes.length) return;
  // A finger that moves up or down scrolls the page.
  const isFinger = matchMedia("(pointer: coarse)").matches;
  byId("drag-hint").textContent =
    `Or drag the picture: sideways for ${axes[0].label}` +
    (axes[1] && !isFinger ? `, up and down for ${axes[1].label}.` : ".");
  let start = null;
  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    start = { x: event.clientX, y: event.clientY, codes: app.state.at.codes };
  };
  canvas.onpointermove = ({ clientX, clientY }) => {
    if (!start) return;
    const moved = [clientX - start.x, start.y - clientY];
    const codes = structuredClone(start.codes);
    axes.forEach(({ name, index, sign, min, max }, axis) => {
      const share = moved[axis] / canvas.clientWidth;
      const value = codes[name][index] + sign * share * (max - min);
      codes[name][index] = Math.round(100 * clamp(value, min, max)) / 100;
    });
    app.goTo({ ...app.state.at, codes });
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    start = null;
  };
}

function inPython({ codes, state: { at } }) {
  const values = codes.map(
    ({ name, type }) =>
      `"${name}": ${type === "categorical" ? at.codes[name] : `[${at.codes[name].join(", ")}]`}`,
  );
  return (
    "model.generate(\n" +
    `    1, codes={${values.join(", ")}}, seed=${at.seed}\n)`
  );
}
