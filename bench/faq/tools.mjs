// What people put into a Worker or a page to find an answer. Of the ways to set up MiniSearch (exact,
// prefix, fuzzy, both) and Fuse.js (as it comes, anywhere in the text, token search) the one that was
// right most often on HINT3's SOFMattress: that is in their favour.
// A tool is `async (rows, lang) => text => [{ label, p }]`, the best first; `answers` says whether
// its own threshold would give the first of them.
import { createRequire } from "node:module";
import { join } from "node:path";

const packages = createRequire(join(process.env.BENCH_PACKAGES, "package.json"));

export const TOOLS = {
  "nlp.js": { train: nlp, answers: (best) => best[0].p >= 0.5 }, // its default threshold
  MiniSearch: { train: miniSearch, answers: () => true }, // any hit is a result
  "Fuse.js": { train: fuse, answers: () => true }, // 0.6 by default, applied inside
  BM25: { train: bm25, answers: () => true },
};

async function nlp(rows, lang) {
  const { NlpManager } = packages("node-nlp");
  const language = lang.slice(0, 2);
  const manager = new NlpManager({ languages: [language], autoSave: false, nlu: { log: false }, forceNER: false });
  for (const { text, label } of rows) manager.addDocument(language, text, label);
  await manager.train();
  return async (text) => {
    const { classifications } = await manager.process(language, text);
    return classifications.filter(({ intent }) => intent !== "None").slice(0, 3).map(({ intent, score }) => ({ label: intent, p: score }));
  };
}

async function miniSearch(rows) {
  const MiniSearch = packages("minisearch");
  const index = new MiniSearch({ fields: ["text"], storeFields: ["label"], searchOptions: { fuzzy: 0.2 } });
  index.addAll(rows.map((row, id) => ({ id, ...row })));
  return (text) => firstOfEach(index.search(text).map(({ label, score }) => ({ label, p: score })));
}

async function fuse(rows) {
  const Fuse = packages("fuse.js");
  const index = new (Fuse.default ?? Fuse)(rows, { keys: ["text"], includeScore: true, ignoreLocation: true });
  return (text) => firstOfEach(index.search(text).map(({ item, score }) => ({ label: item.label, p: 1 - score })));
}

/** The textbook's BM25 over whole words, nearest phrasing first. */
async function bm25(rows) {
  const [k1, b] = [1.2, 0.75];
  const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const lengths = rows.map(({ text }) => words(text).length);
  const usual = lengths.reduce((sum, length) => sum + length, 0) / rows.length;
  const postings = new Map();
  rows.forEach(({ text }, at) => {
    for (const word of words(text)) {
      const list = postings.get(word) ?? postings.set(word, new Map()).get(word);
      list.set(at, (list.get(at) ?? 0) + 1);
    }
  });
  return (text) => {
    const scores = new Map();
    for (const word of words(text)) {
      const list = postings.get(word) ?? [];
      const idf = Math.log(1 + (rows.length - list.size + 0.5) / (list.size + 0.5));
      for (const [at, times] of list) {
        const gain = (idf * times * (k1 + 1)) / (times + k1 * (1 - b + (b * lengths[at]) / usual));
        scores.set(at, (scores.get(at) ?? 0) + gain);
      }
    }
    return firstOfEach([...scores].sort((x, y) => y[1] - x[1]).map(([at, p]) => ({ label: rows[at].label, p })));
  };
}

/** Three labels out of a list of phrasings, each with its best. */
function firstOfEach(found) {
  const best = [];
  for (const each of found) {
    if (best.length === 3) break;
    if (!best.some(({ label }) => label === each.label)) best.push(each);
  }
  return best;
}
