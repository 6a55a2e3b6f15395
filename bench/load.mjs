// Signed webhooks, made beforehand, and sixteen connections that post them. Bytes on sockets: an
// HTTP client would cost more CPU time than the Worker it measures.
import { createHmac } from "node:crypto";
import { connect } from "node:net";

let made = 0;

/**
 * `count` requests of `batch` events each. No two events are the same, and people take turns, so
 * that none has to be skipped as a repetition and none has to wait for another.
 */
export function webhooks({ count, batch = 1, page, questions, people = 500, first = 10_000_000_000, secret, port }) {
  const event = () => {
    made += 1;
    return {
      sender: { id: String(first + (made % people)) },
      recipient: { id: page },
      timestamp: Date.now(),
      message: { mid: `m_bench_${process.pid}_${made}`, text: questions[made % questions.length] },
    };
  };
  return Array.from({ length: count }, () => {
    const messaging = Array.from({ length: batch }, event);
    const body = JSON.stringify({ object: "page", entry: [{ id: page, time: Date.now(), messaging }] });
    return post(body, secret, port);
  });
}

function post(body, secret, port) {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return Buffer.from(
    `POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
      `X-Hub-Signature-256: sha256=${signature}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * Sends the requests over `connections` connections, each waiting for its answer before the next.
 * Resolves to { seconds, latencies (ms, ascending), statuses }.
 */
export async function fire(port, requests, connections = 16) {
  const latencies = [];
  const statuses = {};
  let next = 0;
  const began = performance.now();
  const one = () =>
    new Promise((done, failed) => {
      let sentAt;
      let answer = "";
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      const send = () => {
        if (next === requests.length) return socket.end(), done();
        sentAt = performance.now();
        socket.write(requests[next++]);
      };
      socket.setEncoding("latin1").on("connect", send).on("error", failed);
      socket.on("data", (text) => {
        answer += text;
        const head = answer.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0);
        if (answer.length < head + 4 + length) return;
        const status = answer.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        latencies.push(performance.now() - sentAt);
        answer = "";
        send();
      });
      socket.on("close", () => (next === requests.length ? done() : failed(new Error("the connection was closed"))));
    });
  await Promise.all(Array.from({ length: connections }, one));
  return { seconds: (performance.now() - began) / 1000, latencies: latencies.sort((a, b) => a - b), statuses };
}

/** The value below which this share of an ascending list lies. */
export const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** The middle one. */
export const median = (values) => quantile([...values].sort((a, b) => a - b), 0.5);
