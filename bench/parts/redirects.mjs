// A poster's link: redirects per second and CPU time each, against a hand-written JavaScript Worker
// that redirects from KV; and that every scan is counted, also at 200 a second for ten seconds.
import { connect } from "node:net";
import { fire, median, quantile } from "../load.mjs";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 2000);
const STEADY_PER_SECOND = 200;
const STEADY_SECONDS = 10;
const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile/15E148 Safari/604.1";

export async function run(bench) {
  const names = ["shopbell", "redirect"];
  const code = JSON.parse(bench.pairs.find(({ key }) => key.startsWith("poster:") && !key.includes("FLYER")).value).code;
  const running = {};
  const rounds = { shopbell: [], redirect: [] };
  const scans = { shopbell: 0, redirect: 0 };
  for (const name of names) running[name] = await bench.start(name);
  // The first round warms up and is thrown away.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const figures = await measure(running[name], code, REQUESTS);
      scans[name] += REQUESTS;
      if (round > 0) rounds[name].push(figures);
    }
  }
  await steady(running.shopbell.port, code);
  scans.shopbell += STEADY_PER_SECOND * STEADY_SECONDS;
  const counted = await settled(bench, running.shopbell.port, code, scans.shopbell);
  for (const name of names) await running[name].stop();
  if (counted !== scans.shopbell) throw new Error(`${counted} of ${scans.shopbell} scans were counted`);
  const line = (label, key, digits, better) => {
    const [ours, theirs] = names.map((name) => median(rounds[name].map((figures) => figures[key])));
    const ratios = rounds.shopbell.map((figures, at) => figures[key] / rounds.redirect[at][key]);
    const ratio = median(better === "more" ? ratios : ratios.map((each) => 1 / each));
    return [label, ours.toFixed(digits), theirs.toFixed(digits), ratio.toFixed(2)];
  };
  return {
    title: `redirects: ${REQUESTS} scans, 16 connections, median of ${ROUNDS} rounds; a ratio above 1 is in our favour. All ${counted} scans were counted, ${STEADY_PER_SECOND} a second for ${STEADY_SECONDS} s among them`,
    rows: [
      ["", "shopbell", "JavaScript", "ratio"],
      line("redirects per second", "perSecond", 0, "more"),
      line("CPU per redirect and its count, µs", "cpuUs", 0, "less"),
      line("latency, median, ms", "p50", 2, "less"),
      line("latency, 99th percentile, ms", "p99", 2, "less"),
    ],
  };
}

const request = (port, code) =>
  Buffer.from(`GET /q/${code} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: ${PHONE}\r\nSec-Fetch-Dest: document\r\nAccept-Language: lt\r\n\r\n`);

async function measure(worker, code, count) {
  const requests = Array.from({ length: count }, () => request(worker.port, code));
  const cpuBefore = worker.cpuMs();
  const { seconds, latencies, statuses } = await fire(worker.port, requests);
  const wrong = Object.keys(statuses).filter((status) => status !== "302");
  if (wrong.length) throw new Error(`answers other than 302: ${JSON.stringify(statuses)}`);
  // What is counted after the answer belongs to the price.
  await new Promise((done) => setTimeout(done, 300));
  return {
    perSecond: count / seconds,
    cpuUs: ((worker.cpuMs() - cpuBefore) * 1000) / count,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

/** So many a second, each on a connection of its own, as phones come. */
async function steady(port, code) {
  const one = () =>
    new Promise((done, failed) => {
      let answer = "";
      const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => socket.write(request(port, code)));
      socket.setEncoding("latin1").on("error", failed).on("data", (text) => {
        answer += text;
        if (!answer.includes("\r\n\r\n")) return;
        socket.end();
        if (answer.startsWith("HTTP/1.1 302")) done();
        else failed(new Error(answer.slice(0, 60)));
      });
    });
  const began = performance.now();
  const all = [];
  for (let n = 0; n < STEADY_PER_SECOND * STEADY_SECONDS; n += 1) {
    const due = began + (n * 1000) / STEADY_PER_SECOND;
    const wait = due - performance.now();
    if (wait > 1) await new Promise((done) => setTimeout(done, wait));
    all.push(one());
  }
  await Promise.all(all);
}

/** How many scans the Desk has counted, once it has counted that many or counts no more. */
async function settled(bench, port, code, expected) {
  const headers = { authorization: `Bearer ${bench.adminToken}` };
  let last = -1;
  for (let quiet = 0; quiet < 20; ) {
    const { answer } = await (await fetch(`http://127.0.0.1:${port}/admin/funnel?page=${bench.page}`, { headers })).json();
    const scans = answer.lines.filter(({ source, stage }) => source === `poster:${code}` && stage === "scan");
    const now = scans.reduce((sum, { n }) => sum + n, 0);
    if (now >= expected) return now;
    quiet = now === last ? quiet + 1 : 0;
    last = now;
    await new Promise((done) => setTimeout(done, 100));
  }
  return last;
}
