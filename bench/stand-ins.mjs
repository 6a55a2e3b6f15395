// Stand-ins for what is outside of a Worker, in a process of their own so that their CPU time is
// not the Worker's: Graph, which takes every message at once, and the HTTP service that workerd's
// KV binding speaks to. Prints {"port": N}; GET /count says how many messages Graph was given.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const values = new Map(
  JSON.parse(readFileSync(process.argv[2], "utf8")).map(({ key, value, base64 }) => [key, Buffer.from(value, base64 ? "base64" : "utf8")]),
);
let messages = 0;

function answer(request, response) {
  const url = new URL(request.url, "http://stand-in");
  if (url.pathname.endsWith("/messages")) {
    messages += 1;
    request.resume().on("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(`{"recipient_id":"1","message_id":"m_sent_${messages}"}`);
    });
  } else if (url.pathname === "/count") {
    response.end(String(messages));
  } else {
    const value = request.method === "GET" ? values.get(decodeURIComponent(url.pathname.slice(1))) : undefined;
    request.resume();
    if (value === undefined) response.writeHead(404).end();
    else response.end(value);
  }
}

const server = createServer({ keepAliveTimeout: 600_000 }, answer);
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on("end", () => process.exit()).resume(); // never outlives the run
