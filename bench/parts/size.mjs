// How big the bundle is, and what takes the space.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { crateOf, functions, sections } from "../wasm.mjs";

const LINES = 12;
const kib = (bytes) => (bytes / 1024).toFixed(1);

export async function run({ subjects }) {
  const ours = [subjects.shopbell.entry, subjects.shopbell.wasm].map((path) => readFileSync(path));
  const theirs = readFileSync(subjects.javascript.entry);
  const wasm = ours[1];
  const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);
  const gzip = (file) => gzipSync(file, { level: 9 }).length;

  const crates = new Map();
  for (const { name, size } of functions(wasm)) {
    const crate = crateOf(name);
    crates.set(crate, (crates.get(crate) ?? 0) + size);
  }
  const largest = [...crates].sort((a, b) => b[1] - a[1]);
  const rest = largest.splice(LINES);

  return {
    title: "size, in KiB",
    rows: [
      ["", "raw", "gzip"],
      ["the bundle", kib(sum(ours.map((file) => file.length))), kib(sum(ours.map(gzip)))],
      ["  of it JavaScript", kib(ours[0].length), kib(gzip(ours[0]))],
      ["the JavaScript Worker", kib(theirs.length), kib(gzip(theirs))],
      ...sections(wasm)
        .filter(({ size }) => size >= 1024)
        .map(({ name, size, body: { end } }) => [`  section ${name}`, kib(size), kib(gzip(wasm.subarray(end - size, end)))]),
      ...largest.map(([crate, size]) => [`    code of ${crate}`, kib(size)]),
      [`    code of ${rest.length} others`, kib(sum(rest.map(([, size]) => size)))],
    ],
  };
}
