// Reads as much of a wasm module as it takes to say what takes its space.

const SECTIONS = ["custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag"];

class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }
  byte() {
    return this.bytes[this.at++];
  }
  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
  /** The next `length` bytes as a reader of their own. */
  part(length) {
    const part = new Reader(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }
  text() {
    const { at, end } = this.part(this.number());
    return new TextDecoder().decode(this.bytes.subarray(at, end));
  }
  get length() {
    return this.end - this.at;
  }
}

/** [{ name, size }] of the sections, custom ones by their own names. */
export function sections(bytes) {
  const reader = new Reader(bytes, 8);
  const found = [];
  while (reader.at < reader.end) {
    const id = reader.byte();
    const body = reader.part(reader.number());
    const size = body.length;
    const name = id === 0 ? `custom ${body.text()}` : SECTIONS[id];
    found.push({ id, name, size, body });
  }
  return found;
}

/** [{ name, size }] of the functions, as the name section calls them. */
export function functions(bytes) {
  const all = sections(bytes);
  const imports = countImportedFunctions(all.find(({ id }) => id === 2)?.body);
  const names = functionNames(all.find(({ name }) => name === "custom name")?.body);
  const code = all.find(({ id }) => id === 10).body;
  return Array.from({ length: code.number() }, (_, at) => {
    const size = code.number();
    code.part(size);
    return { name: names.get(imports + at) ?? "?", size };
  });
}

function countImportedFunctions(section) {
  if (!section) return 0;
  let functions = 0;
  for (let left = section.number(); left > 0; left -= 1) {
    section.text();
    section.text();
    const kind = section.byte();
    if (kind === 0) { // function: its type
      functions += 1;
      section.number();
    } else if (kind === 3) { // global: value type, mutability
      section.part(2);
    } else if (kind === 4) { // tag: attribute, type
      section.byte();
      section.number();
    } else { // table: element type first; then table and memory have limits
      if (kind === 1) section.byte();
      const limits = section.byte();
      section.number();
      if (limits & 1) section.number();
    }
  }
  return functions;
}

function functionNames(section) {
  const names = new Map();
  while (section && section.length > 0) {
    const kind = section.byte();
    const part = section.part(section.number());
    if (kind !== 1) continue;
    for (let left = part.number(); left > 0; left -= 1) names.set(part.number(), part.text());
  }
  return names;
}

const STD = new Set(["core", "alloc", "std"]);

/** The crate a function comes from: the first in its demangled name that is not the standard library. */
export function crateOf(name) {
  const plain = name.replace(/\[[0-9a-f]{16}\]/g, "");
  const crates = [...plain.matchAll(/(?<![\w:])([a-z_][a-z0-9_]*)::/g)].map(([, crate]) => crate);
  return crates.find((crate) => !STD.has(crate)) ?? (crates.length ? "std" : "other");
}
