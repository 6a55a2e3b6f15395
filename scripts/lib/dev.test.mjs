// scripts/dev against a small Worker in place of the bundle, and a command that publishes nothing:
// what is tested is starting, stopping and the clock.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const HOUR = 3_600_000;
const lib = import.meta.dirname;
const root = mkdtempSync(join(tmpdir(), "shopbell-test-"));
const running = new Set();

// The same exports as the bundle. GET /?alarm=<ms> sets the Desk's alarm inside a transaction.
const WORKER = `
  import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
  export class Desk extends DurableObject {
    async fetch(request) {
      const { searchParams } = new URL(request.url);
      const { storage } = this.ctx;
      if (searchParams.has("alarm")) storage.transactionSync(() => { storage.setAlarm(Number(searchParams.get("alarm"))) });
      if (searchParams.has("undone")) try {
        storage.transactionSync(() => { storage.setAlarm(Number(searchParams.get("undone"))); throw new Error("undo") });
      } catch {}
      return Response.json({
        now: Date.now(), made: new Date().getTime(), isDate: new Date(0) instanceof Date,
        alarm: await storage.getAlarm(), fired: storage.kv.get("fired") ?? null,
        secret: this.env.APP_SECRET, page: this.env.PAGE_TOKEN_42, graph: this.env.GRAPH_BASE_URL,
      });
    }
    alarm() { this.ctx.storage.kv.put("fired", Date.now()); }
  }
  export default class extends WorkerEntrypoint {
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/health") return Response.json({ status: "ok" });
      if (pathname === "/error") { console.error("this went wrong"); return new Response(); }
      return this.env.DESK.get(this.env.DESK.idFromName("one")).fetch(request);
    }
    scheduled() {}
  }
`;

mkdirSync(join(root, "build"));
mkdirSync(join(root, "shop"));
mkdirSync(join(root, "target/debug"), { recursive: true });
writeFileSync(join(root, "build/index.js"), WORKER);
writeFileSync(join(root, "shop/shop.toml"), "");
writeFileSync(join(root, "target/debug/shopbell"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
cpSync(join(lib, "clock"), join(root, "scripts/lib/clock"), { recursive: true });
for (const file of ["wrangler.toml", ".dev.vars.example"]) cpSync(resolve(lib, "../..", file), join(root, file));

after(() => {
  for (const child of running) child.kill("SIGTERM");
  rmSync(root, { recursive: true, force: true });
});

/** Starts scripts/dev's program and waits for its `ready` line. */
async function dev(state, ...options) {
  const args = [join(lib, "dev.mjs"), "--shop", join(root, "shop"), "--state", join(root, state), "--graph", "http://127.0.0.1:9", ...options];
  const env = { ...process.env, SHOPBELL_ROOT: root, CARGO_TARGET_DIR: join(root, "target"), PAGE_TOKEN_42: `it's "quoted" $HOME` };
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  const errors = [];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  const ended = new Promise((done) => child.on("exit", (code) => { running.delete(child); done(code); }));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("ready ")) {
      const address = line.slice("ready ".length);
      const json = async (path) => (await fetch(address + path)).json();
      return { child, errors, ended, address, json };
    }
  }
  throw new Error(`not ready: ${errors.join("\n")}`);
}

/** Process groups by the text in a command line; those that only wait to be reaped are gone. */
async function groups(wanted) {
  const ps = spawn("ps", ["-eo", "stat=,pgid=,args="]);
  let out = "";
  for await (const data of ps.stdout) out += data;
  const alive = out.split("\n").map((line) => /^\s*(\S+)\s+(\d+)\s+(.*)$/.exec(line)).filter((each) => each && !each[1].startsWith("Z"));
  return alive.filter(([, , group, args]) => wanted(group, args)).map(([, , group, args]) => ({ group, args }));
}

async function until(condition, what) {
  for (let waited = 0; waited < 10_000; waited += 100) {
    if (await condition()) return;
    await sleep(100);
  }
  assert.fail(`not within 10 s: ${what}`);
}

test("secrets from the environment win over the fixed ones, and every character survives", async () => {
  const { child, ended, json } = await dev("secrets");
  const seen = await json("/");
  assert.equal(seen.page, `it's "quoted" $HOME`);
  assert.match(readFileSync(join(root, ".dev.vars.example"), "utf8"), new RegExp(`APP_SECRET=${seen.secret}`));
  assert.equal(seen.graph, "http://127.0.0.1:9");
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
});

test("a moved clock shifts Date, keeps alarms in virtual time, fires what became due, and survives a restart", async () => {
  const start = Date.UTC(2030, 0, 1);
  let run = await dev("clock", `--clock=${start}`);
  let seen = await run.json(`/?alarm=${start + 2 * HOUR}`);
  assert.ok(seen.now >= start && seen.now < start + 60_000, "starts at the given time");
  assert.ok(Math.abs(seen.made - seen.now) < 1000 && seen.isDate);
  assert.equal(seen.alarm, start + 2 * HOUR);

  await run.json(`/__clock?t=${start + HOUR}`);
  seen = await run.json("/");
  assert.equal(seen.alarm, start + 2 * HOUR, "the alarm keeps its virtual time");
  assert.equal(seen.fired, null);
  seen = await run.json(`/?undone=${start + 9 * HOUR}`);
  assert.equal(seen.alarm, start + 2 * HOUR, "an alarm in a transaction that fails is undone");

  run.child.kill("SIGKILL");
  await run.ended;
  run = await dev("clock", `--clock=${start}`);
  const { now } = await run.json("/__clock");
  assert.ok(now >= start + HOUR && now < start + HOUR + 60_000, "the same start value does not turn the clock back");

  // Nobody has spoken to the Desk since the restart; it is found all the same.
  await run.json(`/__clock?t=${start + 3 * HOUR}`);
  await until(async () => (await run.json("/")).fired !== null, "the overdue alarm");
  seen = await run.json("/");
  assert.ok(seen.fired >= start + 3 * HOUR && seen.fired < start + 3 * HOUR + 60_000);
  assert.equal(seen.alarm, null);
  run.child.kill("SIGTERM");
  assert.equal(await run.ended, 0);
});

test("an error that the Worker logs is shown", async () => {
  const run = await dev("errors");
  await fetch(`${run.address}/error`);
  await until(() => run.errors.some((line) => line.includes("this went wrong")), "the Worker's error");
  run.child.stdin.end();
  run.child.kill("SIGTERM");
  await run.ended;
});

test("nothing outlives it: closed standard input, SIGTERM, SIGKILL", async () => {
  for (const [state, stop] of [
    ["eof", (child) => child.stdin.end()],
    ["term", (child) => child.kill("SIGTERM")],
    ["kill", (child) => child.kill("SIGKILL")],
  ]) {
    const run = await dev(state, ...(state === "eof" ? ["--until-eof"] : []));
    // --persist-to stands in wrangler's command line; workerd is in wrangler's group.
    const [{ group }] = await groups((_, args) => args.includes(`--persist-to ${join(root, state)}`));
    const members = () => groups((each) => each === group);
    assert.ok((await members()).some(({ args }) => args.includes("workerd serve")));
    stop(run.child);
    await run.ended;
    await until(async () => (await members()).length === 0, `the end of wrangler and workerd after ${state}`);
  }
});

test("a port in use is named", async () => {
  const first = await dev("port");
  const port = new URL(first.address).port;
  await assert.rejects(dev("port2", "--port", port), new RegExp(`port ${port} cannot be used`));
  first.child.kill("SIGTERM");
  await first.ended;
});
