// A program that makes the shown image in Python.

import { byId } from "dom";

export function mountPython(app) {
  const program = byId("python");
  app.on(["at"], () => {
    program.textContent = toProgram(app);
  });
  byId("copy-python").onclick = () =>
    app.copy(program.textContent, "python", {
      done: "Copied the program.",
      otherwise: "Select the program, and copy it.",
    });
}

function toProgram({ page, codes, imageShape, state: { at } }) {
  const { height, width, channels } = imageShape;
  const values = codes.map(
    (code) => `        "${code.name}": ${code.toPython(at.codes[code.name])},`,
  );
  // JSON writes a string as Python does.
  return [
    "import keras_infogan",
    "",
    `model = keras_infogan.load_model(${JSON.stringify(page.model)})`,
    "images = model.generate(",
    "    1,",
    "    codes={",
    ...values,
    "    },",
    `    seed=${at.seed},`,
    ")",
    `image = images[0]  # (${height}, ${width}, ${channels}), from -1 to 1`,
    "",
  ].join("\n");
}
