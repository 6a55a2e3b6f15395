// One Desk by itself: how many events a second it takes in, one by one and in batches, against what
// Cloudflare gives one object: about 1,000 requests a second (Durable Objects limits, 2026).
import { median } from "../load.mjs";
import { measure } from "./webhook.mjs";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const REQUESTS_PER_SECOND = 1000;
const BATCHES = [[1, 2000], [50, 60]];

export async function run(bench) {
  const rows = [["", "shopbell", "JavaScript", "ratio", `of ${REQUESTS_PER_SECOND} requests a second`]];
  for (const [batch, count] of BATCHES) {
    const names = ["shopbell", "javascript"];
    const rounds = { shopbell: [], javascript: [] };
    const running = {};
    for (const name of names) running[name] = await bench.start(name);
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const name of round % 2 ? names : names.toReversed()) {
        const { perSecond } = await measure(bench, running[name], count, batch);
        if (round > 0) rounds[name].push(perSecond);
      }
    }
    for (const name of names) await running[name].stop();
    const [ours, theirs] = names.map((name) => median(rounds[name]));
    const ratio = median(rounds.shopbell.map((each, at) => each / rounds.javascript[at]));
    const label = `events per second, ${batch} per webhook`;
    rows.push([label, (ours * batch).toFixed(0), (theirs * batch).toFixed(0), ratio.toFixed(2), `${(ours / REQUESTS_PER_SECOND).toFixed(2)} ×`]);
  }
  return { title: `desk: one object, median of ${ROUNDS} rounds`, rows };
}
