// The matcher as wasm in Node: whether it says bit for bit what it says natively, and how long a
// question takes it.
//
//   node bench/faq/wasm.mjs EXAMPLES.tsv QUESTIONS.txt
//
// EXAMPLES: label, tab, text; QUESTIONS: one a line. `measure` is for scripts/bench.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const ROUNDS = 20;

/** Builds the module and instantiates it. Its imports belong to the Worker; none is called. */
export async function matcher() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
  const manifest = join(ROOT, "bench/faq/wasm/Cargo.toml");
  const options = ["build", "--quiet", "--release", "--target", "wasm32-unknown-unknown", "--target-dir", target, "--manifest-path", manifest];
  execFileSync("cargo", options, { stdio: "inherit" });
  const module = await WebAssembly.compile(readFileSync(join(target, "wasm32-unknown-unknown/release/shopbell_faq_wasm.wasm")));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => { throw new Error(`the matcher called ${name}`); };
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  const put = (bytes) => {
    const at = exports.room(bytes.length);
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
  };
  return {
    load(bytes) {
      put(bytes);
      if (exports.load() !== 1) throw new Error("the model was refused");
    },
    /** A question as bytes. */
    put,
    ask: () => exports.ask(),
    found() {
      const length = exports.found();
      return new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.place(), length));
    },
  };
}

/** What differs from the native answers, and the times of a question in µs. */
export async function measure(model, questions, native) {
  const wasm = await matcher();
  wasm.load(model);
  const asked = questions.map((question) => new TextEncoder().encode(question));
  const different = [];
  asked.forEach((bytes, at) => {
    wasm.put(bytes);
    wasm.ask();
    const found = wasm.found();
    if (found !== native[at]) different.push({ question: questions[at], native: native[at], wasm: found });
  });
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const bytes of asked) {
      wasm.put(bytes);
      const began = process.hrtime.bigint();
      wasm.ask();
      times.push(Number(process.hrtime.bigint() - began) / 1000);
    }
  }
  times.sort((a, b) => a - b);
  return { different, p50: times[Math.floor(times.length * 0.5)], p99: times[Math.floor(times.length * 0.99)] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , examples, questions] = process.argv;
  const folder = mkdtempSync(join(tmpdir(), "shopbell-faq-"));
  const model = join(folder, "model");
  const printed = execFileSync("cargo", ["bench", "--quiet", "--bench", "faq", "--", "answers", resolve(examples), resolve(questions), model], { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
  const asked = readFileSync(questions, "utf8").split("\n").filter(Boolean);
  const bytes = readFileSync(model);
  rmSync(folder, { recursive: true });
  const { different, p50, p99 } = await measure(bytes, asked, printed.trimEnd().split("\n"));
  console.log(`${asked.length} questions, model of ${bytes.length} bytes: p50 ${p50.toFixed(1)} µs, p99 ${p99.toFixed(1)} µs, ${different.length} answered differently from the native matcher`);
  for (const one of different.slice(0, 5)) console.log(one);
  process.exitCode = different.length ? 1 : 0;
}
