// The wrangler configuration that scripts/dev runs with: wrangler.toml, changed where a run on this
// machine differs, in a private folder outside the tree (it holds the secrets).
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SECRETS = ["APP_SECRET", "VERIFY_TOKEN", "PAGE_TOKEN", "ADMIN_TOKEN", "SIGNING_KEY", "SIGNING_KEY_PREVIOUS", "ADS_TOKEN"];
const PAGE_SECRET = /^PAGE_TOKEN_[A-Za-z0-9_-]+$/;
const VARS = ["APP_ID", "GRAPH_VERSION", "PUBLIC_URL"];

/** The secrets: from the environment, or else the fixed values of .dev.vars.example. */
export function secrets(root) {
  const fixed = Object.fromEntries(
    readFileSync(join(root, ".dev.vars.example"), "utf8")
      .split("\n")
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const given = Object.entries(process.env).filter(([name]) => SECRETS.includes(name) || PAGE_SECRET.test(name));
  return { ...fixed, ...Object.fromEntries(given) };
}

/**
 * Writes the configuration and returns its folder, which the caller removes.
 * `graph` and `publicUrl` are addresses; with `clock` the entry is the movable clock around the
 * bundle, and `clockStart` (ms since 1970) its first time.
 */
export function writeConfig(root, { graph, publicUrl, clock, clockStart }) {
  const { parse } = createRequire(join(process.env.NPM_TOOLS, "package.json"))("smol-toml");
  const config = parse(readFileSync(join(root, "wrangler.toml"), "utf8"));
  delete config.build; // scripts/dev has built already
  delete config.account_id;
  delete config.routes;
  config.main = join(root, clock ? "scripts/lib/clock/entry.mjs" : config.main);
  const given = VARS.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]]);
  config.vars = { ...config.vars, PUBLIC_URL: publicUrl, ...Object.fromEntries(given), GRAPH_BASE_URL: graph };
  if (clock) {
    config.durable_objects.bindings.push({ name: "CLOCK", class_name: "Clock" });
    config.migrations.push({ tag: "clock", new_sqlite_classes: ["Clock"] });
    if (clockStart !== undefined) config.vars.CLOCK_START = String(clockStart);
  }
  const folder = mkdtempSync(join(tmpdir(), "shopbell-dev-"));
  chmodSync(folder, 0o700);
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(config, null, 2));
  const lines = Object.entries(secrets(root)).map(([name, value]) => `${name}=${quote(name, value)}\n`);
  writeFileSync(join(folder, ".dev.vars"), lines.join(""), { mode: 0o600 });
  return folder;
}

/** The format knows no escapes, but three kinds of quotes. */
function quote(name, value) {
  const mark = ["'", "`", '"'].find((each) => !value.includes(each));
  if (mark === undefined) throw new Error(`${name} contains all of ' \` and ", which cannot be handed to wrangler`);
  return mark + value + mark;
}

/** What keeps wrangler on this machine: no metrics, no reports, no look-ups, no shared registry. */
export function offline(folder) {
  return {
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true", // the banner asks the registry for a newer version
    WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
    WRANGLER_WRITE_LOGS: "false",
    WRANGLER_LOG_PATH: join(folder, "logs"),
    WRANGLER_REGISTRY_PATH: join(folder, "registry"),
    WRANGLER_CACHE_DIR: join(folder, "cache"),
    MINIFLARE_CACHE_DIR: join(folder, "cache"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
    X_LOCAL_EXPLORER: "false",
    X_LOCAL_OBSERVABILITY: "false",
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
    FORCE_COLOR: "0",
  };
}
