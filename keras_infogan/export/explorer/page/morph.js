// From one point to another, still and moving.

import { byId, element } from "app";
import { interpolate } from "codes";
import { enlarge, makeLarge, show } from "pictures";

const FRAMES = 9;
const PERIOD = 5000; // milliseconds from A to B and back

export function mountMorph(app) {
  const frame = byId("morph");
  makeLarge(frame, app.image);
  const share = byId("share");
  const between = (shares) => {
    const [from, to] = [app.state.from, app.state.to].map((point) =>
      app.vectors(point),
    );
    return app.generate(shares.map((part) => interpolate(from, to, part)));
  };

  const refreshFrame = app.schedule.add({
    element: frame,
    async paint() {
      const { pictures } = await between([app.state.share]);
      enlarge(frame, pictures[0]);
    },
  });
  const strip = Array.from({ length: FRAMES }, () => app.newCanvas());
  byId("strip").append(...strip);
  const refreshStrip = app.schedule.add({
    element: byId("strip"),
    async paint() {
      const { pictures } = await between(
        strip.map((_, index) => index / (FRAMES - 1)),
      );
      pictures.forEach((picture, index) => show(strip[index], picture));
    },
  });
  for (const [end, letter] of [
    ["from", "A"],
    ["to", "B"],
  ]) {
    mountEnd(app, end, letter);
  }
  const moveTo = (place) => {
    app.state.share = Math.round(1000 * place) / 1000;
    share.value = app.state.share;
    const percent = Math.round(100 * app.state.share);
    share.setAttribute("aria-valuetext", `${percent} %`);
    refreshFrame();
  };
  share.oninput = () => {
    moveTo(Number(share.value));
    app.changed("link");
  };
  app.on(["ends"], () => {
    moveTo(app.state.share);
    refreshStrip();
  });
  mountPlayer(app, share, moveTo);
}

function mountEnd(app, end, letter) {
  const canvas = app.newCanvas();
  const button = byId(end);
  button.append(canvas, element("span", { textContent: letter }));
  button.onclick = () => app.goTo(app.state[end]);
  byId(`set-${end}`).onclick = () => {
    app.state[end] = structuredClone(app.state.at);
    app.changed("ends");
    app.say(`${letter} is ${app.caption(app.state.at)}.`);
  };
  const refresh = app.schedule.add({
    element: button,
    paint: () => app.paint([canvas], [app.state[end]]),
  });
  app.on(["ends"], () => {
    const name = app.caption(app.state[end]);
    button.setAttribute("aria-label", `${letter}, ${name}: show it large`);
    refresh();
  });
}

function mountPlayer(app, share, moveTo) {
  const button = byId("play");
  let playing = 0;
  const stop = () => {
    if (!playing) return;
    cancelAnimationFrame(playing);
    playing = 0;
    button.textContent = "Play";
    app.changed("link");
  };
  button.onclick = () => {
    if (playing) return stop();
    button.textContent = "Pause";
    // On from where the slider is.
    const done = Math.acos(1 - 2 * app.state.share) / (2 * Math.PI);
    const start = performance.now() - done * PERIOD;
    const step = (now) => {
      const turn = (2 * Math.PI * (now - start)) / PERIOD;
      moveTo((1 - Math.cos(turn)) / 2);
      playing = requestAnimationFrame(step);
    };
    playing = requestAnimationFrame(step);
  };
  share.addEventListener("pointerdown", stop);
  share.addEventListener("keydown", stop);
}
