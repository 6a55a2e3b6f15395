// What scripts/build knows about the bundle: is it fresh, and how big is it.
//   fresh         exit 0 (and print the size) when build/ was made from the present sources
//   stamp         print what identifies the present sources and tools; taken before building, and
//                 told by the bundle as its build
//   built STAMP   note what build/ was made from, and print the size
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const OUTPUTS = ["build/index.js", "build/index_bg.wasm"];
const STAMP_FILE = "build/.stamp";

/** The files that can change the bundle. The command's own sources are compiled natively only. */
function sources() {
  const code = readdirSync("src", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path !== "src/main.rs" && !path.startsWith("src/cli/"));
  const settings = ["Cargo.toml", "Cargo.lock", "build.rs", "rust-toolchain.toml", ".cargo/config.toml", ".dev.vars.example"];
  const tools = ["scripts/build", "scripts/lib/toolchain.sh", "scripts/lib/cdylib/cargo", "scripts/tools/package-lock.json"];
  return [...settings, ...tools, ...code];
}

/** Files outside src/ that the last build read (include_str! and the like), as cargo noted them. */
function included() {
  const target = process.env.CARGO_TARGET_DIR ?? "target";
  const note = join(target, "wasm32-unknown-unknown/release/shopbell.d");
  if (!existsSync(note)) return [];
  const root = process.cwd() + "/";
  return readFileSync(note, "utf8")
    .replace(/^[^\n]*?: /, "")
    .split(/(?<!\\)\s+/)
    .map((path) => path.replaceAll("\\ ", " "))
    .filter((path) => path.startsWith(root))
    .map((path) => path.slice(root.length))
    .filter((path) => !path.startsWith("src/") && !path.startsWith("target/"));
}

function stamp(paths) {
  const hash = createHash("sha256").update(process.env.WORKER_BUILD_VERSION);
  for (const path of [...new Set(paths)].sort()) {
    if (existsSync(path)) hash.update(`\0${path}\0`).update(readFileSync(path));
  }
  return hash.digest("hex");
}

const everything = () => stamp([...sources(), ...included()]);

function size() {
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  const files = OUTPUTS.map((path) => readFileSync(path));
  const raw = files.reduce((sum, file) => sum + file.length, 0);
  const gzip = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
  return `${kib(raw)}, gzip ${kib(gzip)}`;
}

const [what, given] = process.argv.slice(2);
if (what === "fresh") {
  const whole = [...OUTPUTS, STAMP_FILE].every((path) => existsSync(path));
  if (!whole || readFileSync(STAMP_FILE, "utf8") !== everything()) process.exit(1);
  console.error(`the bundle is up to date (${size()})`);
} else if (what === "stamp") {
  console.log(stamp(sources()));
} else if (what === "built") {
  // Sources that changed during the build may or may not be in it: leave no note, build again.
  if (given === stamp(sources())) writeFileSync(STAMP_FILE, everything());
  else rmSync(STAMP_FILE, { force: true });
  console.error(`bundle: ${size()}`);
}
