// A gallery of every category with ten noise vectors; it follows the sliders.

import { byId, element } from "dom";
import { savePng } from "images";
import { firstSeed } from "permalink";

const COLUMNS = 10;
const TRAVERSAL = 10;

// The rows are the categories or, for a model without any, values of its first
// code.
function makeRows(app) {
  const code = app.firstCategorical ?? app.codes[0];
  const { name, isBinary } = code;
  if (code.isCategorical) {
    const rows = code.order.map((category) => ({
      label: code.isNamed ? code.labels[category] : String(category),
      codes: () => ({ [name]: category }),
    }));
    return { code, rows };
  }
  const [{ min, max, sign }] = code.dimensions;
  const count = isBinary ? 2 : TRAVERSAL;
  const rows = Array.from({ length: count }, (_, row) => {
    const value = min + (row * (max - min)) / (count - 1);
    return {
      label: value.toFixed(isBinary ? 0 : 1),
      codes: () => ({
        [name]: app.state.at.codes[name].with(0, sign * value || 0),
      }),
    };
  });
  return { code, rows };
}

export function mountGallery(app) {
  const { code, rows } = makeRows(app);
  const grid = byId("gallery");
  const seeds = () =>
    Array.from({ length: COLUMNS }, (_, column) => app.state.gallery + column);
  const pointOf = (row, column) => ({
    ...app.variant(rows[row].codes()),
    seed: seeds()[column],
  });
  const heads = Array.from({ length: COLUMNS }, () =>
    element("span", { role: "columnheader" }),
  );
  const cells = rows.map((_, row) =>
    Array.from({ length: COLUMNS }, (_, column) => {
      const canvas = app.newCanvas();
      const button = element(
        "button",
        {
          type: "button",
          className: "tile",
          tabIndex: -1,
          onclick: () => app.goTo(pointOf(row, column)),
        },
        canvas,
      );
      return { canvas, button };
    }),
  );
  grid.style.gridTemplateColumns = `fit-content(min(7rem, 18vw)) repeat(${COLUMNS}, minmax(0, 1fr))`;
  const line = (...children) => element("div", { role: "row" }, ...children);
  grid.append(
    line(
      element("span", { role: "columnheader", textContent: "seed" }),
      ...heads,
    ),
    ...rows.map(({ label }, row) =>
      line(
        element("span", {
          role: "rowheader",
          textContent: label,
          title: label,
        }),
        ...cells[row].map(({ button }) =>
          element("div", { role: "gridcell" }, button),
        ),
      ),
    ),
  );
  mountKeys(grid, cells);
  byId("gallery-text").textContent =
    `One row for each ${code.isCategorical ? code.title : `value of ${code.dimensions[0].label}`}, ` +
    "a column for each noise vector. Click an image to enlarge it.";
  byId("save-gallery").onclick = () => {
    const canvases = cells.map((row) => row.map(({ canvas }) => canvas));
    const scale = Math.max(1, Math.round(84 / app.imageShape.width));
    savePng(canvases, `gallery-seed-${app.state.gallery}.png`, { scale, gap: 4 });
    app.announce("Saved the gallery.");
  };

  const refresh = app.queue.add({
    element: grid,
    countParts: () => rows.length,
    paint: (row) =>
      app.paint(
        cells[row].map(({ canvas }) => canvas),
        cells[row].map((_, column) => pointOf(row, column)),
      ),
  });
  app.on(["at"], () => {
    const { at } = app.state;
    // Keep the columns as long as one of them has the seed of the preview.
    app.state.gallery = firstSeed(app.state.gallery, COLUMNS);
    if (!seeds().includes(at.seed)) {
      app.state.gallery = firstSeed(at.seed, COLUMNS);
    }
    heads.forEach((head, column) => {
      head.textContent = seeds()[column];
    });
    cells.forEach((line, row) =>
      line.forEach(({ button }, column) => {
        const isChosen =
          code.isCategorical &&
          at.seed === seeds()[column] &&
          at.codes[code.name] === code.order[row];
        button.classList.toggle("chosen", isChosen);
        button.setAttribute("aria-pressed", isChosen);
        button.setAttribute(
          "aria-label",
          `${rows[row].label}, seed ${seeds()[column]}`,
        );
      }),
    );
    refresh();
  });
}

// The grid is a single tab stop; arrow keys move within it.
function mountKeys(grid, cells) {
  let [row, column] = [0, 0];
  const steps = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const current = () => cells[row][column].button;
  current().tabIndex = 0;
  const move = (newRow, newColumn) => {
    if (!cells[newRow]?.[newColumn]) return;
    current().tabIndex = -1;
    [row, column] = [newRow, newColumn];
    current().tabIndex = 0;
  };
  grid.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    move(row + step[0], column + step[1]);
    current().focus();
  });
  grid.addEventListener("focusin", ({ target }) => {
    cells.forEach((line, y) =>
      line.forEach(({ button }, x) => button === target && move(y, x)),
    );
  });
}
