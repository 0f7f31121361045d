// Angles in radians: sliders that go once around. Vectors are (cos, sin).

import { Sliders } from "sliders";

const TURN = 2 * Math.PI;

/** The angle from -pi to pi that differs by whole turns. */
const unwind = (angle) => angle - TURN * Math.round(angle / TURN);

export class Angles extends Sliders {
  get hasLine() {
    return false;
  }

  inside(angle, dimension) {
    return super.inside(unwind(angle), dimension);
  }

  toNumber(estimate, k) {
    return Math.atan2(estimate[2 * k + 1], estimate[2 * k]);
  }

  toVector(value) {
    return Float32Array.from(
      value.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]),
    );
  }

  // The shorter way around, which a straight line would leave.
  between(from, to, position) {
    return this.toVector(
      from.map((angle, k) => angle + position * unwind(to[k] - angle)),
    );
  }
}
