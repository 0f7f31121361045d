// Starts the networks and mounts the panels.
//
// Tests, and anyone with a console, find on window.explorer:
//   ready        resolves to milliseconds once the first image is shown
//   settled()    resolves once everything is painted
//   noise(seed, n)
//   generate({noise, category, ...})  takes rows of numbers; {data, dims}, NHWC
//   encode(rows)                      takes images as rows of numbers; outputs
//   drawing()    what the encoder gets for the strokes, {data, dims}
//   state        what a permalink holds
//   permalink()

import { App } from "app";
import { describeCodes } from "codes";
import { byId } from "dom";
import { mountGallery } from "gallery";
import { startInference, text } from "inference";
import { mountInterpolation } from "interpolation";
import { hashToState } from "permalink";
import { mountPreview } from "preview";
import { mountPython } from "python";
import { noise } from "random";
import { RenderQueue } from "render-queue";
import { mountSketchpad } from "sketchpad";
import { rasterize } from "strokes";

export async function start() {
  mountTheme();
  const page = JSON.parse(byId("page-data").textContent);
  mountAbout(page);
  const run = await startInference();
  const codes = describeCodes(page);
  const queue = new RenderQueue(({ message }) =>
    app.announce(message, "preview"),
  );
  const state = hashToState(page, codes, location.hash);
  const app = new App({ page, codes, state, run, queue });

  byId("explorer").hidden = false;
  mountPreview(app);
  mountPython(app);
  byId("controls").append(...codes.map((code) => code.mount(app)));
  mountSketchpad(app);
  mountGallery(app);
  mountInterpolation(app);
  mountPermalink(app);
  expose(app);
  app.changed("at", "ends", "ink");
  await queue.settled();
  app.announce("Ready.");
  return performance.now();
}

function expose(app) {
  const { run, queue, state, imageShape, page } = app;
  const tensor = (rows, shape) => ({
    data: Float32Array.from(rows.flat()),
    dims: [rows.length, ...(shape ?? [rows[0].length])],
  });
  Object.assign(window.explorer, {
    settled: () => queue.settled(),
    permalink: () => app.permalink(),
    noise,
    state,
    page,
    drawing: () => rasterize(state.ink, state.pen, imageShape),
    async generate(inputs) {
      const entries = Object.entries(inputs);
      const tensors = entries.map(([name, rows]) => [name, tensor(rows)]);
      const answer = await run("generator", Object.fromEntries(tensors));
      return answer.outputs.image;
    },
    async encode(rows) {
      const { height, width, channels } = imageShape;
      const image = tensor(rows, [height, width, channels]);
      const answer = await run("encoder", { image });
      return answer.outputs;
    },
  });
}

function mountPermalink(app) {
  let timer = 0;
  let permalink = location.href;
  app.on(["at", "ends", "ink", "permalink"], () => {
    clearTimeout(timer);
    // Browsers allow only a few of these a second.
    timer = setTimeout(() => {
      permalink = app.permalink();
      history.replaceState(null, "", permalink);
    }, 250);
  });
  // Someone has put another link into the address bar. The timer may have
  // overwritten it by now, so use the URL of the event.
  addEventListener("hashchange", ({ newURL }) => {
    if (newURL === permalink) return;
    const { hash } = new URL(newURL);
    Object.assign(app.state, hashToState(app.page, app.codes, hash));
    app.changed("at", "ends", "ink");
  });
}

// page.html applies the stored choice before the first paint, so nothing
// flashes.
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
      // Without storage, the choice lasts until the page is closed.
    }
  };
  dark.addEventListener("change", refresh);
  refresh();
}

function mountAbout({ version, license, image, weights }) {
  const { width, height, channels } = image;
  byId("about").textContent =
    `keras_infogan ${version} · ${width} × ${height} pixels, ` +
    `${channels === 3 ? "color" : "gray"}` +
    `${weights?.startsWith("int") ? ` · weights of ${weights.slice(3)} bits` : ""}` +
    `${license ? ` · network ${license}` : ""} · runs locally, sends nothing`;
  const dialog = byId("license-dialog");
  byId("licenses").onclick = async () => {
    dialog.showModal();
    byId("license-text").textContent ||= await text("licenses.txt");
  };
}
