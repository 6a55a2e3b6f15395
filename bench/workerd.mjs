// A Worker on workerd itself, without wrangler in between (its proxy takes most of the time).
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const workerd = createRequire(join(process.env.NPM_TOOLS, "package.json"))("workerd").default;
const READY_WITHIN_MS = 30_000;

/** The two that are compared: what they are called and which files they are made of. */
export const subjects = (root) => ({
  shopbell: { entry: join(root, "build/index.js"), wasm: join(root, "build/index_bg.wasm") },
  javascript: { entry: join(root, "bench/javascript/worker.js") },
  redirect: { entry: join(root, "bench/javascript/redirect.js") },
});

/** workerd's configuration for a Worker, its Desk and its bindings. */
function configuration({ port, outside, compatibilityDate, wasm, bindings, around }) {
  const text = (value) => JSON.stringify(value); // capnp's strings are quoted like JSON's
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "kv", external = (address = "127.0.0.1:${outside}", http = ())),
    (name = "network", network = (allow = ["private"])),
    (name = "disk", disk = (path = "state", writable = true)),
  ],
  ${process.env.BENCH_V8 ? `v8Flags = [${process.env.BENCH_V8.split(" ").map(text).join(", ")}],` : ""}
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    ${around ? '(name = "around.js", esModule = embed "around.js"), (name = "counting.js", esModule = embed "counting.js"),' : ""}
    (name = "index.js", esModule = embed "index.js"),
    ${wasm ? '(name = "index_bg.wasm", wasm = embed "index_bg.wasm"),' : ""}
  ],
  compatibilityDate = ${text(compatibilityDate)},
  bindings = [
    (name = "SHOP", kvNamespace = "kv"),
    (name = "DESK", durableObjectNamespace = "Desk"),
    ${Object.entries(bindings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)}),`).join("\n    ")}
  ],
  durableObjectNamespaces = [(className = "Desk", uniqueKey = "desk", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  globalOutbound = "network",
);
`;
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** One Worker in one workerd process, on a folder of its own. */
export class Running {
  /** With `keep` on the state of the last time; with `around` inside a module that counts. */
  static async start(folder, subject, { outside, compatibilityDate, bindings, keep, around }) {
    const port = await freePort();
    if (!keep) rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "state"), { recursive: true });
    copyFileSync(subject.entry, join(folder, "index.js"));
    if (subject.wasm) copyFileSync(subject.wasm, join(folder, "index_bg.wasm"));
    for (const [name, file] of Object.entries(around ?? {})) copyFileSync(file, join(folder, name));
    const config = join(folder, "worker.capnp");
    writeFileSync(config, configuration({ port, outside, compatibilityDate, wasm: subject.wasm, bindings, around }));
    const began = performance.now();
    const child = spawn(workerd, ["serve", config, ...(process.env.BENCH_VERBOSE ? ["--verbose"] : [])], { cwd: folder, stdio: ["ignore", "ignore", process.env.BENCH_VERBOSE ? "inherit" : "ignore"] });
    const running = new Running(child, port, began);
    await running.#listening();
    return running;
  }

  constructor(child, port, began) {
    this.child = child;
    this.port = port;
    /** When the process was started, by performance.now(). */
    this.began = began;
    process.once("exit", () => this.child.kill("SIGKILL"));
  }

  async #listening() {
    for (const deadline = performance.now() + READY_WITHIN_MS; ; ) {
      if (this.child.exitCode !== null) throw new Error(`workerd ended (exit code ${this.child.exitCode}); BENCH_VERBOSE=1 shows what it said`);
      const open = await new Promise((done) => {
        const socket = connect(this.port, "127.0.0.1", () => done(true)).on("error", () => done(false));
        socket.on("connect", () => socket.destroy());
      });
      if (open) return;
      if (performance.now() > deadline) throw new Error("workerd does not listen");
      await new Promise((done) => setTimeout(done, 1));
    }
  }

  /** CPU time of the process so far, all of its threads, in ms. Steps of 10 ms. */
  cpuMs() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").split(") ").pop().split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]); // utime, stime
    return ticks * 10; // USER_HZ is 100 on every Linux
  }

  /** Resident memory, in MiB. */
  memoryMiB() {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8"))?.[1];
    return Number(kib) / 1024;
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGKILL");
    await gone;
  }
}
