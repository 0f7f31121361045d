// Puts the page together.
//
// For tests, and for the curious with a console, window.explorer has
//   ready       resolves when the first picture is there, to milliseconds
//   settled()   resolves when everything is painted
//   noise(seed, n)
//   generate({noise, category, ...})  rows of numbers; to {data, dims}, NHWC
//   encode(rows)                      images as rows of numbers; to outputs
//   drawing()   what the encoder reads of the strokes, {data, dims}
//   state       what a link holds
//   link()      that link

import { App, byId } from "app";
import { describeCodes } from "codes";
import { mountControls } from "controls";
import { rasterize } from "drawing";
import { startEngine, text } from "engine";
import { mountHand } from "hand";
import { hashToState } from "link";
import { mountMorph } from "morph";
import { noise } from "random";
import { Schedule } from "schedule";
import { mountStage } from "stage";
import { mountWall } from "wall";

export async function start() {
  mountTheme();
  const page = JSON.parse(byId("page-data").textContent);
  mountAbout(page);
  const run = await startEngine();
  const codes = describeCodes(page);
  const schedule = new Schedule((error) => app.say(error.message));
  const state = hashToState(codes, location.hash);
  const app = new App({ page, codes, state, run, schedule });

  byId("explorer").hidden = false;
  mountStage(app);
  mountControls(app);
  mountHand(app);
  mountWall(app);
  mountMorph(app);
  mountLink(app);
  expose(app);
  app.changed("at", "ends", "ink");
  await schedule.settled();
  app.say("Ready.");
  return performance.now();
}

function expose(app) {
  const { run, schedule, state, image, page } = app;
  const tensor = (rows, shape) => ({
    data: Float32Array.from(rows.flat()),
    dims: [rows.length, ...(shape ?? [rows[0].length])],
  });
  Object.assign(window.explorer, {
    settled: () => schedule.settled(),
    link: () => app.link(),
    noise,
    state,
    page,
    drawing: () => rasterize(state.ink, state.pen, image),
    async generate(inputs) {
      const entries = Object.entries(inputs);
      const tensors = entries.map(([name, rows]) => [name, tensor(rows)]);
      const answer = await run("generator", Object.fromEntries(tensors));
      return answer.outputs.image;
    },
    async encode(rows) {
      const shape = [image.height, image.width, image.channels];
      const answer = await run("encoder", { image: tensor(rows, shape) });
      return answer.outputs;
    },
  });
}

function mountLink(app) {
  let timer = 0;
  let link = location.href;
  app.on(["at", "ends", "ink", "link"], () => {
    clearTimeout(timer);
    // Browsers refuse more than a few of these in a second.
    timer = setTimeout(() => {
      link = app.link();
      history.replaceState(null, "", link);
    }, 250);
  });
  // Somebody has put another link into the address bar. By now the timer may
  // have written over it, so what counts is the event's.
  addEventListener("hashchange", ({ newURL }) => {
    if (newURL === link) return;
    Object.assign(app.state, hashToState(app.codes, new URL(newURL).hash));
    app.changed("at", "ends", "ink");
  });
}

// What was chosen before is set by the page, so that it does not flash.
function mountTheme() {
  const { dataset } = document.documentElement;
  const button = byId("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () =>
    dataset.theme === "dark" || (dataset.theme !== "light" && dark.matches);
  const refresh = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `${button.textContent} colors`);
  };
  button.onclick = () => {
    dataset.theme = isDark() ? "light" : "dark";
    refresh();
    try {
      localStorage.setItem("theme", dataset.theme);
    } catch {
      // It holds until the page is closed.
    }
  };
  dark.addEventListener("change", refresh);
  refresh();
}

function mountAbout({ version, license, image }) {
  const { width, height, channels } = image;
  byId("about").textContent =
    `keras_infogan ${version} · ${width} × ${height} pixels, ` +
    `${channels === 3 ? "in color" : "gray"}` +
    `${license ? ` · network ${license}` : ""} · runs here, sends nothing`;
  const dialog = byId("license-dialog");
  byId("licenses").onclick = async () => {
    dialog.showModal();
    byId("license-text").textContent ||= await text("licenses.txt");
  };
}
