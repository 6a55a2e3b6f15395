// Statements that fail when a test asks for it: the next `times` ones that hold these words.
let next = { words: "", times: 0 };

export const setFailing = (words, times) => {
  next = { words, times };
};
export const stillFailing = () => next.times;

/** Makes the storage of a Desk fail, before the Desk takes it. */
export function failing(storage) {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = (text, ...params) => {
    if (next.times > 0 && text.includes(next.words)) {
      next.times -= 1;
      throw new Error("a test lets this statement fail");
    }
    return exec(text, ...params);
  };
  return sql; // whoever keeps it keeps the replaced method
}
