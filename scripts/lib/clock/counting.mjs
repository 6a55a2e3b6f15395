// Counts what Desks do, for tests and measurements only: rows that their statements write and read,
// alarms that are set, and how often they are called. Nothing is counted until somebody asks.
let counts;

const zero = () => ({ rowsWritten: 0, rowsRead: 0, alarmsSet: 0, requests: 0, alarms: 0 });

/** Begins anew with `count=yes`; returns what was counted since. A cursor's rows are known once it was read. */
export function counted(restart) {
  const cursors = counts?.cursors ?? [];
  const { rowsWritten, rowsRead } = cursors.reduce(
    (sum, cursor) => ({ rowsWritten: sum.rowsWritten + cursor.rowsWritten, rowsRead: sum.rowsRead + cursor.rowsRead }),
    { rowsWritten: 0, rowsRead: 0 },
  );
  const sum = counts && { ...counts.sum, rowsWritten: counts.sum.rowsWritten + rowsWritten, rowsRead: counts.sum.rowsRead + rowsRead };
  if (counts) counts = { sum, cursors: [] };
  if (restart) counts = { sum: zero(), cursors: [] };
  return sum ?? zero();
}

/** Watches the storage of a Desk, before the Desk takes it. */
export function watch(storage) {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = (...args) => {
    const cursor = exec(...args);
    if (counts) {
      counts.cursors.push(cursor);
      if (counts.cursors.length > 10_000) counted(false);
    }
    return cursor;
  };
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...args) => {
    if (counts) counts.sum.alarmsSet += 1;
    return setAlarm(...args);
  };
  return sql; // whoever keeps it keeps the replaced method
}

export const called = () => counts && (counts.sum.requests += 1);
export const rang = () => counts && (counts.sum.alarms += 1);
