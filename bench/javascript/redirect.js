// A poster's link as somebody writes it by hand, and writes it well: the yardstick for /q/{code}. It
// looks the code up in KV (kept for a minute), signs the ref with WebCrypto, redirects, and counts
// the scan in a Durable Object after the answer has left. It knows no Pages but one, no days, no
// holds, no previews, no limit and no page for codes that lead nowhere.
import { DurableObject } from "cloudflare:workers";

const FRESH_MS = 60_000;
const encoder = new TextEncoder();
const posters = new Map();
let key;

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (request.method !== "GET" || !pathname.startsWith("/q/")) return new Response("not found", { status: 404 });
    const code = pathname.slice("/q/".length);
    const poster = await find(env, code);
    if (!poster || poster.revoked) return new Response("This code is no longer in use.", { status: 404 });
    const ref = await sign(env, poster.page, code);
    context.waitUntil(count(env, poster.page, code));
    return new Response(null, {
      status: 302,
      headers: {
        location: `https://m.me/${env.USERNAME}?ref=${ref}`,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex",
        "x-content-type-options": "nosniff",
      },
    });
  },
};

async function find(env, code) {
  const kept = posters.get(code);
  if (kept && Date.now() - kept.readAt < FRESH_MS) return kept.poster;
  const poster = await env.SHOP.get(`poster:${code}`, "json");
  posters.set(code, { poster, readAt: Date.now() });
  return poster;
}

async function sign(env, page, code) {
  key ??= crypto.subtle.importKey("raw", encoder.encode(env.SIGNING_KEY), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const day = Math.floor(Date.now() / 86_400_000);
  const head = new Uint8Array([1, 0, day >> 8, day & 255, ...encoder.encode(code)]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", await key, new Uint8Array([...encoder.encode(`ref\0${page}\0`), ...head])));
  const bytes = new Uint8Array([...head, ...mac.subarray(0, 16)]);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function count(env, page, code) {
  await env.DESK.getByName(page).fetch("https://desk/scan", { method: "POST", body: code });
}

export class Desk extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS scans (day TEXT NOT NULL, code TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (day, code)) WITHOUT ROWID");
  }

  async fetch(request) {
    if (request.method === "GET") return Response.json(this.sql.exec("SELECT sum(n) AS n FROM scans").one());
    const day = new Date().toISOString().slice(0, 10);
    this.sql.exec("INSERT INTO scans (day, code, n) VALUES (?, ?, 1) ON CONFLICT (day, code) DO UPDATE SET n = n + 1", day, await request.text());
    return new Response();
  }
}
