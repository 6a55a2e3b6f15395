// The matcher against what people use instead: how often right, how fast, how large. Everyone gets
// the same cuts of the same sets, in the same run. Without a data folder, the example shops.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { figures, quantile } from "../faq/figures.mjs";
import { NONE, toCsv } from "../faq/readers.mjs";
import { measure } from "../faq/wasm.mjs";
import { exampleShops, setsIn, sizedShops } from "../faq/sets.mjs";

const OURS = "shopbell";
const WASM = "shopbell, wasm";
const THEIRS = ["nlp.js", "MiniSearch", "Fuse.js", "BM25"];
/** CPU time, so that a busy machine does not decide: nlp.js trains some sets for minutes, and
 *  Fuse.js asks some for as long. */
const CPU_SECONDS = process.env.BENCH_FAQ_SECONDS ?? "300";

const run_ = promisify(execFile);
const options = { encoding: "utf8", maxBuffer: 1 << 30 };

export async function* run({ root, folder, data, only }) {
  const toml = createRequire(join(process.env.NPM_TOOLS, "package.json"))("smol-toml");
  const wanted = ({ name }) => !only || name.includes(only);
  if (!data) console.log("\nfaq: no --data DIR with public sets, so only the example shops are asked");
  const sets = (data ? setsIn(data) : exampleShops(root, toml)).filter(wanted);
  const sized = (data ? sizedShops(data) : []).filter(wanted);
  if (data && !sets.length && !sized.length) throw new Error(`no known set in ${data}${only ? ` with "${only}" in its name` : ""}`);
  const results = [];
  for (const set of [...sets, ...sized]) {
    const result = { set, ...(await everyone(folder, set)) };
    if (sized.includes(set)) result.tools[WASM] = await inWasm(root, folder, set, result.tools[OURS]);
    results.push(result);
  }
  const of = (some) => results.filter(({ set }) => some.includes(set));
  if (sets.length) yield { title: "faq: right answers, in %; at its own threshold, and at the best one (seen afterwards)", rows: quality(of(sets)) };
  const whole = of(sets).filter(({ tools }) => TOOLS.every((name) => tools[name]));
  if (whole.length > 1) yield { title: "faq: the same, as means over those sets that every tool got through", rows: means(whole, sets.length) };
  yield { title: `faq: time of a question in µs, memory in KiB (natively: the model; in wasm: what its memory grew by; theirs: the heap), training in ms; theirs, and wasm, in Node`, rows: costs(of(sized.length ? sized : sets)) };
  const size = results.find(({ tools }) => tools[WASM])?.tools[WASM].size;
  if (size) yield { title: "faq: the matcher alone as wasm, code and data, training included, in KiB", rows: [["", "raw", "gzip"], ["", ...[size.raw, size.gzip].map((bytes) => (bytes / 1024).toFixed(1))]] };
  yield decisions(root);
}

async function everyone(folder, set) {
  const place = join(folder, "faq");
  mkdirSync(place, { recursive: true });
  const truths = set.splits.flatMap(({ test }) => test.map(({ label }) => label));
  const tools = {};
  for (const name of [OURS, ...THEIRS]) {
    progress(`${set.name}: ${name}`);
    const measured = await (name === OURS ? ours(place, set) : theirs(place, name, set));
    tools[name] = measured && { ...measured, ...figures(measured.asked, truths), asked: undefined };
  }
  progress("");
  return { tools, asked: truths.length, none: truths.filter((label) => label === NONE).length };
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Through `shopbell eval`, a process for each cut. */
async function ours(place, { lang, mixed, splits }) {
  const all = { asked: [], p50: [], p99: [], trainingMs: [], memory: [] };
  for (const split of splits) {
    const [train, test] = ["train", "test"].map((part) => {
      const file = join(place, `${part}.csv`);
      writeFileSync(file, toCsv(split[part]));
      return file;
    });
    const { stdout } = await run_(process.env.SHOPBELL_FAST, ["eval", "--train", train, "--test", test, ...(mixed ? [] : ["--language", lang])], options);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const { figures: own } = lines.pop();
    if (lines.length !== split.test.length) throw new Error(`${lines.length} lines for ${split.test.length} questions`);
    // Two programs, one protocol: they have to agree.
    const { mcc } = figures(lines, split.test.map(({ label }) => label));
    if (Math.abs(mcc - own.mcc) > 1e-9) throw new Error(`shopbell eval says MCC ${own.mcc}, here it is ${mcc}`);
    all.asked.push(...lines);
    all.p50.push(own.p50_us);
    all.p99.push(own.p99_us);
    all.trainingMs.push(own.training_ms);
    all.memory.push(own.model_bytes);
  }
  return { asked: all.asked, p50: mean(all.p50), p99: mean(all.p99), trainingMs: mean(all.trainingMs), memory: mean(all.memory) };
}

/** The same model in V8, where the Worker is: no answer may differ in a bit. Trained natively. */
async function inWasm(root, folder, { name, splits: [{ train, test }] }, { trainingMs }) {
  progress(`${name}: ${WASM}`);
  const [examples, questions, model] = ["tsv", "txt", "model"].map((ending) => join(folder, "faq", `wasm.${ending}`));
  const line = (text) => text.replace(/\s+/g, " ");
  writeFileSync(examples, train.map(({ text, label }) => `${label}\t${line(text)}`).join("\n"));
  const asked = test.map(({ text }) => line(text)).filter((text) => text.trim());
  writeFileSync(questions, asked.join("\n"));
  const { stdout } = await run_("cargo", ["bench", "--quiet", "--bench", "faq", "--", "answers", examples, questions, model], { ...options, cwd: root });
  const { different, times, memory, size } = await measure(readFileSync(model), asked, stdout.trimEnd().split("\n"));
  if (different) throw new Error(`${different} questions are answered differently in wasm: node bench/faq/wasm.mjs`);
  progress("");
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), memory, trainingMs, size };
}

/** In a process of its own; nothing when it takes too long. */
async function theirs(place, name, { lang, splits }) {
  const file = join(place, "set.json");
  writeFileSync(file, JSON.stringify({ lang, splits }));
  const script = new URL("../faq/measure.mjs", import.meta.url).pathname;
  try {
    const node = [process.execPath, "--expose-gc", "--max-old-space-size=4096", script, name, file];
    const { stdout } = await run_("/bin/sh", ["-c", 'ulimit -t "$0"; exec "$@"', CPU_SECONDS, ...node], options);
    const { asked, times, trainingMs, memory } = JSON.parse(stdout.trim().split("\n").pop());
    return { asked, p50: quantile(times, 0.5), p99: quantile(times, 0.99), trainingMs: mean(trainingMs), memory };
  } catch (error) {
    if (error.signal === "SIGXCPU" || error.signal === "SIGKILL") return undefined;
    throw error;
  }
}

const percent = (share) => (share === undefined ? "-" : (share * 100).toFixed(1));
const TOOLS = [OURS, ...THEIRS];
const COLUMNS = ["top 1", "top 3", "MCC own", "MCC best"];
const values = (tool) => (tool ? [tool.top1, tool.top3, tool.mcc, tool.oracle].map(percent) : COLUMNS.map(() => "-"));

function quality(results) {
  const rows = [["", "asked", "of none", ...COLUMNS]];
  for (const { set, tools, asked, none } of results) {
    for (const name of TOOLS) {
      rows.push([name === OURS ? set.name : "", ...(name === OURS ? [asked, none] : ["", ""]), ...values(tools[name]), name]);
    }
  }
  return rows.map((row) => [row[0], row[7] ?? "", ...row.slice(1, 7)]);
}

function means(whole, all) {
  const row = (name) => ["top1", "top3", "mcc", "oracle"].map((key) => mean(whole.map(({ tools }) => tools[name][key])));
  return [[`${whole.length} of ${all} sets`, ...COLUMNS], ...TOOLS.map((name) => [name, ...row(name).map(percent)])];
}

function costs(results) {
  const rows = [["", "", "median", "99th", "memory", "training"]];
  for (const { set, tools } of results) {
    for (const name of [OURS, ...(tools[WASM] ? [WASM] : []), ...THEIRS]) {
      const tool = tools[name];
      const cells = tool ? [tool.p50.toFixed(1), tool.p99.toFixed(1), (tool.memory / 1024).toFixed(0), tool.trainingMs.toFixed(0)] : ["-", "-", "-", "-"];
      rows.push([name === OURS ? set.name : "", name, ...cells]);
    }
  }
  return rows;
}

/** What a question and a whole decision cost natively, on the example café. */
function decisions(root) {
  const printed = execFileSync("cargo", ["bench", "--quiet", "--bench", "faq"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const lines = printed.trim().split("\n").map((line) => line.split("\t"));
  return { title: "faq: the example café's questions, natively, in µs", rows: [["", "median", "99th percentile"], ...lines] };
}

function mean(list) {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}
