// The base class of the controls: how the page chooses, shows and computes with
// the values of a code. `lib/codes.js` has the table of all kinds.
//
// The page data say of each code, as its class in Python defines it:
//   control         the kind of its control, a key of the table
//   dim             width of the generator's input
//   num_dimensions  how many numbers people choose
//   quantiles       of a dimension's prior, at even steps from 0 to 1; the first
//                   and the last are the ends of a slider
//   traversal       values for the rows of a gallery; a code map measures
//                   attributes at the first and the last
//   estimate        the output of the encoder that estimates the vector, or the
//                   probabilities of categories and bits
//   probabilities   the prior of categories, or null if all are equally likely
//
// A kind derives from this class, or from one of the other kinds, and defines
//   middle()                   the value of a page that someone has opened
//   draw()                     a random value, as the prior draws it
//   infer(estimate)            the value that the encoder estimates
//   parse(text)                the value of a permalink, or null
//   toVector(value)            the generator's input
//   mount(app)                 the element with which people choose a value
//   describe(value, estimate)  {nodes, texts} that show what was inferred
//   sweep()                    rows of a gallery: {label, set(value), isAt(value)}
// and, where the defaults do not fit, the members below.

import { element } from "dom";

const spaced = (name) => name.replaceAll("_", " ");

export class Control {
  /** What a value can be, {value, label, short}; none for numbers. */
  choices = [];
  constructor(name, data) {
    this.name = name;
    this.title = spaced(name);
    this.width = data.dim;
    this.estimate = data.estimate;
  }

  /** What differs in the rows of a gallery: "category", "slant". */
  get swept() {
    return this.title;
  }

  /** Dimensions that dragging the image changes. */
  get axes() {
    return [];
  }

  /** A value in the caption of an image, or nothing. */
  caption() {
    return null;
  }

  /** A value as `InfoGAN.generate` takes it. */
  toPython(value) {
    return String(value);
  }

  /** The generator's input between two values: 0 is `from`, 1 is `to`. */
  between(from, to, position) {
    const end = this.toVector(to);
    return this.toVector(from).map(
      (start, k) => (1 - position) * start + position * end[k],
    );
  }

  /** The group of the controls of a code, under its title. */
  group(content, { isTitled = true } = {}) {
    const legend = element("legend", {
      textContent: this.title,
      className: isTitled ? "" : "unseen",
    });
    return element("fieldset", {}, legend, content);
  }
}

export function percent(probability) {
  if (probability > 0.99) return "over 99 %";
  if (probability < 0.01) return "under 1 %";
  return `${Math.round(100 * probability)} %`;
}
