// Starts programs so that none of them outlives this process, however it ends.
//
// Each program leads a process group of its own, so that what it starts in turn (wrangler starts
// workerd) ends with it. A keeper process holds the other end of a pipe: when this process is gone,
// even by SIGKILL, the pipe closes, and the keeper ends the groups and removes the folders that
// were to be temporary.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, rmSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

const GRACE_MS = 3000;

// Lines on its input: {"group":1} began, {"gone":1} ended, {"folder":"/tmp/x"} is to be removed.
const KEEPER = `
  const fs = require("node:fs"), groups = new Set(), folders = [];
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const { group, gone, folder } = JSON.parse(line);
    if (group) groups.add(group);
    if (gone) groups.delete(gone);
    if (folder) folders.push(folder);
  }).on("close", async () => {
    const end = (signal) => { for (const group of groups) try { process.kill(-group, signal) } catch {} };
    if (groups.size) {
      end("SIGTERM");
      await new Promise((done) => setTimeout(done, ${GRACE_MS}));
      end("SIGKILL");
    }
    for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
    process.exit();
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
`;

export class Processes {
  #running = new Map();
  #keeper = spawn(process.execPath, ["-e", KEEPER], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  #log;
  #folders = [];
  #stopping = false;

  /** @param logPath file that gets everything the programs print */
  constructor(logPath) {
    this.#log = createWriteStream(logPath, { flags: "a", mode: 0o600 });
    this.#keeper.stdin.on("error", () => {});
    this.#keeper.unref();
    this.#keeper.stdin.unref?.();
  }

  #tell(keeper) {
    this.#keeper.stdin.write(`${JSON.stringify(keeper)}\n`);
  }

  /** Has a folder removed at the end, whatever the end is. */
  removeAtEnd(folder) {
    this.#folders.push(folder);
    this.#tell({ folder });
  }

  /**
   * Starts a program that is to run until the end.
   * `line` sees each line it prints; `ended` is called with a sentence when it ends by itself.
   */
  start(name, command, args, { env, cwd, line = () => {}, ended = () => {} } = {}) {
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid) {
      this.#running.set(name, child);
      this.#tell({ group: child.pid });
    }
    for (const stream of [child.stdout, child.stderr]) this.#read(name, stream, line);
    child.on("error", (error) => ended(`${name} could not be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      this.#running.delete(name);
      this.#tell({ gone: child.pid });
      if (!this.#stopping) ended(`${name} ended by itself (${signal ?? `exit code ${code}`})`);
    });
    return child;
  }

  /** Runs a program to its end. Resolves to its exit code. */
  async run(name, command, args, options) {
    const child = this.start(name, command, args, options);
    const [code] = await Promise.race([
      once(child, "close"),
      once(child, "error").then(([error]) => { throw error; }),
    ]);
    return code ?? 1;
  }

  /** Ends one program and all of its group. */
  end(name) {
    const child = this.#running.get(name);
    if (!child) return;
    try { process.kill(-child.pid, "SIGKILL"); } catch { /* it just ended */ }
  }

  #read(name, stream, line) {
    let text = "";
    const take = (raw) => {
      const plain = stripVTControlCharacters(raw).trimEnd();
      this.#log.write(`${name}: ${plain}\n`);
      line(plain);
    };
    stream.setEncoding("utf8");
    stream.on("data", (data) => {
      text += data;
      const lines = text.split("\n");
      text = lines.pop();
      for (const one of lines) take(one);
    });
    stream.on("end", () => text && take(text));
  }

  /** Ends every program, waits for it, and removes the temporary folders. */
  async stop() {
    if (this.#stopping) return;
    this.#stopping = true;
    const children = [...this.#running.values()];
    const signal = (which) => {
      for (const child of children) {
        try { process.kill(-child.pid, which); } catch { /* the group is gone */ }
      }
    };
    signal("SIGTERM");
    const all = Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
    await Promise.race([all, new Promise((done) => setTimeout(done, GRACE_MS).unref())]);
    signal("SIGKILL"); // also what a leader that ended in time left behind in its group
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}
