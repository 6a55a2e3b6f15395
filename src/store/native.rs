//! [`Sql`] on a native SQLite: for the terminal, the simulator and the property tests.

use std::cell::{Cell, RefCell};
use std::path::Path;

use rusqlite::types::{Value as Native, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::{Row, Sql, StoreError, Value};
use crate::time::UnixMs;

/// One Desk's SQLite, in memory or in a file.
pub struct Sqlite {
    connection: RefCell<Connection>,
    /// How many transactions are open; the inner ones are savepoints.
    depth: Cell<u32>,
    /// The earliest moment this Desk asked to be woken at.
    alarm: Cell<Option<UnixMs>>,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl Sqlite {
    /// A Desk that is forgotten when dropped.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when SQLite cannot start.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::on(Connection::open_in_memory()?))
    }

    /// A Desk in a file, created when missing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::on(Connection::open(path)?))
    }

    fn on(connection: Connection) -> Self {
        Self { connection: RefCell::new(connection), depth: Cell::new(0), alarm: Cell::new(None) }
    }

    /// The moment this Desk asked to be woken at, and forgets it.
    pub fn take_alarm(&self) -> Option<UnixMs> {
        self.alarm.take()
    }

    fn batch(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.connection.borrow().execute_batch(sql)?)
    }
}

fn to_native(params: &[Value]) -> impl Iterator<Item = Native> {
    params.iter().map(|value| match value {
        Value::Null => Native::Null,
        Value::Int(n) => Native::Integer(*n),
        Value::Text(s) => Native::Text(s.clone()),
    })
}

fn from_native(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
    }
}

impl Sql for Sqlite {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection.borrow();
        let mut statement = connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let rows = statement.query_map(params_from_iter(to_native(params)), |row| {
            (0..columns).map(|i| row.get_ref(i).map(from_native)).collect()
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<bool, StoreError> {
        let connection = self.connection.borrow();
        let mut statement = connection.prepare_cached(sql)?;
        Ok(statement.execute(params_from_iter(to_native(params)))? > 0)
    }

    fn transaction<T, E: From<StoreError>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let depth = self.depth.get();
        let alarm = self.alarm.get();
        self.batch(&format!("SAVEPOINT level_{depth}"))?;
        self.depth.set(depth.saturating_add(1));
        let result = body();
        self.depth.set(depth);
        if result.is_ok() {
            self.batch(&format!("RELEASE level_{depth}"))?;
        } else {
            self.alarm.set(alarm);
            self.batch(&format!("ROLLBACK TO level_{depth}; RELEASE level_{depth}"))?;
        }
        result
    }

    fn wake_at(&self, at: UnixMs) -> Result<(), StoreError> {
        self.alarm.set(Some(self.alarm.get().map_or(at, |pending| pending.min(at))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::params;
    use super::*;

    #[test]
    fn a_failed_transaction_leaves_nothing_and_a_nested_one_only_its_own_part() {
        let sql = Sqlite::in_memory().unwrap();
        sql.execute("CREATE TABLE t (n INTEGER)", params![]).unwrap();
        let insert = |n: i64| sql.execute("INSERT INTO t VALUES (?1)", params![n]).map(|_| ());
        let refused = || Err::<(), _>(StoreError::Refused("no".into()));
        let outer: Result<(), StoreError> = sql.transaction(|| {
            insert(1)?;
            sql.wake_at(UnixMs::new(5))?;
            refused()
        });
        assert!(outer.is_err());
        assert_eq!(sql.take_alarm(), None);
        sql.transaction(|| {
            insert(2)?;
            let _ = sql.transaction(|| {
                insert(3)?;
                refused()
            });
            insert(4)
        })
        .unwrap();
        let rows = sql.query("SELECT n FROM t ORDER BY n", params![]).unwrap();
        assert_eq!(rows, [[Value::Int(2)], [Value::Int(4)]]);
    }
}
