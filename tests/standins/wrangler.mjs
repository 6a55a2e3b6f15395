// Plays wrangler for tests. It decides nothing: what it was called with goes to the test that started it
// (argv, standard input, the files it was given), and the test's answer comes out. Nothing is written to
// a file but the results that the test wants there.
import { appendFileSync, existsSync, readFileSync } from "node:fs";

const argv = process.argv.slice(2);
let stdin = "";
for await (const chunk of process.stdin) stdin += chunk;
const config = argv[argv.indexOf("--config") + 1];
const file = argv.slice(0, 3).join(" ") === "kv bulk put" ? argv[3] : undefined;
const read = (path) => (path && existsSync(path) ? readFileSync(path, "utf8") : null);
const asked = {
  argv,
  stdin,
  config: argv.includes("--config") ? read(config) : null,
  file: read(file),
  environment: Object.keys(process.env),
};
const answer = await fetch(process.env.STANDIN_URL, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(asked),
}).catch(() => process.exit(70));
const { out, err, code, results } = await answer.json();
if (results && process.env.WRANGLER_OUTPUT_FILE_PATH) appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, results);
process.stdout.write(out ?? "");
process.stderr.write(err ?? "");
process.exitCode = code ?? 0;
