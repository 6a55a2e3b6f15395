// Servers of others, which the bundle only calls by https: a test plays them on this machine, where
// there is no certificate. What the bundle asks for, and how (method, headers, body, `redirect`, its
// time limit), goes through unchanged; only the place where the request arrives is another.
const realFetch = globalThis.fetch;
const origins = new Map();

/** From now on requests to the https origin `from` arrive at the http origin `to`. */
export function setOrigin(from, to) {
  origins.set(from, to);
}

globalThis.fetch = (input, ...rest) => {
  if (typeof input !== "string" || !input.startsWith("https://")) return realFetch(input, ...rest);
  const { origin } = new URL(input);
  return realFetch(origins.has(origin) ? origins.get(origin) + input.slice(origin.length) : input, ...rest);
};
