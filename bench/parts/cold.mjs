// What a cold start costs: a fresh process, its first request, and its second.
import { fire, median, webhooks } from "../load.mjs";

const STARTS = 10;

export async function run(bench) {
  const names = ["shopbell", "javascript"];
  const starts = { shopbell: [], javascript: [] };
  for (let round = 0; round < STARTS; round += 1) {
    for (const name of round % 2 ? names : names.toReversed()) starts[name].push(await once(bench, name));
  }
  const line = (label, key, pick) => {
    const [ours, theirs] = names.map((name) => pick(starts[name].map((start) => start[key])));
    return [label, ours.toFixed(1), theirs.toFixed(1), (theirs / ours).toFixed(2)];
  };
  const lines = (label, key) => [
    line(`${label}, median`, key, median),
    line(`${label}, least`, key, (values) => Math.min(...values)),
  ];
  return {
    title: `cold start: ${STARTS} fresh processes each, in ms; a ratio above 1 is in our favour`,
    rows: [
      ["", "shopbell", "JavaScript", "ratio"],
      ...lines("process start to first answer", "total"),
      ...lines("first answer (401: isolate and code only)", "first"),
      ...lines("first webhook (KV, Desk, tables)", "webhook"),
      ...lines("second webhook", "second"),
      ...lines("CPU of all that", "cpu"),
    ],
  };
}

async function once(bench, name) {
  const worker = await bench.start(name);
  const [one, two] = webhooks({ ...bench, count: 2, port: worker.port });
  const unsigned = Buffer.from(one.toString("latin1").replace(/sha256=..../, "sha256=0000"), "latin1");
  const time = async (request) => (await fire(worker.port, [request], 1)).latencies[0];
  const first = await time(unsigned);
  const total = performance.now() - worker.began;
  const webhook = await time(one);
  const second = await time(two);
  const cpu = worker.cpuMs();
  await worker.stop();
  return { total, first, webhook, second, cpu };
}
