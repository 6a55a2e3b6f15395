// Plays wrangler for tests. It decides nothing: what it was called with goes to the test that started it
// (argv, standard input, the files it was given), and the test's answer comes out. Nothing is written to
// a file but the results that the test wants there. Plain http: it starts in half the time of fetch.
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
const { request } = require("node:http");

const argv = process.argv.slice(2);
const read = (path) => (path && existsSync(path) ? readFileSync(path, "utf8") : null);
const config = argv.includes("--config") ? argv[argv.indexOf("--config") + 1] : undefined;
const file = argv.slice(0, 3).join(" ") === "kv bulk put" ? argv[3] : undefined;
const asked = {
  argv,
  stdin: readFileSync(0, "utf8"),
  config: read(config),
  file: read(file),
  environment: Object.keys(process.env),
};
const asking = request(process.env.STANDIN_URL, { method: "POST", headers: { "content-type": "application/json" } }, (answer) => {
  let text = "";
  answer.setEncoding("utf8").on("data", (part) => (text += part));
  answer.on("end", () => {
    if (answer.statusCode !== 200) process.exit(70);
    const { out, err, code, results } = JSON.parse(text);
    if (results && process.env.WRANGLER_OUTPUT_FILE_PATH) appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, results);
    process.stdout.write(out ?? "");
    process.stderr.write(err ?? "");
    process.exitCode = code ?? 0;
  });
});
asking.on("error", () => process.exit(70));
asking.end(JSON.stringify(asked));
