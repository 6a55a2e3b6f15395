// scripts/dev, after everything is built: publish, sandbox, Worker, cron; and the end of it all.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Processes } from "./processes.mjs";
import { offline, secrets, writeConfig } from "./worker-config.mjs";

const READY_WITHIN_MS = 60_000;
const CRON = "* * * * *";
const SANDBOX_APP_ID = "4100000000000001"; // as `shopbell sandbox` has it, unless it is told another
const root = process.env.SHOPBELL_ROOT;

/** A mistake or a failure that a person can do something about. */
class Failure extends Error {}

const options = readOptions();
mkdirSync(options.state, { recursive: true });
const logPath = join(options.state, "dev.log");
rmSync(logPath, { force: true });
const processes = new Processes(logPath);
let configFolder;
let ending = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(0));
if (options.untilEof) process.stdin.on("end", () => end(0)).on("error", () => end(0)).resume();
process.stdout.on("error", () => end(0)); // whoever read us is gone

main().catch((error) => fail(error instanceof Failure ? error.message : error.stack));

async function main() {
  if (!options.graph) process.env.APP_ID ??= SANDBOX_APP_ID;
  const worker = `http://127.0.0.1:${await freePort(options.port)}`;
  const page = options.graph ? undefined : `http://127.0.0.1:${await freePort(options.sandboxPort)}`;
  configFolder = writeConfig(root, {
    graph: options.graph ?? page,
    publicUrl: worker,
    clock: options.clock,
    clockStart: options.clockStart,
  });
  processes.removeAtEnd(configFolder);
  if (options.publish) await publish();
  if (page) startSandbox(page, worker);
  startWorker(worker);
  await Promise.all([answers(`${worker}/health`, (status) => status === 200), page && answers(page)]);
  if (page) await syncProfile(page);
  if (options.cron) fireCron(worker);
  greet(worker, page);
}

function readOptions() {
  // --clock may stand alone or bring a value; parseArgs knows only one of the two.
  const args = process.argv.slice(2).map((arg) => (arg === "--clock" ? "--clock=" : arg));
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        shop: { type: "string", default: join(root, "examples/cafe") },
        port: { type: "string" },
        state: { type: "string" },
        graph: { type: "string" },
        clock: { type: "string" },
        "no-clock": { type: "boolean" },
        "no-cron": { type: "boolean" },
        "no-publish": { type: "boolean" },
        "sandbox-port": { type: "string" },
        "until-eof": { type: "boolean" },
      },
    }));
  } catch (error) {
    usage(error.message);
  }
  const shop = resolve(values.shop);
  if (!existsSync(join(shop, "shop.toml"))) usage(`there is no shop.toml in ${shop}; name a shop's folder with --shop`);
  if (values.clock && !/^\d{1,15}$/.test(values.clock)) usage("--clock takes milliseconds since 1970, or nothing");
  if (values.graph !== undefined && !URL.canParse(values.graph)) usage("--graph takes an address like http://127.0.0.1:9000");
  const key = createHash("sha256").update(shop).digest("hex").slice(0, 16);
  return {
    shop,
    port: port(values.port, "--port"),
    sandboxPort: port(values["sandbox-port"], "--sandbox-port"),
    state: resolve(values.state ?? join(process.env.SHOPBELL_CACHE, "state", key)),
    graph: values.graph?.replace(/\/+$/, ""),
    clock: !values["no-clock"] && (values.clock !== undefined || values.graph === undefined),
    clockStart: values.clock || undefined,
    cron: !values["no-cron"] && values.graph === undefined,
    publish: !values["no-publish"],
    untilEof: values["until-eof"],
  };
}

function port(text, option) {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65535) usage(`${option} takes a number from 1 to 65535`);
  return number;
}

function usage(message) {
  console.error(`error: ${message}\nscripts/dev --help shows what it takes`);
  process.exit(2);
}

/** The port asked for, or any; either way one that nobody listens on. */
function freePort(wanted) {
  return new Promise((done, failed) => {
    const server = createServer().on("error", ({ code }) => failed(new Failure(`port ${wanted} cannot be used (${code}); choose another one`)));
    server.listen(wanted ?? 0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const environment = () => ({ ...process.env, ...secrets(root), ...offline(configFolder) });
const command = () => join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/shopbell");

/** Writes the shop into the local KV, before the Worker that reads it starts. */
async function publish() {
  const printed = [];
  const code = await processes.run("publish", command(), ["publish", options.shop, "--local", "--state", options.state], {
    cwd: root,
    env: { ...environment(), WRANGLER: join(root, "scripts/wrangler") },
    line: (line) => printed.push(line),
  });
  if (code !== 0) throw new Failure(`${options.shop} could not be published:\n${printed.slice(-30).join("\n")}`);
}

/** Get Started, the menu and the like: as on Meta, there are none until they are set. */
async function syncProfile(page) {
  const printed = [];
  const code = await processes.run("profile", command(), ["profile", "sync", options.shop, "--graph", page], {
    cwd: root,
    env: environment(),
    line: (line) => printed.push(line),
  });
  if (code !== 0) throw new Failure(`the profile of ${options.shop} could not be set:\n${printed.slice(-10).join("\n")}`);
}

function startSandbox(page, worker) {
  const args = ["sandbox", "--shop", options.shop, "--port", new URL(page).port, "--url", worker];
  processes.start("sandbox", command(), options.clock ? [...args, "--clock"] : args, {
    cwd: root,
    env: environment(),
    ended: fail,
  });
}

function startWorker(worker) {
  const wrangler = join(process.env.NPM_TOOLS, "node_modules/wrangler/bin/wrangler.js");
  const args = [
    wrangler, "dev",
    "--config", join(configFolder, "wrangler.json"),
    "--ip", "127.0.0.1", "--port", new URL(worker).port, "--inspector-port", "0",
    "--persist-to", options.state,
    "--show-interactive-dev-session=false",
  ];
  processes.start("worker", process.execPath, args, {
    cwd: configFolder,
    env: { ...environment(), CI: "true", TMPDIR: configFolder }, // never ask; leave nothing behind
    line: workerErrors(),
    ended: fail,
  });
}

/**
 * Of all that wrangler prints, only errors are worth a person's attention; wrangler marks them, and
 * what follows indented belongs to them.
 */
function workerErrors() {
  let inError = false;
  return (line) => {
    inError = line.includes("[ERROR]") || (inError && /^\s+\S/.test(line));
    if (inError && !ending) console.error(line);
  };
}

async function answers(url, good = () => true) {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!ending) {
    try {
      const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5000) });
      await answer.body?.cancel();
      if (good(answer.status)) return;
    } catch { /* not listening yet */ }
    if (Date.now() > deadline) throw new Failure(`${url} did not answer within ${READY_WITHIN_MS / 1000} s`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Cloudflare fires on the minute; so does this, in virtual time when there is a clock. */
function fireCron(worker) {
  const tick = async () => {
    plan();
    try {
      const now = options.clock ? (await (await fetch(`${worker}/__clock`)).json()).now : Date.now();
      const query = new URLSearchParams({ cron: CRON, time: String(Math.floor(now / 60_000) * 60_000) });
      await fetch(`${worker}/cdn-cgi/local/scheduled?${query}`);
    } catch (error) {
      if (!ending) console.error(`cron: ${error.message}`);
    }
  };
  const plan = () => setTimeout(tick, 60_000 - (Date.now() % 60_000));
  plan();
}

function greet(worker, page) {
  console.log(`worker  ${worker}   shop ${options.shop}`);
  if (page) console.log(`phone   ${page}   open it and write to the shop: what are your opening hours?`);
  console.log(`status  ${worker}/admin/status   bearer: the ADMIN_TOKEN of ${process.env.ADMIN_TOKEN ? "the environment" : ".dev.vars.example"}`);
  if (options.clock) console.log(`clock   ${worker}/__clock?t=<ms since 1970> moves the time`);
  console.log(`log     ${logPath}`);
  console.log(`ready ${worker}`);
}

function fail(message) {
  if (ending) return;
  console.error(`error: ${message}`);
  if (existsSync(logPath)) {
    const tail = readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-15);
    console.error(`the last lines of ${logPath}:\n${tail.map((line) => `  ${line}`).join("\n")}`);
  }
  end(1);
}

async function end(code) {
  if (ending) return;
  ending = true;
  await processes.stop();
  process.exit(code);
}
