// scripts/test: the stages, what they report, and the sum.
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { Processes } from "./processes.mjs";

const STAGE_WITHIN_MS = 30 * 60_000;
const CORES = Math.max(2, availableParallelism());
// Begun last, one of these would be waited for alone.
const LONG = ["core", "lib", "sheets", "crash", "scenarios", "shards"];
const target = resolve(process.env.CARGO_TARGET_DIR ?? "target");
mkdirSync(target, { recursive: true });
const logPath = join(target, "test.log");
rmSync(logPath, { force: true });
const processes = new Processes(logPath);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => processes.stop().then(() => process.exit(130)));
}

// Each program of tests, and each file of tests/e2e, runs in a process of its own, some at a time:
// what they do is wait, or use one core. tests/e2e needs the bundle, so it comes later.
const targets = existsSync("tests")
  ? readdirSync("tests", { withFileTypes: true })
      .filter((entry) => (entry.isFile() ? entry.name.endsWith(".rs") : existsSync(join("tests", entry.name, "main.rs"))))
      .map((entry) => entry.name.replace(/\.rs$/, ""))
      .sort()
  : [];
const quick = targets.filter((name) => name !== "e2e");
const endToEnd = targets.includes("e2e")
  ? readdirSync("tests/e2e").filter((name) => name.endsWith(".rs") && name !== "main.rs").map((name) => name.replace(/\.rs$/, "")).sort(longestFirst)
  : [];
const nodeTests = ["tests/page", "scripts/lib"].flatMap((folder) =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".test.mjs")).sort().map((name) => join(folder, name)) : [],
);

const cargo = (...args) => ["cargo", ...args];
const checks = [
  { name: "format", run: cargo("fmt", "--check") },
  { name: "clippy, native", run: cargo("clippy", "--all-targets", "--", "-D", "warnings") },
  { name: "clippy, wasm32", run: cargo("clippy", "--lib", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings") },
  {
    name: "tests",
    run: cargo("test", "--no-run", "--lib", "--bins", ...targets.flatMap((name) => ["--test", name])),
    then: [
      { name: "lib", run: cargo("test", "--lib") },
      ...quick.map((name) => ({ name: `tests/${name}`, run: cargo("test", "--test", name) })),
    ].sort((a, b) => longestFirst(a.name.replace("tests/", ""), b.name.replace("tests/", ""))),
    atOnce: CORES,
    count: cargoCounts,
  },
  // Often empty, and then no fault.
  { name: "tests of programs", run: cargo("test", "--no-fail-fast", "--bins"), count: cargoCounts },
  { name: "doc tests", run: cargo("test", "--no-fail-fast", "--doc"), count: cargoCounts },
];
// Most of it is one program on one core: it is built beside the checks.
const bundle = { name: "bundle", run: ["scripts/build"] };
const onBundle = [];
if (endToEnd.length) {
  onBundle.push({
    name: "end to end on workerd",
    run: cargo("test", "--no-run", "--test", "e2e"),
    then: endToEnd.map((file) => ({ name: `tests/e2e/${file}.rs`, run: cargo("test", "--test", "e2e", `${file}::`, "--", "--test-threads=1", ...others(file)) })),
    atOnce: CORES + 1,
    env: { SHOPBELL_E2E: "1" },
    needs: "bundle",
    count: cargoCounts,
  });
}
if (nodeTests.length) {
  onBundle.push({
    name: "phone page and scripts",
    run: [process.execPath, "--import", resolve("scripts/lib/resolve-tools.mjs"), "--test", "--test-reporter=tap", "--test-concurrency=1", ...nodeTests],
    env: { SHOPBELL_E2E: "1" },
    needs: "bundle",
    count: tapCounts,
  });
}

const sum = { passed: 0, failed: 0, skipped: 0 };
const skips = [];
const broken = new Set();
await Promise.all([inTurn([bundle]), inTurn(checks)]);
// Integration tests bring the command along; a build of its own would compile half of it anew.
if (!targets.length) await inTurn([{ name: "command", run: cargo("build", "--bin", "shopbell") }]);
if (onBundle.length) {
  await inTurn([{ name: "browser", run: ["scripts/lib/need-test-programs"] }]);
  await Promise.all(onBundle.map((stage) => inTurn([stage])));
}
for (const reason of skips) console.log(`skipped: ${reason}`);
if (sum.failed) console.log(`everything that was printed: ${logPath}`);
await processes.stop();
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ""}`);
process.exitCode = sum.failed ? 1 : 0;

async function inTurn(stages) {
  for (const stage of stages) {
    // An old bundle would be tested otherwise.
    const counts = broken.has(stage.needs) ? notRun(stage) : await perform(stage);
    if (counts.failed) broken.add(stage.name);
    for (const key of Object.keys(sum)) sum[key] += counts[key];
  }
}

async function perform({ name, run, then = [], atOnce = 1, env = {}, count = () => ({}) }) {
  const began = performance.now();
  const sums = { passed: 0, failed: 0, skipped: 0 };
  const printed = [];
  const one = async (part) => {
    const { code, lines } = await runOne(part.name, part.run, env);
    const counts = { passed: 0, failed: 0, skipped: 0, ...count(lines) };
    const counted = counts.passed + counts.failed + counts.skipped;
    if (code === 0 && then.includes(part) && counted === 0) {
      lines.push(`${part.name} has no tests: does main.rs beside it name it?`);
      counts.failed = 1;
    }
    if (code !== 0 && counts.failed === 0) counts.failed = 1; // did not even come to its tests
    for (const key of Object.keys(sums)) sums[key] += counts[key];
    if (counts.failed) printed.push(...lines.slice(-200));
    return !counts.failed;
  };
  if (await one({ name, run })) {
    const left = [...then];
    const next = async () => {
      for (let part = left.shift(); part; part = left.shift()) await one(part);
    };
    await Promise.all(Array.from({ length: atOnce }, next));
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const counted = sums.passed + sums.failed + sums.skipped;
  const said = counted > 0 ? `  ${sums.passed} passed, ${sums.failed} failed` : "";
  console.log(`${sums.failed ? "FAILED" : "ok    "} ${name.padEnd(24)} ${seconds.padStart(6)} s${said}`);
  if (sums.failed) console.log(printed.map((line) => `       ${line}`).join("\n"));
  return sums;
}

async function runOne(name, [command, ...args], env) {
  const lines = [];
  let code;
  const late = setTimeout(() => {
    lines.push(`${name} was still running after ${STAGE_WITHIN_MS / 60_000} minutes and was ended`);
    processes.end(name);
  }, STAGE_WITHIN_MS);
  try {
    code = await processes.run(name, command, args, {
      // What is built here need not be looked at again by each scripts/dev that a test starts.
      env: { ...process.env, CARGO_TERM_COLOR: "never", SHOPBELL_BUILT: "1", ...env },
      line: (line) => lines.push(line),
    });
  } catch (error) {
    lines.push(error.message);
    code = 1;
  }
  clearTimeout(late);
  return { code, lines };
}

/** The tests of a file are those with its name in theirs; not those of a file whose name ends so. */
function others(file) {
  return endToEnd.filter((other) => other !== file && other.endsWith(file)).flatMap((other) => ["--skip", `${other}::`]);
}

function longestFirst(a, b) {
  return LONG.includes(b) - LONG.includes(a) || (a < b ? -1 : 1);
}

function notRun({ name, needs }) {
  console.log(`FAILED ${name.padEnd(24)}   not run: the stage "${needs}" failed`);
  return { passed: 0, failed: 1, skipped: 0 };
}

/** `test result: ok. 3 passed; 0 failed; 1 ignored; …`, once per target. */
function cargoCounts(lines) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const line of lines) {
    const result = /^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line);
    if (result) {
      counts.passed += Number(result[1]);
      counts.failed += Number(result[2]);
      counts.skipped += Number(result[3]);
    }
    const ignored = /^test (.+) \.\.\. ignored(?:, (.*))?$/.exec(line);
    if (ignored) skips.push(`${ignored[1]}: ${ignored[2] ?? "no reason given"}`);
  }
  return counts;
}

/** `# pass 3` and so on at the end; cancelled tests did not do what they should, so they failed. */
function tapCounts(lines) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const into = { pass: "passed", fail: "failed", cancelled: "failed", skipped: "skipped", todo: "skipped" };
  for (const line of lines) {
    const total = /^# (pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line);
    if (total) counts[into[total[1]]] += Number(total[2]);
    const skipped = /^\s*ok \d+ - (.+?) # (?:SKIP|TODO)\s*(.*)$/.exec(line);
    if (skipped) skips.push(`${skipped[1]}: ${skipped[2] || "no reason given"}`);
  }
  return counts;
}
