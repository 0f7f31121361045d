// How the values of a code are chosen and drawn, by the `distribution` of its
// prior in the metadata of the networks.
//
// Without an entry here, a code has sliders from `low` to `high`. An entry says
//   isCategorical    whether a value is one number, that of a category
//   isBinary         whether each dimension is 0 or 1
//   numDimensions    of the values, by the width of the generator's input
//   range            [min, max] of each dimension
//   isMeasured       whether a code map measures attributes at both ends of it
//   draw             a random value of one dimension
//   toVector         the generator's input for values
//   fromVector       the values for such a vector, as the encoder estimates it

const between = (low, high) => low + Math.random() * (high - low);

const NUMBERS = {
  isCategorical: false,
  isBinary: false,
  numDimensions: (width) => width,
  range: ({ low, high }) => [low, high],
  isMeasured: true,
  draw: ({ min, max }) => between(min, max),
  toVector: (values) => Float32Array.from(values),
  fromVector: (vector) => Array.from(vector),
};

const PRIORS = {
  normal: {
    ...NUMBERS,
    range: ({ mean, stddev }) => [mean - 3 * stddev, mean + 3 * stddev],
    isMeasured: false,
    // Close to normal: the sum of three uniform numbers has the same variance.
    draw: ({ min, max }) => {
      const [middle, stddev] = [(min + max) / 2, (max - min) / 6];
      const parts = [0, 0, 0].map(() => between(-stddev, stddev));
      return middle + parts[0] + parts[1] + parts[2];
    },
  },
  bits: {
    ...NUMBERS,
    isBinary: true,
    isMeasured: false,
    draw: () => Number(Math.random() < 0.5),
  },
  // The values are angles in radians, the vectors (cos, sin).
  circle: {
    ...NUMBERS,
    numDimensions: () => 1,
    range: () => [-3.14, 3.14],
    isMeasured: false,
    toVector: ([angle]) => Float32Array.of(Math.cos(angle), Math.sin(angle)),
    fromVector: ([cosine, sine]) => [Math.atan2(sine, cosine)],
  },
  one_hot: {
    isCategorical: true,
    isBinary: false,
    toVector: (category, width) => {
      const vector = new Float32Array(width);
      vector[category] = 1;
      return vector;
    },
    fromVector: (vector) => vector.indexOf(Math.max(...vector)),
  },
};

export const priorOf = ({ distribution }) => PRIORS[distribution] ?? NUMBERS;
