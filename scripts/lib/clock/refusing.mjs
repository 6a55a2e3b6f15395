// KV that can be told to refuse writes, as it does when the day's quota is used up. It stands in for
// the binding that the Desks get; what the bundle reads, and what the Worker itself does, is real.
import { moment } from "./holding.mjs";

let refuses = false;

export function setRefusing(yes) {
  refuses = yes;
}

export const isRefusing = () => refuses;

/** A namespace like `kv`, whose writes fail while the switch is on. */
export function refusing(kv) {
  const write = (name) => async (...args) => {
    if (refuses) throw new Error("KV PUT failed: 429 Too Many Requests");
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
    list: kv.list.bind(kv),
    put: write("put"),
    delete: write("delete"),
  };
}
