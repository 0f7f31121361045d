// The random numbers of keras_infogan: noise(seed, n) equals, in float32,
// model.sample_latents(1, seed=seed)["noise"] in Python.

const INFERENCE = 1; // the use of a key in keras_infogan.latents.random

// The high and the low half of the product of two uint32.
function multiply(a, b) {
  const [low, high] = [b & 0xffff, b >>> 16];
  const inner = a * low; // below 2^48, so doubles are exact
  const outer = a * high + Math.floor(inner / 0x10000);
  return [Math.floor(outer / 0x10000), Math.imul(a, b) >>> 0];
}

// Philox4x32-10 (Salmon et al., 2011, doi.org/10.1145/2063384.2063405): maps a
// counter of four uint32 and a key of two to four uint32.
function philox([c0, c1, c2, c3], [k0, k1]) {
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0);
    const [high1, low1] = multiply(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

// tf.random.stateless_uniform(n, seed, None, None, alg="philox"), where the
// seed of two int64 is given as four uint32, low halves first.
function bits(n, seed) {
  const [k0, k1, c2, c3] = philox(seed, [0x3ec8f720, 0x02461e29]);
  const values = [];
  for (let block = 0; values.length < n; block++) {
    values.push(...philox([block, 0, c2, c3], [k0, k1]));
  }
  return values.slice(0, n);
}

const polynomial = (coefficients, x) =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

// The quantile function of N(0, 1), by Acklam's rational approximation. Its
// relative error is below 1.2e-9.
function quantile(p) {
  if (p > 0.5) return -quantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      polynomial(
        [
          -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838,
          -2.549732539343734, 4.374664141464968, 2.938163982698783,
        ],
        q,
      ) /
      polynomial(
        [
          7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996,
          3.754408661907416, 1,
        ],
        q,
      )
    );
  }
  const q = p - 0.5;
  return (
    (q *
      polynomial(
        [
          -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2,
          1.38357751867269e2, -3.066479806614716e1, 2.506628277459239,
        ],
        q * q,
      )) /
    polynomial(
      [
        -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2,
        6.680131188771972e1, -1.328068155288572e1, 1,
      ],
      q * q,
    )
  );
}

/** Draws n float32 values from N(0, 1) for a seed from 0 to 2^32 - 1. */
export function noise(seed, n) {
  const [folded] = bits(1, [seed >>> 0, 0, INFERENCE, 0]);
  // The int32 is sign-extended to an int64.
  const key = [folded, folded >>> 31 ? 0xffffffff : 0, 0, 0];
  const uniform = (word) => ((word >>> 9) + 0.5) * 2 ** -23;
  return Float32Array.from(bits(n, key), (word) => quantile(uniform(word)));
}
