// The sets in a data folder, cut into what is trained on and what is asked. The same cuts for
// everyone, and in every run.
//
// A set is { name, lang, splits: [{ train, test }] }; figures are taken over all of its splits. A
// `mixed` one has questions in other languages too.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NONE, clinc, conll, csv, paired, rasaMarkdown } from "./readers.mjs";
import { damaged, random, shuffled, withoutDiacritics } from "./random.mjs";

/** So many questions are asked of a large set: enough for half a point, and Fuse.js takes half a
 *  second for each on some. */
const MOST_ASKED = 500;
const FOLDS = 5;
const DAMAGE = 0.2;

export function setsIn(folder) {
  const readers = { hint3, banking77, clinc150, bitext, tilde, xsid, evg };
  return Object.entries(readers).flatMap(([name, read]) => (existsSync(join(folder, name)) ? read(join(folder, name)) : []));
}

function hint3(folder) {
  const read = (name) => csv(join(folder, `${name}.csv`), "sentence", "label");
  return readdirSync(folder)
    .filter((file) => file.endsWith("_train.csv"))
    .sort()
    .flatMap((file) => {
      const shop = file.replace(/(_subset)?_train\.csv$/, "");
      const name = `hint3 ${shop}${file.includes("_subset_") ? ", subset" : ""}`;
      const train = read(file.replace(".csv", ""));
      if (!existsSync(join(folder, `${shop}_test.csv`))) return [folded(name, "en", train), leftOut(name, "en", train)];
      const set = { name, lang: "en", splits: [{ train, test: read(`${shop}_test`) }] };
      return file.includes("_subset_") ? [set] : [set, withDamage(set)];
    });
}

function banking77(folder) {
  const rows = csv(join(folder, "train.csv"), "text", "category");
  const few = fewOfEach("banking77, 10 examples", "en", rows, 10);
  const chance = random("banking77");
  const test = new Set(shuffled(rows, chance).slice(0, rows.length / FOLDS));
  const all = { name: "banking77, all", lang: "en", splits: [{ train: rows.filter((row) => !test.has(row)), test: sample("banking77", [...test]) }] };
  return [few, withDamage(few), leftOut("banking77, 10 examples", "en", [...new Set(few.splits[0].train)]), all];
}

function clinc150(folder) {
  const file = join(folder, "small_train_val.json");
  return [{ name: "clinc150, small", lang: "en", splits: [{ train: clinc(file, ["train"]), test: sample("clinc150", clinc(file, ["val", "oos_val"])) }] }];
}

function bitext(folder) {
  const read = (part) => csv(join(folder, `${part}.csv`), "utterance", "intent");
  return [{ name: "bitext", lang: "en", splits: [{ train: read("train"), test: sample("bitext", read("dev")) }] }];
}

function tilde(folder) {
  const parts = ["askubuntu", "chatbot", "webapps"];
  const read = (name, lang, part) =>
    paired(join(folder, name, lang, `${name}_${part}_q.txt`), join(folder, name, `${name}_${part}_ans.txt`)).map(({ text, label }) => ({
      text,
      label: label === NONE ? NONE : `${name} ${label}`,
    }));
  const set = (lang) => ({
    name: `tilde, ${lang}`,
    lang,
    splits: parts.map((name) => ({ train: read(name, lang, "train").filter(({ label }) => label !== NONE), test: read(name, lang, "test") })),
  });
  const lithuanian = set("lt");
  const asked = (name, change) => ({ ...lithuanian, name, splits: lithuanian.splits.map(({ train, test }) => ({ train, test: test.map(change) })) });
  const bare = asked("tilde, lt, typed without diacritics", ({ text, label }) => ({ text: withoutDiacritics(text), label }));
  return [set("en"), lithuanian, bare, withDamage(lithuanian)];
}

function xsid(folder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".conll"))
    .sort()
    .map((file) => folded(`xsid, ${file.slice(0, 2)}`, file.slice(0, 2), conll(join(folder, file))));
}

function evg(folder) {
  const few = fewOfEach("evg, at most 8 examples", "pt-BR", rasaMarkdown(join(folder, "nlu_data.md")), 8);
  return [few, withDamage(few)];
}

/** The shops in `examples/`, with the questions beside them. */
export function exampleShops(root, toml) {
  return readdirSync(join(root, "examples"), { withFileTypes: true })
    .filter((entry) => existsSync(join(root, "examples", entry.name, "questions.tsv")))
    .map(({ name }) => {
      const folder = join(root, "examples", name);
      const shop = toml.parse(readFileSync(join(folder, "shop.toml"), "utf8"));
      const train = shop.faq.flatMap(({ id, ask }) => Object.values(ask ?? {}).flat().map((text) => ({ text, label: id })));
      const lines = readFileSync(join(folder, "questions.tsv"), "utf8").trim().split("\n");
      const test = lines.map((line) => line.split("\t")).map(([, text, label]) => ({ text, label: label === "none" ? NONE : label }));
      return { name: `examples/${name}`, lang: shop.shop.languages[0], mixed: true, splits: [{ train, test }] };
    });
}

/** Shops of a size, from Banking77: 10 phrasings an entry, and as many as there are. */
export function sizedShops(folder) {
  const file = join(folder, "banking77", "train.csv");
  if (!existsSync(file)) return [];
  const rows = shuffled(csv(file, "text", "category"), random("sized"));
  const test = rows.slice(-500);
  const rest = rows.slice(0, -500);
  const labels = [...new Set(rest.map(({ label }) => label))].sort().slice(0, 60);
  const small = labels.flatMap((label) => rest.filter((row) => row.label === label).slice(0, 10));
  return [
    { name: "600 phrasings, 60 answers", lang: "en", splits: [{ train: small, test: test.filter(({ label }) => labels.includes(label)) }] },
    { name: "5,000 phrasings, 77 answers", lang: "en", splits: [{ train: rest.slice(0, 5000), test }] },
  ];
}

function sample(name, rows) {
  return shuffled(rows, random(`${name} asked`)).slice(0, MOST_ASKED);
}

/** Each label's rows in turn into five parts; each part is asked of the other four. A label with
 *  one row is only trained. */
function folded(name, lang, rows) {
  const parts = partsOf(name, rows);
  const splits = parts.map((test) => ({ train: rows.filter((row) => !test.includes(row)), test }));
  return { name: `${name}, 5 folds`, lang, splits };
}

/** The same, but a fifth of the answers is not trained either, another fifth each time: their
 *  questions then fit none. */
function leftOut(name, lang, rows) {
  const labels = shuffled([...new Set(rows.map(({ label }) => label))].sort(), random(`${name} left out`));
  const splits = partsOf(name, rows).map((test, fold) => {
    const out = new Set(labels.filter((_, at) => at % FOLDS === fold));
    const truth = ({ text, label }) => ({ text, label: out.has(label) ? NONE : label });
    return { train: rows.filter((row) => !test.includes(row) && !out.has(row.label)), test: test.map(truth) };
  });
  return { name: `${name}, a fifth of the answers missing`, lang, splits };
}

function partsOf(name, rows) {
  const parts = Array.from({ length: FOLDS }, () => []);
  let next = 0;
  for (const group of grouped(name, rows)) {
    if (group.length > 1) for (const row of group) parts[next++ % FOLDS].push(row);
  }
  return parts;
}

function fewOfEach(name, lang, rows, most) {
  const groups = grouped(name, rows);
  const train = groups.flatMap((group) => group.slice(0, most));
  const test = groups.flatMap((group) => group.slice(most));
  return { name, lang, splits: [{ train, test: sample(name, test) }] };
}

function grouped(name, rows) {
  const labels = [...new Set(rows.map(({ label }) => label))].sort();
  return labels.map((label) => shuffled(rows.filter((row) => row.label === label), random(`${name} ${label}`)));
}

function withDamage(set) {
  const chance = random(`${set.name} damaged`);
  const splits = set.splits.map(({ train, test }) => ({ train, test: test.map(({ text, label }) => ({ text: damaged(text, DAMAGE, chance), label })) }));
  return { ...set, name: `${set.name}, 20 % of words damaged`, splits };
}
