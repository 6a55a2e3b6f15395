// Time per question and per decision, natively: what the answer itself costs, without a platform.
import { execFileSync } from "node:child_process";

export async function run({ root }) {
  const printed = execFileSync("cargo", ["bench", "--quiet", "--bench", "faq"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const lines = printed.trim().split("\n").map((line) => line.split("\t"));
  return { title: "faq: the example café's questions, natively, in µs", rows: [["", "median", "99th percentile"], ...lines] };
}
