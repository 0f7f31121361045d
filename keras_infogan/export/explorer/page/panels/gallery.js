// A gallery of every category with ten noise vectors; it follows the sliders.

import { byId, element } from "dom";
import { savePng } from "images";
import { firstSeed } from "permalink";

const COLUMNS = 10;

export function mountGallery(app) {
  // Values of the first code in the rows, for a model without categories.
  const code = app.chosen ?? app.codes[0];
  const rows = code.sweep();
  const grid = byId("gallery");
  const seeds = () =>
    Array.from({ length: COLUMNS }, (_, column) => app.state.gallery + column);
  const pointOf = (row, column) => ({
    ...app.variant({
      [code.name]: rows[row].set(app.state.at.codes[code.name]),
    }),
    seed: seeds()[column],
  });
  const cells = makeCells(app, rows, pointOf);
  const heads = mountGrid(grid, rows, cells);
  mountKeys(grid, cells);
  mountSaving(app, cells);
  byId("gallery-text").textContent =
    `Rows differ in ${code.swept}, columns in the random noise. ` +
    "Click an image to enlarge it.";
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
    const value = at.codes[code.name];
    labelCells(cells, rows, seeds(), { value, seed: at.seed });
    refresh();
  });
}

function makeCells(app, rows, pointOf) {
  return rows.map((_, row) =>
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
}

// Returns the heads of the columns.
function mountGrid(grid, rows, cells) {
  const head = (role, properties) => element("span", { role, ...properties });
  const line = (...children) => element("div", { role: "row" }, ...children);
  const heads = cells[0].map(() => head("columnheader"));
  grid.style.gridTemplateColumns = `fit-content(min(7rem, 18vw)) repeat(${COLUMNS}, minmax(0, 1fr))`;
  grid.append(
    line(head("columnheader", { textContent: "seed" }), ...heads),
    ...rows.map(({ label }, row) =>
      line(
        head("rowheader", { textContent: label, title: label }),
        ...cells[row].map(({ button }) =>
          element("div", { role: "gridcell" }, button),
        ),
      ),
    ),
  );
  return heads;
}

function labelCells(cells, rows, seeds, chosen) {
  cells.forEach((line, row) =>
    line.forEach(({ button }, column) => {
      const isChosen =
        seeds[column] === chosen.seed && rows[row].isAt(chosen.value);
      button.classList.toggle("chosen", isChosen);
      button.setAttribute("aria-pressed", isChosen);
      button.setAttribute(
        "aria-label",
        `${rows[row].label}, seed ${seeds[column]}`,
      );
    }),
  );
}

function mountSaving(app, cells) {
  byId("save-gallery").onclick = () => {
    const canvases = cells.map((row) => row.map(({ canvas }) => canvas));
    const scale = Math.max(1, Math.round(84 / app.imageShape.width));
    savePng(canvases, `gallery-seed-${app.state.gallery}.png`, { scale, gap: 4 });
    app.announce("Saved.", "gallery");
  };
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
