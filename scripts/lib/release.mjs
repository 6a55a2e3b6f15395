// Puts a release together: release.mjs OUT COMMAND [ARCHIVE]. Everything that goes in is either in git or was
// built from it; nothing says when, where or by whom.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const [out, command, wanted] = process.argv.slice(2);
const tools = createRequire(join(process.env.NPM_TOOLS, "package.json"));
const { parse, stringify } = tools("smol-toml");

const run = (program, ...args) => execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
const version = parse(readFileSync("Cargo.toml", "utf8")).package.version;
const name = `shopbell-${version}`;
const folder = join(out, name);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** The deployment: the bundle as it is, and no build. */
function configuration() {
  const config = parse(readFileSync("wrangler.toml", "utf8"));
  delete config.build;
  config.main = "worker/index.js";
  // What is uploaded is what is here, to the byte.
  config.no_bundle = true;
  config.find_additional_modules = true;
  config.base_dir = "worker";
  return `# Deploys worker/ as it is. docs/setup.md says how.\n${stringify(config)}\n`;
}

function put(path, text) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function copy(from, to = from) {
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  copyFileSync(from, join(folder, to));
  chmodSync(join(folder, to), statSync(from).mode & 0o111 ? 0o755 : 0o644);
}

const tracked = run("git", "ls-files", "-z", "--", "examples", "docs", "kv-schemas").split("\0").filter(Boolean);
tracked.forEach((path) => copy(path));
copy("build/index.js", "worker/index.js");
copy("build/index_bg.wasm", "worker/index_bg.wasm");
copy(command, "bin/shopbell");
copy("scripts/tools/release/wrangler", "scripts/wrangler");
for (const file of ["README.md", "package.json", "package-lock.json"]) copy(`scripts/tools/release/${file}`, file);
for (const file of ["LICENSE-APACHE", "LICENSE-MIT", ".dev.vars.example"]) copy(file);
put("wrangler.toml", configuration());

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  .sort();
const locked = (path, entry) => JSON.parse(readFileSync(path, "utf8")).packages[`node_modules/${entry}`].version;
const crate = (library) => new RegExp(`name = "${library}"\\nversion = "([^"]+)"`).exec(readFileSync("Cargo.lock", "utf8"))[1];
const changed = run("git", "status", "--porcelain", "--untracked-files=no");
const record = {
  name: "shopbell",
  version,
  commit: run("git", "rev-parse", "HEAD") + (changed ? ", and changes that are in no commit" : ""),
  // The same as /health tells.
  source: run(process.execPath, "scripts/lib/bundle.mjs", "stamp"),
  platform: /host: (.*)/.exec(run("rustc", "-vV"))[1],
  tools: {
    rustc: run("rustc", "--version"),
    "worker-build": process.env.WORKER_BUILD_VERSION,
    "wasm-bindgen": crate("wasm-bindgen"),
    binaryen: locked("scripts/tools/package-lock.json", "binaryen"),
    esbuild: locked("scripts/tools/package-lock.json", "esbuild"),
    wrangler: locked("scripts/tools/release/package-lock.json", "wrangler"),
  },
};
put("build.json", `${JSON.stringify(record, null, 2)}\n`);
const sum = (path) => createHash("sha256").update(readFileSync(join(folder, path))).digest("hex");
put("SHA256SUMS", [...files, "build.json"].sort().map((path) => `${sum(path)}  ${path}\n`).join(""));

console.log(folder);
if (wanted) archive();

/** The folder in one file, which holds no time and no owner. */
function archive() {
  const file = join(out, `${name}-${process.platform}-${process.arch}.tar.gz`);
  const still = ["--sort=name", "--format=ustar", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const tar = execFileSync("tar", [...still, "-cf", "-", name], { cwd: out, maxBuffer: 1 << 30 });
  writeFileSync(file, execFileSync("gzip", ["-9n"], { input: tar, maxBuffer: 1 << 30 }));
  console.log(`${file} (${(statSync(file).size / 2 ** 20).toFixed(1)} MiB)`);
}
