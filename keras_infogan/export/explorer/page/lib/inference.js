// Loads the runtime and the networks, and runs them in a worker.

// The single-file page embeds an asset as gzip in base64; a folder has it as a
// plain file.
async function asset(name) {
  const tag = document.querySelector(`script[data-asset="${name}"]`);
  if (!tag) {
    if (location.protocol === "file:") {
      throw Error(
        "A folder needs a web server, such as " +
          "\u201cpython -m http.server\u201d. The single-file page does not.",
      );
    }
    const response = await fetch(name);
    if (!response.ok) throw Error(`${name}: HTTP ${response.status}`);
    return response.arrayBuffer();
  }
  const packed = new Blob([fromBase64(tag.textContent.trim())]);
  const unpacked = packed.stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** Reads an asset as text. */
export async function text(name) {
  return new TextDecoder().decode(await asset(name));
}

/** Starts the worker; resolves to the function run(network, inputs). */
export async function startInference() {
  const [runtime, wasm, generator, encoder] = await Promise.all(
    [
      "ort.wasm.bundle.min.mjs",
      "ort-wasm-simd-threaded.wasm",
      "generator.onnx",
      "encoder.onnx",
    ].map(asset),
  );
  // A classic worker: browsers start no module worker for a local file.
  const worker = new Worker(document.modules.worker);
  const waiting = new Map();
  let count = 0;
  worker.onmessage = ({ data: { number, answer, error } }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) resolve(answer);
    else reject(Error(error));
  };
  worker.onerror = ({ message }) => {
    const error = Error(`The worker stopped: ${message ?? "no reason given"}`);
    for (const { reject } of waiting.values()) reject(error);
  };
  const ask = (message) =>
    new Promise((resolve, reject) => {
      waiting.set(count, { resolve, reject });
      worker.postMessage({ number: count++, ...message });
    });
  const networks = { generator, encoder };
  await ask({ task: "start", runtime, wasm, networks });
  // A session runs one batch at a time.
  let last = Promise.resolve();
  return (network, inputs) => {
    const answer = last.then(() => ask({ task: "run", network, inputs }));
    last = answer.catch(() => {});
    return answer;
  };
}
