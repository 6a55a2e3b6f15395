//! The Desk's SQLite behind the store's [`Sql`].
//!
//! Hazards of this runtime (measured on workerd, November 2026): a JavaScript exception that is
//! not caught hangs the object, so every call here is a `catch` binding; a cursor left half read
//! loses the whole stretch of writes, so every cursor is read to its end; only
//! `transactionSync` rolls back when something fails in the middle.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Date};
use wasm_bindgen::prelude::*;
use worker::State;

use super::http::js_error;
use crate::store::{Row, Sql, StoreError, Value};
use crate::time::UnixMs;

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`, as far as it is used here.
    type Storage;

    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> SqlStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Storage,
        body: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, at: &Date) -> Result<js_sys::Promise, JsValue>;

    /// `SqlStorage`.
    type SqlStorage;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &SqlStorage, query: &str, bindings: &Array) -> Result<Cursor, JsValue>;

    /// `SqlStorageCursor`.
    type Cursor;

    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<RawRows, JsValue>;

    #[wasm_bindgen(method, getter, js_name = rowsWritten)]
    fn rows_written(this: &Cursor) -> f64;

    /// The cursor's iterator over plain arrays.
    type RawRows;

    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &RawRows) -> Result<Array, JsValue>;
}

/// One Desk's storage.
pub struct DeskSql {
    storage: Storage,
    sql: SqlStorage,
    /// The alarm that is set, as far as this process knows: setting one costs a write, so it is
    /// only set when it is earlier.
    alarm: Cell<Option<UnixMs>>,
}

fn refused(error: &JsValue) -> StoreError {
    StoreError::Refused(js_error(error).into_owned())
}

impl DeskSql {
    pub fn new(state: &State) -> Self {
        let storage: Storage = JsValue::from(state.storage().as_raw()).unchecked_into();
        let sql = storage.sql();
        Self { storage, sql, alarm: Cell::new(None) }
    }

    /// The alarm fired, or is not to be relied upon: the next [`Sql::wake_at`] sets it anew.
    pub fn forget_alarm(&self) {
        self.alarm.set(None);
    }

    fn exec(&self, sql: &str, params: &[Value]) -> Result<Cursor, StoreError> {
        let bindings = Array::new_with_length(0);
        for value in params {
            bindings.push(&match value {
                Value::Null => JsValue::NULL,
                // Times, counts and ids: far below 2^53.
                #[allow(clippy::cast_precision_loss)]
                Value::Int(n) => JsValue::from_f64(*n as f64),
                Value::Text(text) => JsValue::from_str(text),
            });
        }
        self.sql.exec(sql, &bindings).map_err(|error| refused(&error))
    }
}

fn from_js(value: &JsValue) -> Value {
    if let Some(text) = value.as_string() {
        Value::Text(text)
    } else if let Some(number) = value.as_f64() {
        #[allow(clippy::cast_possible_truncation)]
        Value::Int(number as i64)
    } else {
        Value::Null
    }
}

impl Sql for DeskSql {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let cursor = self.exec(sql, params)?;
        let rows = cursor.raw().and_then(|raw| raw.to_array()).map_err(|e| refused(&e))?;
        Ok(rows.iter().map(|row| Array::from(&row).iter().map(|v| from_js(&v)).collect()).collect())
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<bool, StoreError> {
        // No statement of ours that is executed returns rows, so the cursor is at its end.
        Ok(self.exec(sql, params)?.rows_written() > 0.0)
    }

    fn transaction<T, E: From<StoreError>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let alarm = self.alarm.get();
        let outcome = RefCell::new(None);
        let mut body = Some(body);
        let committed = self.storage.transaction_sync(&mut || {
            let Some(body) = body.take() else { return Ok(()) };
            let result = body();
            let failed = result.is_err();
            *outcome.borrow_mut() = Some(result);
            // An exception is how JavaScript rolls back.
            if failed { Err(JsValue::from_str("rolled back")) } else { Ok(()) }
        });
        match (committed, outcome.into_inner()) {
            (Ok(_), Some(result)) => result,
            (Err(_), Some(Err(error))) => {
                self.alarm.set(alarm);
                Err(error)
            }
            (Err(error), _) => {
                self.alarm.set(alarm);
                Err(refused(&error).into())
            }
            (Ok(_), None) => Err(StoreError::Refused("the transaction did not run".into()).into()),
        }
    }

    fn wake_at(&self, at: UnixMs) -> Result<(), StoreError> {
        if self.alarm.get().is_some_and(|pending| pending <= at) {
            return Ok(());
        }
        #[allow(clippy::cast_precision_loss)]
        let date = Date::new(&JsValue::from_f64(at.get() as f64));
        // The promise only says that the write is queued; it commits with the transaction.
        let _queued = self.storage.set_alarm(&date).map_err(|error| refused(&error))?;
        self.alarm.set(Some(at));
        Ok(())
    }
}
