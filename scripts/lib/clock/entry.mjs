// A test-only entry: the unmodified bundle under a clock that can be moved, with a KV that can refuse
// writes, and with https servers that a test plays. Only the configuration that scripts/dev writes
// for --clock names this file; the deployed Worker knows nothing of it.
//
//   GET /__clock?t=<ms>   sets the virtual now; time flows on from there. Answers {"now":<ms>}
//   GET /__clock          reads it
//   GET /__kv?refuse=yes  from now on KV refuses what Desks write, until ?refuse=no or a restart;
//       ?refuse=lists: what they search
//   GET /__rows?count=yes  counts from now on what Desks do; without it: what was counted since
//   GET /__sql?fail=<words>&times=<n>  the next n statements of Desks that hold these words fail. Answers
//       {"left":<how many still will>}
//   GET /__stand?at=<moment>&times=<n>  whoever comes there for the n-th time stands there until the end:
//       tick, ticked, alarm, alarmed, send (before a request leaves), answer (before it is told),
//       kv-read, kv-write. Without them: whether somebody stands there
//   GET /__https?from=https://HOST&to=http://127.0.0.1:N   calls of HOST arrive there, until a restart
//
// Shifted: Date, and the alarms of every Desk. Real: timers (Delay), timeouts of fetch, the times
// that workerd itself writes into logs. The shift lies in the state directory, so that it survives a
// restart together with the data that was written under it.
import { setOrigin } from "./https.mjs";
import { moment, standAt, standing } from "./holding.mjs";
import { called, counted, rang, watch } from "./counting.mjs";
import { failing, setFailing, stillFailing } from "./failing.mjs";
import { isRefusing, refusing, setRefusing } from "./refusing.mjs";
import { realNow, setOffset, toReal, virtualNow } from "./shift.mjs";
import Bundle, * as bundle from "../../../build/index.js";

export * from "../../../build/index.js";

const REARM = "shopbell-clock-rearm";
const ALARM_NOTE = "__virtual_alarm";

/** Keeps the shift and remembers which Desks exist, because their alarms move with it. */
export class Clock {
  constructor(state, env) {
    this.kv = state.storage.kv;
    // A new start value wins over the kept shift; the same value again (a reload) does not.
    if (env.CLOCK_START && env.CLOCK_START !== this.kv.get("start")) {
      this.kv.put("start", env.CLOCK_START);
      this.kv.put("offset", Number(env.CLOCK_START) - realNow());
    }
  }

  async fetch(request) {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("desk")) this.kv.put(`desk:${searchParams.get("desk")}`, true);
    if (searchParams.has("t")) this.kv.put("offset", Number(searchParams.get("t")) - realNow());
    const desks = [...this.kv.list({ prefix: "desk:" })].map(([key]) => key.slice("desk:".length));
    return Response.json({ offset: this.kv.get("offset") ?? 0, desks });
  }
}

/** Asks the keeper, takes its shift over, and returns what it said. */
async function ask(env, query) {
  const keeper = env.CLOCK.get(env.CLOCK.idFromName("clock"));
  const said = await (await keeper.fetch(`http://clock/?${new URLSearchParams(query)}`)).json();
  setOffset(said.offset);
  return said;
}

// Once per isolate is enough: whoever moves the clock later does so in this isolate.
let asked = false;
async function ready(env) {
  if (asked) return;
  await ask(env, {});
  asked = true;
}

/**
 * Alarms in virtual time. The methods are replaced on the very object that the bundle will use, so
 * that it still is workerd's own and a setAlarm inside transactionSync rolls back as ever.
 * Returns a function that sets the real alarm anew after the clock was moved.
 */
function shiftAlarms(storage) {
  const set = storage.setAlarm.bind(storage);
  const get = storage.getAlarm.bind(storage);
  // An alarm set while no clock was in use has no note, or one of an older alarm: it is real time.
  const virtual = (real) => {
    const note = storage.kv.get(ALARM_NOTE);
    return note?.real === real ? note.virtual : real;
  };
  const setVirtual = (when, ...options) => {
    const note = { virtual: Number(when), real: toReal(Number(when)) };
    storage.kv.put(ALARM_NOTE, note);
    return set(note.real, ...options);
  };
  storage.setAlarm = setVirtual;
  storage.getAlarm = async (...options) => {
    const real = await get(...options);
    return real === null ? null : virtual(real);
  };
  return async () => {
    const real = await get();
    if (real !== null && toReal(virtual(real)) !== real) await setVirtual(virtual(real));
  };
}

// By object id; each closure keeps its `storage`, and so the replaced methods, alive.
const rearms = new Map();
const kept = new Map();

export class Desk extends bundle.Desk {
  constructor(state, env) {
    const id = state.id.toString();
    // First of all: an alarm that moves with the clock is none that the Desk set.
    rearms.set(id, shiftAlarms(state.storage));
    kept.set(id, [watch(state.storage), failing(state.storage)]);
    state.blockConcurrencyWhile(async () => {
      await ask(env, { desk: id });
      await rearms.get(id)();
    });
    super(state, { ...env, SHOP: refusing(env.SHOP) });
  }

  async fetch(request) {
    const id = request.headers.get(REARM);
    if (id === null) {
      called();
      const isTick = new URL(request.url).pathname === "/tick";
      if (isTick) await moment("tick");
      const answer = await super.fetch(request);
      if (isTick) await moment("ticked");
      return answer;
    }
    await rearms.get(id)();
    return new Response();
  }

  async alarm(...given) {
    rang();
    await moment("alarm");
    await super.alarm(...given);
    await moment("alarmed");
  }
}

async function clock(request, env) {
  const t = new URL(request.url).searchParams.get("t");
  if (t !== null && !/^\d{1,15}$/.test(t)) return new Response("t: milliseconds since 1970\n", { status: 400 });
  const { desks } = await ask(env, t === null ? {} : { t });
  if (t !== null) {
    const rearm = (id) => env.DESK.get(env.DESK.idFromString(id)).fetch("http://clock/", { headers: { [REARM]: id } });
    await Promise.all(desks.map(rearm));
  }
  return Response.json({ now: virtualNow() });
}

function kv(request) {
  const refuse = new URL(request.url).searchParams.get("refuse");
  if (refuse !== null && !["yes", "lists", "no"].includes(refuse)) return new Response("refuse: yes, lists or no\n", { status: 400 });
  if (refuse !== null) setRefusing(refuse);
  return Response.json({ refusing: isRefusing() });
}

function sql(request) {
  const { searchParams } = new URL(request.url);
  if (searchParams.has("fail")) setFailing(searchParams.get("fail"), Number(searchParams.get("times") ?? 1));
  return Response.json({ left: stillFailing() });
}

function stand(request) {
  const { searchParams } = new URL(request.url);
  if (searchParams.has("at")) standAt(searchParams.get("at"), Number(searchParams.get("times") ?? 1));
  return Response.json({ standing: standing() });
}

function https(request) {
  const { searchParams } = new URL(request.url);
  const [from, to] = [searchParams.get("from") ?? "", searchParams.get("to") ?? ""];
  if (!/^https:\/\/[a-z0-9.-]+$/.test(from) || !/^http:\/\/127\.0\.0\.1:\d+$/.test(to)) {
    return new Response("from: https://HOST, to: http://127.0.0.1:PORT\n", { status: 400 });
  }
  setOrigin(from, to);
  return Response.json({ from, to });
}

export default class extends Bundle {
  async fetch(request) {
    await ready(this.env);
    const { pathname } = new URL(request.url);
    if (pathname === "/__clock") return clock(request, this.env);
    if (pathname === "/__https") return https(request);
    if (pathname === "/__stand") return stand(request);
    if (pathname === "/__sql") return sql(request);
    if (pathname === "/__rows") return Response.json(counted(new URL(request.url).searchParams.get("count") === "yes"));
    return pathname === "/__kv" ? kv(request) : super.fetch(request);
  }

  async scheduled(event) {
    await ready(this.env);
    return super.scheduled(event);
  }
}
