// Interpolates between two points, as a strip and as an animation.

import { interpolate } from "codes";
import { byId, element } from "dom";
import { enlarge, setLargeSize, show } from "images";

const FRAMES = 9;
const PERIOD = 5000; // milliseconds from A to B and back

export function mountInterpolation(app) {
  const frame = byId("interpolation");
  setLargeSize(frame, app.imageShape);
  const slider = byId("position");
  const between = (positions) => {
    const { page, codes, state } = app;
    const ends = [state.from, state.to];
    return app.generate(
      positions.map((position) => interpolate(page, codes, ends, position)),
    );
  };

  const refreshFrame = app.queue.add({
    element: frame,
    async paint() {
      const { images } = await between([app.state.position]);
      enlarge(frame, images[0]);
    },
  });
  const strip = Array.from({ length: FRAMES }, () => app.newCanvas());
  byId("strip").append(...strip);
  const refreshStrip = app.queue.add({
    element: byId("strip"),
    async paint() {
      const { images } = await between(
        strip.map((_, index) => index / (FRAMES - 1)),
      );
      images.forEach((image, index) => show(strip[index], image));
    },
  });
  for (const [end, letter] of [
    ["from", "A"],
    ["to", "B"],
  ]) {
    mountEnd(app, end, letter);
  }
  const moveTo = (position) => {
    app.state.position = Math.round(1000 * position) / 1000;
    slider.value = app.state.position;
    const percent = Math.round(100 * app.state.position);
    slider.setAttribute("aria-valuetext", `${percent} %`);
    refreshFrame();
  };
  slider.oninput = () => {
    moveTo(Number(slider.value));
    app.changed("permalink");
  };
  app.on(["ends"], () => {
    moveTo(app.state.position);
    refreshStrip();
  });
  mountPlayer(app, slider, moveTo);
}

function mountEnd(app, end, letter) {
  const canvas = app.newCanvas();
  const button = byId(end);
  button.append(canvas, element("span", { textContent: letter }));
  button.onclick = () => app.goTo(app.state[end]);
  byId(`set-${end}`).onclick = () => {
    app.state[end] = structuredClone(app.state.at);
    app.changed("ends");
    app.announce(
      `${letter} is ${app.caption(app.state.at)}.`,
      "interpolation",
    );
  };
  const refresh = app.queue.add({
    element: button,
    paint: () => app.paint([canvas], [app.state[end]]),
  });
  app.on(["ends"], () => {
    const name = app.caption(app.state[end]);
    button.setAttribute("aria-label", `Show ${letter}, ${name}`);
    refresh();
  });
}

function mountPlayer(app, slider, moveTo) {
  const button = byId("play");
  let playing = 0;
  const stop = () => {
    if (!playing) return;
    cancelAnimationFrame(playing);
    playing = 0;
    button.textContent = "Play";
    app.changed("permalink");
  };
  button.onclick = () => {
    if (playing) return stop();
    button.textContent = "Pause";
    // Continue from the position of the slider.
    const done = Math.acos(1 - 2 * app.state.position) / (2 * Math.PI);
    const start = performance.now() - done * PERIOD;
    const step = (now) => {
      const turn = (2 * Math.PI * (now - start)) / PERIOD;
      moveTo((1 - Math.cos(turn)) / 2);
      playing = requestAnimationFrame(step);
    };
    playing = requestAnimationFrame(step);
  };
  slider.addEventListener("pointerdown", stop);
  slider.addEventListener("keydown", stop);
}
