// scripts/bench: the parts, and what they share. Every comparison runs ours and theirs in turn, in
// the same minutes, and prints ratios: a machine's own speed is nobody's merit.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { secrets } from "../scripts/lib/worker-config.mjs";
import { Running, subjects } from "./workerd.mjs";
import * as cold from "./parts/cold.mjs";
import * as decide from "./parts/decide.mjs";
import * as desk from "./parts/desk.mjs";
import * as faq from "./parts/faq.mjs";
import * as redirects from "./parts/redirects.mjs";
import * as sends from "./parts/sends.mjs";
import * as size from "./parts/size.mjs";
import * as webhook from "./parts/webhook.mjs";

const PARTS = { webhook, cold, size, desk, redirects, decide, faq, sends };
/** Those that need no platform, and no bundle. */
const PURE = ["decide", "faq"];
const root = process.env.SHOPBELL_ROOT;
const { values: args, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { data: { type: "string" }, only: { type: "string" } },
});
if (args.data !== undefined && !existsSync(args.data)) {
  console.error(`error: there is no folder ${args.data}; --data takes one with labelled sets, as bench/README.md says`);
  process.exit(2);
}
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length) {
  console.error(`error: there is no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

process.setMaxListeners(0); // each Worker that is started ends with us
const folder = mkdtempSync(join(tmpdir(), "shopbell-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

const parts = wanted.length ? wanted : Object.keys(PARTS);
const outside = parts.some((name) => !PURE.includes(name)) ? await standIns() : undefined;
const bench = outside === undefined ? { root, folder, ...args } : {
  root,
  folder,
  ...args,
  ...shop(),
  secret: secrets(root).APP_SECRET,
  adminToken: secrets(root).ADMIN_TOKEN,
  subjects: subjects(root),
  environment,
  standIns,
  /** Starts one of the subjects on a folder of its own. */
  start: (name) => Running.start(join(folder, name), subjects(root)[name], { outside, ...environment() }),
  /** How many messages Graph was given so far. */
  sent: async () => Number(await (await fetch(`http://127.0.0.1:${outside}/count`)).text()),
  /** Waits until nothing more leaves, and says how many messages Graph was given. */
  async settled(expected) {
    let last = -1;
    for (let quiet = 0; quiet < 20; ) {
      const now = await bench.sent();
      if (now >= expected) return now;
      quiet = now === last ? quiet + 1 : 0;
      last = now;
      await new Promise((done) => setTimeout(done, 50));
    }
    return last;
  },
};

console.log(`${new Date().toISOString().slice(0, 10)}   ${cpus().length} × ${cpus()[0].model.trim()}   ${version("workerd")}   node ${process.version}`);
for (const name of parts) {
  const made = PARTS[name].run(bench);
  // One table, or several as they get ready.
  for await (const { title, rows } of made[Symbol.asyncIterator] ? made : [made]) print(title, rows);
}
process.exit(0);

/** The example café as it is published. */
function shop() {
  const file = join(folder, "kv.json");
  execFileSync(process.env.SHOPBELL, ["publish", join(root, "examples/cafe"), "--out", file], { stdio: ["ignore", "ignore", "ignore"] });
  const pairs = JSON.parse(readFileSync(file, "utf8"));
  const { value } = pairs.find(({ key }) => key.startsWith("shop:"));
  const { page, faq } = JSON.parse(value);
  // What the owner wrote: both sides can find the answer, one by looking it up, one by matching. An
  // answer with a picture would be two messages, whether it is asked for or merely named.
  const pictured = faq.filter(({ image }) => image).flatMap(({ keywords }) => Object.values(keywords).flat());
  const questions = faq
    .filter(({ image }) => !image)
    .flatMap(({ ask }) => Object.values(ask).flat())
    .filter((question) => !pictured.some((word) => question.includes(word)));
  return { page: page.id, questions, pairs };
}

/** Starts the stand-ins with these values in KV; the café's if nothing is said. */
async function standIns(pairs = shop().pairs) {
  const file = join(folder, `values-${Object.keys(pairs).length}-${process.hrtime.bigint()}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(pairs));
  const child = spawn(process.execPath, [join(root, "bench/stand-ins.mjs"), file], { stdio: ["pipe", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const line = await new Promise((done) => child.stdout.once("data", done));
  return JSON.parse(line).port;
}

function environment(outside_ = outside) {
  const toml = createRequire(join(process.env.NPM_TOOLS, "package.json"))("smol-toml");
  const { compatibility_date: compatibilityDate } = toml.parse(readFileSync(join(root, "wrangler.toml"), "utf8"));
  return { compatibilityDate, bindings: { ...secrets(root), USERNAME: "kavine.berzas", GRAPH_BASE_URL: `http://127.0.0.1:${outside_}` } };
}

function version(tool) {
  const { version } = JSON.parse(readFileSync(join(process.env.NPM_TOOLS, "node_modules", tool, "package.json"), "utf8"));
  return `${tool} ${version}`;
}

/** Rows are lists of cells; the first row is the heading. Numbers stand to the right. */
function print(title, rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? "").length)));
  console.log(`\n${title}`);
  rows.forEach((row, at) => {
    const cells = row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[0]) : String(cell ?? "").padStart(widths[column])));
    console.log(`  ${cells.join("   ")}`.trimEnd());
    if (at === 0) console.log(`  ${widths.map((width) => "-".repeat(width)).join("   ")}`);
  });
}
