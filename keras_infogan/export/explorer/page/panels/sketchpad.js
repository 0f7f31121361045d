// The sketchpad: collects strokes from mouse, pen or finger.

import { clamp } from "dimension";
import { byId } from "dom";
import { PENS } from "permalink";
import { Recognition } from "recognition";
import { FIELD, trace } from "strokes";

export function mountSketchpad(app) {
  const { state } = app;
  const canvas = byId("pad");
  const recognition = new Recognition(app, canvas);
  const draw = (isDone = true) => {
    state.ink = structuredClone(sketchpad.strokes);
    state.read = null;
    sketchpad.paint(state.pen);
    byId("pad-hint").hidden = state.ink.length > 0;
    recognition.start(isDone);
  };
  const encodeImage = (point) => {
    sketchpad.strokes = [];
    state.ink = [];
    state.read = structuredClone(point);
    byId("pad-hint").hidden = true;
    recognition.start(true);
  };
  const sketchpad = new Sketchpad(canvas, draw);
  byId("clear").onclick = () => {
    sketchpad.strokes = [];
    draw();
    app.announce("Cleared the sketchpad.");
  };
  byId("encode-image").onclick = () => encodeImage(state.at);
  const pen = Object.assign(byId("pen"), PENS);
  pen.oninput = () => {
    state.pen = Number(pen.value);
    if (state.read) app.changed("permalink");
    else draw();
  };
  app.on(["ink"], () => {
    pen.value = state.pen;
    sketchpad.strokes = structuredClone(state.ink);
    if (state.read) encodeImage(state.read);
    else draw();
  });
}

/** Lets people draw on a canvas; calls onChange(isDone) after each movement. */
class Sketchpad {
  #canvas;
  #onChange;
  #pointer = null;
  strokes = [];

  constructor(canvas, onChange) {
    this.#canvas = canvas;
    this.#onChange = onChange;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.#end(event));
    }
  }

  /** Paints the strokes; the pen is in pixels of an image 28 pixels wide. */
  paint(pen) {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    context.fillRect(0, 0, width, height);
    context.strokeStyle = "white";
    context.lineWidth = (pen * width) / 28;
    trace(context, this.strokes, (x, y) => [
      (x * width) / FIELD,
      (y * height) / FIELD,
    ]);
  }

  #begin(event) {
    if (this.#pointer !== null || event.button !== 0) return;
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.strokes.push([]);
    this.#extend(event);
    this.#onChange(false);
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    // All positions since the last frame, so that quick curves stay round.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.#extend(each);
    this.#onChange(false);
  }

  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#onChange(true);
  }

  #extend({ clientX, clientY }) {
    const box = this.#canvas.getBoundingClientRect();
    const [x, y] = [
      (clientX - box.left) / box.width,
      (clientY - box.top) / box.height,
    ].map((fraction) => Math.round(FIELD * clamp(fraction, 0, 1)));
    const stroke = this.strokes.at(-1);
    const [lastX, lastY] = stroke.slice(-2);
    if (Math.hypot(x - lastX, y - lastY) < 2) return;
    stroke.push(x, y);
    // The length of a stroke has to fit in a byte, so start another one.
    if (stroke.length === 2 * FIELD) this.strokes.push([x, y]);
  }
}
