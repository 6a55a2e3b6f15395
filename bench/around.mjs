// The bundle, with a counter around its Desks: GET /__count?count=yes begins, GET /__count says.
import { called, counted, rang, watch } from "./counting.js";
import Bundle, * as bundle from "./index.js";

export * from "./index.js";

const kept = new Set();

export class Desk extends bundle.Desk {
  constructor(state, env) {
    kept.add(watch(state.storage));
    super(state, env);
  }

  fetch(request) {
    called();
    return super.fetch(request);
  }

  alarm(...given) {
    rang();
    return super.alarm(...given);
  }
}

export default class extends Bundle {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/__count") return Response.json(counted(searchParams.get("count") === "yes"));
    return super.fetch(request);
  }
}
