// Chance that comes out the same on every machine and in every run.

/** Numbers in [0, 1) from a name (mulberry32, seeded with FNV-1a). */
export function random(name) {
  let state = 2166136261;
  for (const byte of Buffer.from(name)) state = Math.imul(state ^ byte, 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function shuffled(list, chance) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = Math.floor(chance() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

/** `text` with about `share` of its words of four letters or more damaged by one slip of a finger. */
export function damaged(text, share, chance) {
  return text.replace(/\p{L}{4,}/gu, (word) => {
    if (chance() >= share) return word;
    const letters = [...word];
    const at = 1 + Math.floor(chance() * (letters.length - 2)); // first letters are rarely wrong
    const slip = Math.floor(chance() * 4);
    if (slip === 0) [letters[at], letters[at + 1]] = [letters[at + 1], letters[at]];
    else if (slip === 1) letters.splice(at, 1);
    else if (slip === 2) letters.splice(at, 0, letters[at]);
    else letters[at] = letters[Math.floor(chance() * letters.length)];
    return letters.join("");
  });
}

/** As people type who do not bother to look for ė and š. */
export const withoutDiacritics = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").normalize("NFC");
