// The other side of the border between wasm and JavaScript. Each step over it costs, so what would
// be many steps is one function here, and lists go over as one JSON text. Nothing is decided here.

// The texts of the Desk's statements. They are constants, so there are only so many.
const texts = [];

/** Keeps a statement's text; from then on its number stands for it. */
export const remember = (text) => texts.push(text) - 1;

// A cursor is always read to its end: one left half read loses the whole stretch of writes.
const rows = (sql, text, params) => sql.exec(texts[text], ...params).raw().toArray();

/** The rows of a statement as JSON, undefined when there are none. */
export function query(sql, text, params) {
  const found = rows(sql, text, JSON.parse(params));
  return found.length ? JSON.stringify(found) : undefined;
}

/** Whether a statement, which has no rows, wrote anything. */
export const execute = (sql, text, params) => sql.exec(texts[text], ...JSON.parse(params)).rowsWritten > 0;

/** Runs [[text, params], ...] in one transaction; the rows of each as JSON. */
export function runAll(storage, statements) {
  const run = ([text, params]) => rows(storage.sql, text, params);
  return JSON.stringify(storage.transactionSync(() => JSON.parse(statements).map(run)));
}

/** A request to the Graph API, a GET without a body: [status, Retry-After, body, use of the quota]. */
export async function ask(url, headers, body, limit) {
  const method = body === undefined ? "GET" : "POST";
  const answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(limit) });
  const header = (name) => (answer.ok ? null : answer.headers.get(name));
  const usage = header("x-business-use-case-usage");
  return [answer.status, header("retry-after"), await answer.text(), usage];
}

/** A call of a Desk: [status, body]. By fetch: on workerd that is a tenth cheaper than RPC. */
export async function call(namespace, name, path, body) {
  const answer = await namespace.getByName(name).fetch(path, { method: "POST", body });
  // Most answers are empty, and an empty one need not be waited for.
  return [answer.status, answer.body ? await answer.text() : ""];
}

/** A body whose length was not declared: its bytes, undefined once it has more than `cap` of them. The
 * rest of it is not read. One buffer that grows: a piece may be a single byte, and an object for each
 * would fill the memory. */
export async function upTo(request, cap) {
  const reader = request.body?.getReader();
  let bytes = new Uint8Array(0);
  let length = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    const wanted = length + value.byteLength;
    if (wanted > cap) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    if (wanted > bytes.byteLength) {
      const larger = new Uint8Array(Math.min(cap, Math.max(wanted, 2 * bytes.byteLength)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(value, length);
    length = wanted;
  }
  return bytes.subarray(0, length);
}

/** What a request for a poster's link says of itself, one a line: none of it can hold a line break. */
export function visitor({ method, headers, cf }) {
  const get = (name) => headers.get(name) ?? "";
  const purpose = ["purpose", "sec-purpose", "x-purpose", "x-moz"].map(get).join(" ");
  return [
    method, get("user-agent"), purpose, get("sec-fetch-dest"), get("cf-connecting-ip"),
    get("accept-language"), cf?.latitude ?? "", cf?.longitude ?? "",
  ].join("\n");
}

/** To Meta's link. The ref carries the day, and the poster may be aimed elsewhere tomorrow. */
export const redirect = (location) =>
  new Response(null, {
    status: 302,
    headers: {
      location,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
      "x-content-type-options": "nosniff",
    },
  });
