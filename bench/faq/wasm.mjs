// The matcher as wasm in Node: whether it says bit for bit what it says natively, and how long a
// question takes it.
//
//   node bench/faq/wasm.mjs DIR
//
// DIR, from tests/e2e_matcher.rs: NAME.examples (entry, tab, language, tab, text) and NAME.model, what
// was trained from them natively; NAME.asked, JSON: [[language, question, what was found], ...].
// `measure` is for scripts/bench.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { sections } from "../wasm.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const ROUNDS = 20;
const SHOWN = 5;

/** Builds the module and instantiates it. */
export async function matcher() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
  const options = ["build", "--quiet", "--release", "--target", "wasm32-unknown-unknown", "--package", "shopbell-faq-wasm"];
  execFileSync("cargo", options, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  const bytes = readFileSync(join(target, "wasm32-unknown-unknown/release/shopbell_faq_wasm.wasm"));
  const { exports } = (await WebAssembly.instantiate(bytes, {})).instance;
  const put = (bytes) => {
    const at = exports.room(bytes.length);
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
  };
  const taken = (length) => new Uint8Array(exports.memory.buffer, exports.place(), length);
  return {
    train(examples) {
      put(examples);
      return Buffer.from(taken(exports.train()));
    },
    load(bytes) {
      put(bytes);
      if (exports.load() !== 1) throw new Error("the model was refused");
    },
    /** A question as bytes. */
    put,
    ask: () => exports.ask(),
    found: () => new TextDecoder().decode(taken(exports.found())),
    memory: () => exports.memory.buffer.byteLength,
    /** Code and data, training and the standard library's part included; gzipped as the bundle is. */
    size() {
      const parts = sections(bytes).filter(({ name }) => name === "code" || name === "data");
      const whole = Buffer.concat(parts.map(({ size, body: { end } }) => bytes.subarray(end - size, end)));
      return { raw: whole.length, gzip: gzipSync(whole, { level: 9 }).length };
    },
  };
}

const encoded = (question, lang = "") => new TextEncoder().encode(`${lang}\n${question}`);

/** What differs from the native answers, the times of a question in µs, and the memory in bytes that
 *  the model and the asking took. The time of a question is that of its quickest round: the others
 *  were interrupted. */
export async function measure(model, questions, native) {
  const wasm = await matcher();
  const before = wasm.memory();
  wasm.load(model);
  const asked = questions.map((question) => encoded(question));
  const different = asked.filter((bytes, at) => {
    wasm.put(bytes);
    wasm.ask();
    return wasm.found() !== native[at];
  }).length;
  const times = asked.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round += 1) {
    asked.forEach((bytes, at) => {
      wasm.put(bytes);
      const began = process.hrtime.bigint();
      wasm.ask();
      times[at] = Math.min(times[at], Number(process.hrtime.bigint() - began) / 1000);
    });
  }
  return { different, times, memory: wasm.memory() - before, size: wasm.size() };
}

/** Prints what is not the same in wasm. */
async function compare(folder) {
  const wasm = await matcher();
  const names = readdirSync(folder).filter((file) => file.endsWith(".model")).map((file) => file.slice(0, -6));
  let [asked, different] = [0, 0];
  for (const name of names.sort()) {
    const read = (ending) => readFileSync(join(folder, name + ending));
    const model = read(".model");
    if (!wasm.train(read(".examples")).equals(model)) {
      different += 1;
      console.log(`${name}: training gives other bytes`);
    }
    wasm.load(model);
    for (const [lang, question, native] of JSON.parse(read(".asked"))) {
      wasm.put(encoded(question, lang));
      wasm.ask();
      const found = wasm.found();
      asked += 1;
      if (found === native) continue;
      different += 1;
      if (different <= SHOWN) console.log(`${name}: ${JSON.stringify(question)}\n  native ${native}\n  wasm   ${found}`);
    }
  }
  console.log(`${names.length} shops, ${asked} questions, ${different} differences`);
  return different;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = (await compare(process.argv[2])) ? 1 : 0;
}
