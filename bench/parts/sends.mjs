// Notifications to many people: how many consents are planned and how many messages leave a second,
// with one, four and eight Desks, against what Meta takes of a Page (300 a second, March 2026); what
// the Desks hold in memory; and what a thousand sends take of KV and Durable Objects.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fire, webhooks } from "../load.mjs";
import { Running } from "../workerd.mjs";

const META_PER_SECOND = 300;
const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 100_000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 15);
const DESKS = [1, 4, 8];
const LATENCIES = [0, 200];
/** What a shop on the free plan may have. */
const FEW = 5_000;
const PAGE = "100200300400599";

/** The Desk of a person, as src/desk/layout.rs has it. */
const home = (person, shards) => (shards > 1 ? createHash("sha256").update(person).digest().readUInt32BE(0) % shards : 0);

function shopToml(shards, token, plan) {
  const now = new Date();
  const at = `${String(now.getUTCHours()).padStart(2, "0")}:${String(now.getUTCMinutes()).padStart(2, "0")}`;
  return `[shop]
name = "Bench"
languages = ["en"]
time_zone = "UTC"
country = "LT"
site = "https://bench.example"

[[page]]
id = "${PAGE}"
username = "bench"
shards = ${shards}

[privacy]
controller = "Bench"
contact = "bench@bench.example"
legal_basis = "consent"
keep_receipts_months = 24

[[topic]]
id = "daily"
title.en = "What is warm today"
promise = "daily"

[[notification]]
id = "warm"
topic = "daily"
text.en = "The rye bread is out of the oven."
schedule = { every = "day", at = "${at}" }

[sending]
quiet_hours = "none"
per_second = 300

[cloudflare]
plan = "${plan}"

[[faq]]
id = "bread"
title.en = "Bread"
ask.en = ["what bread do you have", "do you bake rye bread", "which breads are there"]
answer.en = "Rye, wheat and sourdough."

[assistant]
menu = ["bread"]
${token ? '\n[meta]\nrecurring_since = "2024-05-01"\n' : ""}`;
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const json = async (url) => (await fetch(url)).json();

/** `sends.rs`, built once: cargo takes it for outdated each time, because the library is wanted with
 * and without unwinding under one name. BENCH_SENDS names one that is built already. */
function native(bench, ...args) {
  built ??= process.env.BENCH_SENDS ?? build(bench);
  return execFileSync(built, args.map(String), { cwd: bench.root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}
let built;

function build({ root }) {
  const args = ["bench", "--quiet", "--no-run", "--bench", "sends", "--message-format", "json"];
  const told = execFileSync("cargo", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 });
  const artifacts = told.trim().split("\n").map((line) => JSON.parse(line));
  return artifacts.find(({ executable, target }) => executable && target.name === "sends").executable;
}

/** A Worker whose Desks hold so many people, with a run begun and nobody awake yet. */
async function filled(bench, shards, token, plan, people = PEOPLE) {
  const folder = join(bench.folder, `sends-${shards}-${token}-${plan}-${process.hrtime.bigint()}`);
  const shop = join(folder, "shop");
  mkdirSync(shop, { recursive: true });
  writeFileSync(join(shop, "shop.toml"), shopToml(shards, token, plan));
  const file = join(folder, "kv.json");
  execFileSync(process.env.SHOPBELL, ["publish", shop, "--out", file], { stdio: ["ignore", "ignore", "inherit"] });
  const outside = await bench.standIns(JSON.parse(readFileSync(file, "utf8")));
  const around = { "around.js": join(bench.root, "bench/around.mjs"), "counting.js": join(bench.root, "scripts/lib/clock/counting.mjs") };
  const options = { ...bench.environment(outside), outside, around };
  const worker = join(folder, "worker");
  const running = await Running.start(worker, bench.subjects.shopbell, options);
  await wake(bench, running, shards);
  await sleep(2500);
  await running.stop();
  native(bench, "fill", shop, join(worker, "state"), people);
  return { outside, start: () => Running.start(worker, bench.subjects.shopbell, { ...options, keep: true }) };
}

/** Somebody writes to each Desk. */
async function wake(bench, running, shards) {
  for (let shard = 0; shard < shards; shard += 1) {
    const found = [];
    for (let n = 10_000_000_000; found.length === 0; n += 1) if (home(String(n), shards) === shard) found.push(n);
    const requests = webhooks({ count: 1, page: PAGE, questions: ["what bread do you have"], first: found[0], people: 1, secret: bench.secret, port: running.port });
    await fire(running.port, requests, 1);
  }
}

async function sending(bench, shards, latency, plan) {
  const { outside, start } = await filled(bench, shards, true, plan);
  await fetch(`http://127.0.0.1:${outside}/latency?ms=${latency}`);
  const running = await start();
  await wake(bench, running, shards);
  await sleep(3000); // until it runs evenly
  const url = `http://127.0.0.1:${running.port}/__count`;
  await json(`${url}?count=yes`);
  const before = await json(`http://127.0.0.1:${outside}/counts`);
  const [began, cpu] = [performance.now(), running.cpuMs()];
  await sleep(SECONDS * 1000);
  const after = await json(`http://127.0.0.1:${outside}/counts`);
  const seconds = (performance.now() - began) / 1000;
  const spent = running.cpuMs() - cpu;
  const desks = await json(url);
  const memory = running.memoryMiB();
  await running.stop();
  const sent = after.messages - before.messages;
  const invocations = desks.requests + desks.alarms;
  return { perSecond: sent / seconds, sent, desks, memory, cpu: spent / sent, invocation: spent / invocations, atATime: after.mostAtATime, kvReads: after.kvReads - before.kvReads, kvWrites: after.kvWrites - before.kvWrites };
}

/** Everybody is held, so that nothing but planning is done. */
async function planning(bench, plan, people) {
  const { start } = await filled(bench, 1, false, plan, people);
  const running = await start();
  const idle = running.memoryMiB();
  const count = `http://127.0.0.1:${running.port}/__count`;
  await json(`${count}?count=yes`);
  const began = performance.now();
  const cpu = running.cpuMs();
  await wake(bench, running, 1);
  // Nobody asks the Desk meanwhile: that would be an invocation too.
  let [seconds, spent, alarms] = [0, 0, 0];
  for (let quiet = 0; quiet < 10; quiet += 1) {
    await sleep(500);
    const now = (await json(count)).alarms;
    if (now === alarms) continue;
    [quiet, alarms] = [0, now];
    [seconds, spent] = [(performance.now() - began) / 1000, running.cpuMs() - cpu];
    if (seconds > 600) break;
  }
  const memory = running.memoryMiB();
  const token = bench.environment().bindings.ADMIN_TOKEN;
  const report = await fetch(`http://127.0.0.1:${running.port}/admin/report?page=${PAGE}`, { headers: { authorization: `Bearer ${token}` } });
  const held = (await report.json()).answer?.runs?.[0]?.held ?? 0;
  await running.stop();
  if (held !== people) throw new Error(`${held} of ${people} people were planned on the ${plan} plan`);
  return [(people / seconds).toFixed(0), (spent / people).toFixed(2), (spent / (alarms + 1)).toFixed(1), idle.toFixed(0), memory.toFixed(0)];
}

export async function* run(bench) {
  const shop = join(bench.folder, "sends-native");
  mkdirSync(shop, { recursive: true });
  writeFileSync(join(shop, "shop.toml"), shopToml(1, true, "paid"));
  const [, natively] = native(bench, "plan", shop, PEOPLE).split("\t");
  const few = Math.min(PEOPLE, FEW);
  yield {
    title: `sends: planning ${PEOPLE} consents of one Page`,
    rows: [
      ["", "consents a second", "CPU ms each", "CPU ms an invocation", "memory MiB, fresh", "and after"],
      ["natively, one Desk", natively, "", "", "", ""],
      ["workerd, one Desk", ...(await planning(bench, "paid", PEOPLE))],
      [`free plan, ${few} consents`, ...(await planning(bench, "free", few))],
    ],
  };
  const rows = [["", "messages a second", `of Meta's ${META_PER_SECOND}`, "at a time", "CPU ms each", "an invocation", "memory MiB"]];
  const costs = [["a thousand sends by token", "rows written", "rows read", "requests and alarms", "KV reads", "KV writes"]];
  const measured = async (name, shards, latency, plan) => {
    const found = await sending(bench, shards, latency, plan);
    const share = found.perSecond / META_PER_SECOND;
    rows.push([name, found.perSecond.toFixed(0), share.toFixed(2), found.atATime, found.cpu.toFixed(2), found.invocation.toFixed(1), found.memory.toFixed(0)]);
    const per = (n) => ((n / found.sent) * 1000).toFixed(0);
    costs.push([name, per(found.desks.rowsWritten + found.desks.alarmsSet), per(found.desks.rowsRead), per(found.desks.requests + found.desks.alarms), per(found.kvReads), per(found.kvWrites)]);
    return share;
  };
  for (const latency of LATENCIES) {
    let reaches;
    for (const shards of DESKS) {
      const name = `${shards} Desk${shards > 1 ? "s" : ""}, Graph answers after ${latency} ms`;
      // Notifications keep a tenth free for answers.
      if ((await measured(name, shards, latency, "paid")) >= 0.88) reaches ??= shards;
    }
    const by = Math.ceil((0.9 * META_PER_SECOND * latency) / 4000);
    rows.push([`  Meta's limit less a tenth is reached with`, reaches ?? `more; ${by} by arithmetic`, "", "", "", "", ""]);
  }
  // A few messages in each invocation: CPU time binds.
  await measured("free plan, 1 Desk, after 200 ms", 1, 200, "free");
  yield { title: `sends: to ${PEOPLE} people of one Page, ${SECONDS} s of each`, rows };
  yield { title: "sends: what they take", rows: costs };
}
