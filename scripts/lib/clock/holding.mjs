// Named moments at which a test can stop a Desk, to kill the process there and nowhere else. Nothing
// stops until it is asked for.
let wanted;
let left = 0;
let stopped = false;

/** From now on whoever comes to `name` for the `times`-th time stands there until the process ends. */
export function standAt(name, times) {
  [wanted, left, stopped] = [name, times, false];
}

export const standing = () => stopped;

/** A moment. */
export async function moment(name) {
  if (name !== wanted) return;
  left -= 1;
  // Whoever comes after the one that stands stands, too: nothing is to settle behind its back.
  if (left > 0) return;
  stopped = true;
  // Timers keep the runtime from taking it for hung.
  for (;;) await new Promise((done) => setTimeout(done, 1_000));
}

const before = globalThis.fetch;
globalThis.fetch = async (...request) => {
  await moment("send");
  const answer = await before(...request);
  await moment("answer");
  return answer;
};
