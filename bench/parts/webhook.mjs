// Requests per second and CPU time per request: the bundle against the hand-written JavaScript.
import { fire, median, quantile, webhooks } from "../load.mjs";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 2000);

export async function run(bench) {
  const names = ["shopbell", "javascript"];
  const running = {};
  const rounds = { shopbell: [], javascript: [] };
  for (const name of names) running[name] = await bench.start(name);
  // The first round warms up and is thrown away.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const figures = await measure(bench, running[name], REQUESTS, 1);
      if (round > 0) rounds[name].push(figures);
    }
  }
  for (const name of names) await running[name].stop();
  const line = (label, key, digits, better) => {
    const [ours, theirs] = names.map((name) => median(rounds[name].map((figures) => figures[key])));
    const ratios = rounds.shopbell.map((figures, at) => figures[key] / rounds.javascript[at][key]);
    const ratio = median(better === "more" ? ratios : ratios.map((each) => 1 / each));
    return [label, ours.toFixed(digits), theirs.toFixed(digits), ratio.toFixed(2)];
  };
  return {
    title: `webhook: ${REQUESTS} requests of one event each, 16 connections, median of ${ROUNDS} rounds; a ratio above 1 is in our favour`,
    rows: [
      ["", "shopbell", "JavaScript", "ratio"],
      line("requests per second", "perSecond", 0, "more"),
      line("CPU per request, answer and sending, µs", "cpuUs", 0, "less"),
      line("latency, median, ms", "p50", 2, "less"),
      line("latency, 99th percentile, ms", "p99", 2, "less"),
      line("messages per second, until the last has left", "sentPerSecond", 0, "more"),
      line("memory at the end of a round, MiB", "memory", 0, "less"),
    ],
  };
}

/** One round: the load, and the time until every answer has left. */
export async function measure(bench, worker, count, batch) {
  const requests = webhooks({ ...bench, count, batch, port: worker.port });
  const before = await bench.sent();
  const cpuBefore = worker.cpuMs();
  const began = performance.now();
  const { seconds, latencies, statuses } = await fire(worker.port, requests);
  const expected = count * batch;
  const sent = (await bench.settled(before + expected)) - before;
  const untilSent = (performance.now() - began) / 1000;
  const wrong = Object.keys(statuses).filter((status) => status !== "200");
  if (wrong.length) throw new Error(`answers other than 200: ${JSON.stringify(statuses)}`);
  if (sent !== expected) throw new Error(`${sent} of ${expected} answers left`);
  return {
    perSecond: count / seconds,
    cpuUs: ((worker.cpuMs() - cpuBefore) * 1000) / count,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    sentPerSecond: sent / untilSent,
    memory: worker.memoryMiB(),
  };
}
