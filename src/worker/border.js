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
