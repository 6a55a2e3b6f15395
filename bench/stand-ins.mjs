// Stand-ins for what is outside of a Worker, in a process of their own so that their CPU time is
// not the Worker's: Graph, which takes every message at once (or after GET /latency?ms=N), and the
// HTTP service that workerd's KV binding speaks to. Prints {"port": N}; GET /count says how many
// messages Graph was given, GET /counts that and what KV was asked, and how many calls there were at a
// time.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const values = new Map(
  JSON.parse(readFileSync(process.argv[2], "utf8")).map(({ key, value, base64 }) => [key, Buffer.from(value, base64 ? "base64" : "utf8")]),
);
let messages = 0;
let latency = 0;
let flying = 0;
const counts = { kvReads: 0, kvWrites: 0, mostAtATime: 0 };

/** A bulk read, as workerd asks for it: one operation, however many keys. */
function bulk(request, response) {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    counts.kvReads += 1;
    const { keys } = JSON.parse(body);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Object.fromEntries(keys.map((key) => [key, values.get(key)?.toString() ?? null]))));
  });
}

function answer(request, response) {
  const url = new URL(request.url, "http://stand-in");
  if (url.pathname.endsWith("/messages")) {
    messages += 1;
    const id = messages;
    flying += 1;
    counts.mostAtATime = Math.max(counts.mostAtATime, flying);
    const send = () => {
      flying -= 1;
      response.setHeader("content-type", "application/json");
      response.end(`{"recipient_id":"1","message_id":"m_sent_${id}"}`);
    };
    request.resume().on("end", () => (latency ? setTimeout(send, latency) : send()));
  } else if (url.pathname === "/latency") {
    latency = Number(url.searchParams.get("ms"));
    response.end();
  } else if (url.pathname === "/counts") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ messages, ...counts }));
  } else if (url.pathname.endsWith("/bulk/get")) {
    bulk(request, response);
  } else if (request.method === "PUT") {
    counts.kvWrites += 1;
    request.resume().on("end", () => response.end());
  } else if (url.pathname === "/count") {
    response.end(String(messages));
  } else {
    counts.kvReads += 1;
    const value = request.method === "GET" ? values.get(decodeURIComponent(url.pathname.slice(1))) : undefined;
    request.resume();
    if (value === undefined) response.writeHead(404).end();
    else response.end(value);
  }
}

const server = createServer({ keepAliveTimeout: 600_000 }, answer);
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on("end", () => process.exit()).resume(); // never outlives the run
