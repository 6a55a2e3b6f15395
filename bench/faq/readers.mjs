// The sets' own layouts, as lists of { text, label }.
import { readFileSync } from "node:fs";

/** The label of a question that none of the answers fits. */
export const NONE = "NO_NODES_DETECTED";

export function csv(path, text, label) {
  const [header, ...rows] = records(readFileSync(path, "utf8"));
  const [textAt, labelAt] = [text, label].map((name) => header.indexOf(name));
  return rows.filter((row) => row.length > 1).map((row) => ({ text: row[textAt], label: row[labelAt] }));
}

function records(source) {
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at];
    const row = rows[rows.length - 1];
    if (quoted && character === '"' && source[at + 1] === '"') row[row.length - 1] += source[(at += 1)];
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === ",") row.push("");
    else if (!quoted && character === "\n") rows.push([""]);
    else if (quoted || character !== "\r") row[row.length - 1] += character;
  }
  return rows;
}

/** What `shopbell eval` reads. */
export const toCsv = (rows) =>
  ["sentence,label", ...rows.map(({ text, label }) => `${quote(text)},${quote(label)}`)].join("\n") + "\n";

const quote = (field) => `"${field.replaceAll('"', '""')}"`;

export function clinc(path, lists) {
  const all = JSON.parse(readFileSync(path, "utf8"));
  return lists.flatMap((name) => all[name]).map(([text, label]) => ({ text, label: label === "oos" ? NONE : label }));
}

/** One file of questions, one of labels, line by line. */
export function paired(questions, answers) {
  const lines = (path) => readFileSync(path, "utf8").split(/\r?\n/);
  const labels = lines(answers);
  return lines(questions)
    .map((text, at) => ({ text: text.replace(/^"|"$/g, ""), label: labels[at] === "None" ? NONE : labels[at] }))
    .filter(({ text, label }) => text && label);
}

export function conll(path) {
  const blocks = readFileSync(path, "utf8").split(/\r?\n\r?\n/);
  const value = (block, key) => block.match(new RegExp(`^# ${key} = (.*)$`, "m"))?.[1].trim();
  return blocks.map((block) => ({ text: value(block, "text"), label: value(block, "intent") })).filter(({ text, label }) => text && label);
}

export function rasaMarkdown(path) {
  const rows = [];
  let label;
  for (const line of readFileSync(path, "utf8").split(/\r?\n/)) {
    if (line.startsWith("##")) label = line.match(/^##\s*intent:\s*(\S+)/)?.[1];
    const text = line.match(/^\s*[-*+]\s+(.+?)\s*$/)?.[1].replace(/\[([^\]]*)\](\([^)]*\)|\{[^}]*\})/g, "$1");
    if (label && text) rows.push({ text, label });
  }
  return rows;
}
