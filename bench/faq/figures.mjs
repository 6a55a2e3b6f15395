// How good the answers were, reckoned in one way for everyone. What is not answered counts as
// "none fits", which is a class of its own (HINT3's protocol).
import { NONE } from "./readers.mjs";

/** `asked`: { best: [{ label, p }], decision } of each question; `truths`: its label. */
export function figures(asked, truths) {
  const within = asked.map((each, at) => ({ ...each, truth: truths[at] })).filter(({ truth }) => truth !== NONE);
  const share = (count) => (within.length ? count / within.length : undefined);
  const hits = (most) => within.filter(({ best, truth }) => best.slice(0, most).some(({ label }) => label === truth)).length;
  const given = asked.map(({ best, decision }) => (decision === "answer" ? best[0].label : NONE));
  const own = mcc(given, truths);
  // Its own decision may rest on more than a threshold.
  return { top1: share(hits(1)), top3: share(hits(3)), mcc: own, oracle: Math.max(own, oracle(asked, truths)) };
}

/** The best MCC that any one threshold on the first answer's score reaches: what a tool could do
 *  at most if somebody knew the right threshold beforehand. */
function oracle(asked, truths) {
  const scores = [...new Set(asked.map(({ best }) => best[0]?.p ?? 0))].sort((a, b) => a - b);
  const steps = Math.min(scores.length, 200);
  const thresholds = Array.from({ length: steps }, (_, at) => scores[Math.floor((at * scores.length) / steps)]);
  const at = (threshold) => asked.map(({ best }) => (best.length && best[0].p >= threshold ? best[0].label : NONE));
  return Math.max(...thresholds.map((threshold) => mcc(at(threshold), truths)));
}

/** Matthews' correlation for several classes. */
export function mcc(given, truths) {
  const counts = (labels) => labels.reduce((map, label) => map.set(label, (map.get(label) ?? 0) + 1), new Map());
  const [givenOf, trulyOf] = [counts(given), counts(truths)];
  const total = truths.length;
  const correct = truths.filter((truth, at) => truth === given[at]).length;
  const sum = (map, of) => [...map].reduce((all, [label, count]) => all + of(label, count), 0);
  const both = sum(trulyOf, (label, count) => count * (givenOf.get(label) ?? 0));
  const spread = (map) => total * total - sum(map, (_, count) => count * count);
  const norm = Math.sqrt(spread(trulyOf) * spread(givenOf));
  return norm > 0 ? (correct * total - both) / norm : 0;
}

export const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
