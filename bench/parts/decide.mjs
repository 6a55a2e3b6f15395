// What one decision takes natively, without a platform: time and allocations for each kind of event.
import { execFileSync } from "node:child_process";

export function run({ root }) {
  const printed = execFileSync("cargo", ["bench", "--quiet", "--bench", "decide"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const lines = printed.trim().split("\n").map((line) => line.split("\t"));
  const heading = ["shop", "event", "decided", "median µs", "99th percentile", "allocations", "bytes"];
  return { title: "decide: one event, natively", rows: [heading, ...lines] };
}
