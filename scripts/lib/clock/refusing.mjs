// KV that can be told to refuse writes, as it does when the day's quota is used up. It stands in for
// the binding that the Desks get; what the bundle reads, and what the Worker itself does, is real.
import { moment } from "./holding.mjs";

let refuses = "no";

/** "yes": writes; "lists": searches; "no": nothing. */
export function setRefusing(what) {
  refuses = what;
}

export const isRefusing = () => refuses === "yes";

/** A namespace like `kv`, whose writes fail while the switch is on. */
export function refusing(kv) {
  const write = (name) => async (...args) => {
    if (refuses === "yes") throw new Error("KV PUT failed: 429 Too Many Requests");
    await moment("kv-write");
    return kv[name](...args);
  };
  return {
    get: async (...args) => {
      // Tokens are read in bulk, and nothing else is.
      if (Array.isArray(args[0])) await moment("kv-read");
      return kv.get(...args);
    },
    getWithMetadata: kv.getWithMetadata.bind(kv),
    list: async (...args) => {
      if (refuses === "lists") throw new Error("KV LIST failed: 429 Too Many Requests");
      return kv.list(...args);
    },
    put: write("put"),
    delete: write("delete"),
  };
}
