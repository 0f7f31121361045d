// The large image, its buttons, and dragging.

import { drawCodes } from "codes";
import { round } from "dimension";
import { byId } from "dom";
import { enlarge, savePng, setLargeSize } from "images";
import { MAX_SEED, toSeed } from "permalink";

export function mountPreview(app) {
  const canvas = byId("image");
  setLargeSize(canvas, app.imageShape);
  const aspect = canvas.width / canvas.height;
  canvas.parentElement.style.setProperty("--aspect", aspect);
  const refresh = app.queue.add({
    element: canvas,
    async paint() {
      const rows = [app.vectors(app.state.at)];
      const { images } = await app.generate(rows);
      enlarge(canvas, images[0]);
    },
  });
  app.on(["at"], () => {
    byId("caption").textContent = app.caption(app.state.at);
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
    app.announce(`New noise, seed ${app.state.at.seed}.`, "preview");
  };
  byId("new-noise").onclick = drawSeed;
  byId("surprise").onclick = () => {
    app.goTo({ seed: anySeed(), codes: drawCodes(app.codes) });
    app.announce(`Surprise: ${app.caption(app.state.at)}.`, "preview");
  };
  byId("seed").max = MAX_SEED;
  byId("seed").onchange = ({ target }) => {
    const { at } = app.state;
    const typed = toSeed(target.value, null);
    if (typed === null) {
      app.announce(`A seed is an integer from 0 to ${MAX_SEED}.`, "preview");
    }
    app.goTo({ ...at, seed: typed ?? at.seed });
  };
  byId("save").onclick = () => {
    const name = app.caption(app.state.at).replace(/[^\w]+/g, "-");
    savePng([[canvas]], `${name}.png`);
    app.announce("Saved the image.", "preview");
  };
  byId("copy-link").onclick = () =>
    app.copy(app.permalink(), "preview", {
      done: "Copied a link to this page as it is now.",
      otherwise: "Copy the link from the address bar.",
    });
}

// Dragging sideways moves the first slider, up and down the second.
function mountDragging(app, canvas) {
  const axes = app.codes.flatMap((code) => code.axes).slice(0, 2);
  if (!axes.length) return;
  // A finger that moves up or down scrolls the page instead.
  const isFinger = matchMedia("(pointer: coarse)").matches;
  byId("drag-hint").textContent =
    `You can also drag the image: sideways for ${axes[0].label}` +
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
    axes.forEach(({ code, index, ...dimension }, axis) => {
      const { min, max, mirror } = dimension;
      const values = codes[code.name];
      const fraction = moved[axis] / canvas.clientWidth;
      const position = mirror(values[index]) + fraction * (max - min);
      values[index] = round(code.inside(mirror(position), dimension));
    });
    app.goTo({ ...app.state.at, codes });
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    start = null;
  };
}
