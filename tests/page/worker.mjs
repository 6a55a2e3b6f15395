// A small stand-in for the Worker: checks the signature, answers over the Graph API.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";

const SECRET = "sandbox-app-secret";
const TOKEN = "sandbox-page-token";
const PAGE = "1029384756";

/** Starts one. `graph` is the sandbox's URL; set it before the first event. */
export async function startWorker() {
  const worker = { url: "", graph: "", unsigned: 0, events: [], clocks: 0, crons: 0, close: () => server.close() };

  async function send(recipient, message, typed = true) {
    const body = { recipient, message, ...(typed ? { messaging_type: "RESPONSE" } : {}) };
    await fetch(`${worker.graph}/v26.0/${PAGE}/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }
  const choices = (...titles) => titles.map((title) => ({ content_type: "text", title, payload: title }));
  const template = (payload) => ({ attachment: { type: "template", payload } });

  async function handle(event) {
    worker.events.push(event);
    const person = { id: event.sender.id };
    if (event.message?.is_echo) return;
    const text = event.message?.text;
    if (event.postback?.referral) await send(person, { text: `Welcome by ${event.postback.referral.ref}` });
    else if (event.postback) await send(person, { text: `You tapped ${event.postback.payload}` });
    else if (event.referral) await send(person, { text: `Back by ${event.referral.ref}` });
    else if (event.optin) await send({ notification_messages_token: event.optin.notification_messages_token }, { text: "Thank you!" }, false);
    else if (text === "updates") await send(person, template({ template_type: "notification_messages", title: "Warm bread", payload: "topic", image_url: "https://shop.invalid/bread.jpg" }), false);
    else if (text === "cards") {
      const button = { type: "postback", title: "Order", payload: "order:cake" };
      await send(person, template({ template_type: "generic", elements: [
        { title: "Honey cake", subtitle: "32 €", image_url: "https://shop.invalid/cake.jpg", buttons: [button] },
        { title: "Roll", subtitle: "18 €", buttons: [button] },
      ] }));
    } else if (text) await send(person, { text: `You said ${text}`, quick_replies: choices("Hours", "<i>Prices</i>") });
  }

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const path = request.url;
    if (path.startsWith("/__clock")) worker.clocks += 1;
    if (path.startsWith("/cdn-cgi/local/scheduled")) worker.crons += 1;
    if (path === "/q/door.svg") {
      response.setHeader("content-type", "image/svg+xml");
      response.end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 3"><path d="M0 0h1v1H0zm2 0h1v1H2zM0 2h1v1H0z"/></svg>');
    } else if (path === "/q/door") {
      response.writeHead(302, { location: "https://m.me/cornerbakery?ref=poster-door" });
      response.end();
    } else if (path === "/webhook") {
      const right = `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
      if (request.headers["x-hub-signature-256"] !== right) {
        worker.unsigned += 1;
        response.writeHead(401);
        response.end();
        return;
      }
      response.end("ok");
      for (const entry of JSON.parse(body).entry) for (const event of entry.messaging ?? []) await handle(event);
    } else response.end("ok");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  worker.url = `http://127.0.0.1:${server.address().port}`;
  return worker;
}
