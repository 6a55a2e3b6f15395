// The virtual now. Imported before the bundle, because modules of an isolate share one Date and
// the bundle may look at it while it loads.
const RealDate = Date;
let offset = 0;

export const realNow = () => RealDate.now();
export const virtualNow = () => RealDate.now() + offset;
export const toReal = (virtual) => virtual - offset;

export function setOffset(ms) {
  offset = ms;
}

// A proxy rather than a subclass: `instanceof Date` and Date.prototype stay what they were.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [virtualNow()] : args, newTarget),
  apply: () => new RealDate(virtualNow()).toString(),
  get: (target, name) => (name === "now" ? virtualNow : Reflect.get(target, name)),
});
