// One tool on one set, in a process of its own: node --expose-gc measure.mjs TOOL SET.json.
// Prints what it made of each question, and what that cost, as JSON.
import { readFileSync } from "node:fs";
import { TOOLS } from "./tools.mjs";

const [, , name, file] = process.argv;
const { lang, splits } = JSON.parse(readFileSync(file, "utf8"));
const { train, answers } = TOOLS[name];

const MOST_TIMED = 100;

await train(splits[0].train.slice(0, 4), lang); // loads its code before anything is measured
const asked = [];
const times = [];
const trainingMs = [];
let memory;
for (const { train: rows, test } of splits) {
  const before = used();
  const began = performance.now();
  const search = await train(rows, lang);
  trainingMs.push(performance.now() - began);
  memory ??= used() - before; // later ones take the place of the first
  for (const { text } of test) {
    const best = await search(text);
    asked.push({ best, decision: best.length && answers(best) ? "answer" : "none" });
  }
  // Asked before, so the code is warm. The quickest of three: the others were interrupted.
  for (const { text } of test.slice(0, MOST_TIMED)) {
    let quickest = Infinity;
    for (let round = 0; round < 3; round += 1) {
      const began = performance.now();
      const found = search(text);
      if (found instanceof Promise) await found;
      quickest = Math.min(quickest, (performance.now() - began) * 1000);
    }
    times.push(quickest);
  }
}
// What some packages print goes to stdout too; ours is the last line.
console.log(`\n${JSON.stringify({ asked, times, trainingMs, memory })}`);

function used() {
  globalThis.gc();
  globalThis.gc(); // the first only makes finalizers due
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
