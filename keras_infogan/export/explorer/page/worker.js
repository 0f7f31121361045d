// Runs both networks in a thread of their own, so that painting the gallery
// does not block the sliders. Handles one numbered request at a time.

const sessions = {};
let Tensor;

async function start({ runtime, wasm, networks }) {
  const blob = new Blob([runtime], { type: "text/javascript" });
  const ort = await import(URL.createObjectURL(blob));
  Tensor = ort.Tensor;
  // More threads need cross-origin isolation headers, which local files and most
  // servers lack.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = wasm;
  ort.env.logLevel = "error";
  for (const [name, content] of Object.entries(networks)) {
    sessions[name] = await ort.InferenceSession.create(
      new Uint8Array(content),
      { executionProviders: ["wasm"] },
    );
  }
}

async function run({ network, inputs }) {
  const began = performance.now();
  const feeds = {};
  for (const [name, { data, dims }] of Object.entries(inputs)) {
    feeds[name] = new Tensor("float32", data, dims);
  }
  const results = await sessions[network].run(feeds);
  const outputs = {};
  for (const [name, { data, dims }] of Object.entries(results)) {
    outputs[name] = { data, dims };
  }
  return { outputs, milliseconds: performance.now() - began };
}

self.onmessage = async ({ data: { number, task, ...details } }) => {
  try {
    const answer = await { start, run }[task](details);
    self.postMessage({ number, answer });
  } catch (error) {
    self.postMessage({ number, error: error.message });
  }
};
