// Every category with ten noises, which follow the sliders.

import { byId, element } from "app";
import { firstSeed } from "link";
import { savePng } from "pictures";

const COLUMNS = 10;
const SWEEP = 10;

// What the rows are: the categories; of a model without them, values of its
// first code.
function makeRows(app) {
  const code = app.firstCategorical ?? app.codes[0];
  const { name, type } = code;
  if (type === "categorical") {
    const rows = code.order.map((category) => ({
      label: code.isNamed ? code.labels[category] : String(category),
      codes: () => ({ [name]: category }),
    }));
    return { code, rows };
  }
  const [{ min, max, sign }] = code.dimensions;
  const count = type === "bernoulli" ? 2 : SWEEP;
  const rows = Array.from({ length: count }, (_, row) => {
    const value = min + (row * (max - min)) / (count - 1);
    return {
      label: value.toFixed(type === "bernoulli" ? 0 : 1),
      codes: () => ({
        [name]: app.state.at.codes[name].with(0, sign * value || 0),
      }),
    };
  });
  return { code, rows };
}

export function mountWall(app) {
  const { code, rows } = makeRows(app);
  const wall = byId("wall");
  const seeds = () =>
    Array.from({ length: COLUMNS }, (_, column) => app.state.wall + column);
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
  wall.style.gridTemplateColumns = `fit-content(min(7rem, 18vw)) repeat(${COLUMNS}, minmax(0, 1fr))`;
  const line = (...children) => element("div", { role: "row" }, ...children);
  wall.append(
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
  mountKeys(wall, cells);
  byId("wall-text").textContent =
    `A row for each ${code.type === "categorical" ? code.title : `value of ${code.dimensions[0].label}`}, ` +
    "a column for each noise. It follows the codes; choose a picture to make it the large one.";
  byId("save-wall").onclick = () => {
    const canvases = cells.map((row) => row.map(({ canvas }) => canvas));
    const scale = Math.max(1, Math.round(84 / app.image.width));
    savePng(canvases, `wall-seed-${app.state.wall}.png`, { scale, gap: 4 });
    app.say("Saved the wall.");
  };

  const refresh = app.schedule.add({
    element: wall,
    pieces: () => rows.length,
    paint: (row) =>
      app.paint(
        cells[row].map(({ canvas }) => canvas),
        cells[row].map((_, column) => pointOf(row, column)),
      ),
  });
  app.on(["at"], () => {
    const { at } = app.state;
    // The columns stay while the large picture has one of their noises.
    app.state.wall = firstSeed(app.state.wall, COLUMNS);
    if (!seeds().includes(at.seed)) {
      app.state.wall = firstSeed(at.seed, COLUMNS);
    }
    heads.forEach((head, column) => {
      head.textContent = seeds()[column];
    });
    cells.forEach((line, row) =>
      line.forEach(({ button }, column) => {
        const isChosen =
          code.type === "categorical" &&
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

// One stop of the tabulator for all; arrows move within.
function mountKeys(wall, cells) {
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
  wall.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    move(row + step[0], column + step[1]);
    current().focus();
  });
  wall.addEventListener("focusin", ({ target }) => {
    cells.forEach((line, y) =>
      line.forEach(({ button }, x) => button === target && move(y, x)),
    );
  });
}
