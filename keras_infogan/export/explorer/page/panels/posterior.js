// Shows the posterior of the codes, Q(c|x).

import { inWords } from "codes";
import { element } from "dom";

/** Elements that show the posterior, and the same as a sentence. */
export function describePosterior(codes, outputs, values) {
  const [nodes, texts] = [[], []];
  for (const code of codes) {
    const show = code.isCategorical ? showCategories : showDimensions;
    const probabilities = outputs[code.estimate].data;
    const part = show(code, values[code.name], probabilities);
    nodes.push(...part.nodes);
    texts.push(...part.texts);
  }
  return { nodes, text: `Encoded as ${texts.join(", ")}.` };
}

function percent(probability) {
  if (probability > 0.99) return "over 99 %";
  if (probability < 0.01) return "under 1 %";
  return `${Math.round(100 * probability)} %`;
}

function showCategories(code, category, probabilities) {
  // Several categories may stand for the same class.
  const byLabel = new Map();
  for (const k of code.order) {
    const label = code.labels[k];
    byLabel.set(label, (byLabel.get(label) ?? 0) + probabilities[k]);
  }
  const label = code.labels[category];
  const certainty = `${percent(byLabel.get(label))} sure`;
  const verdict = element(
    "div",
    { className: label.length > 3 ? "verdict long" : "verdict" },
    element("strong", { textContent: label }),
    element("span", { textContent: certainty }),
  );
  const short = (name) => (code.isNamed ? name : name.split(" ").at(-1));
  // Columns for digits; rows for words, which do not fit below a column.
  const isLong = [...byLabel.keys()].some((name) => short(name).length > 3);
  const bars = [...byLabel].map(([name, probability]) => {
    const bar = element("i");
    bar.style.setProperty("--share", `${100 * probability}%`);
    return element(
      "div",
      {
        className: name === label ? "" : "low",
        title: `${name}: ${percent(probability)}`,
      },
      bar,
      element("span", { textContent: short(name) }),
    );
  });
  const chart = element(
    "div",
    { className: isLong ? "bars long" : "bars", "aria-hidden": true },
    ...bars,
  );
  return { nodes: [verdict, chart], texts: [`${label}, ${certainty}`] };
}

function showDimensions(code, values, probabilities) {
  const rows = code.dimensions.map((dimension, index) => {
    const { label, min, max, mirror } = dimension;
    const { word, numbers } = inWords(dimension, values[index]);
    const text = code.isBinary
      ? `${values[index] ? "on" : "off"}, ${percent(Math.max(probabilities[index], 1 - probabilities[index]))} sure`
      : `${word} ${numbers}`.trim();
    const marker = element("i");
    marker.style.left = `${(100 * (mirror(values[index]) - min)) / (max - min)}%`;
    const node = element(
      "div",
      {},
      element(
        "div",
        { className: "line" },
        element("strong", { textContent: label }),
        element("span", { className: "quiet", textContent: text }),
      ),
      element("div", { className: "gauge", "aria-hidden": true }, marker),
    );
    return { node, text: `${label}: ${text}` };
  });
  const nodes = rows.map(({ node }) => node);
  return {
    nodes: [element("div", { className: "gauges" }, ...nodes)],
    texts: rows.map(({ text }) => text),
  };
}
