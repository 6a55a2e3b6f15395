//! The Desk's SQLite behind the store's [`Sql`].
//!
//! Hazards of this runtime (measured on workerd, November 2026): a JavaScript exception that is
//! not caught hangs the object, so every call here is a `catch` binding; a cursor left half read
//! loses the whole stretch of writes, so every cursor is read to its end; only
//! `transactionSync` rolls back when something fails in the middle.

//!
//! Each step over the border between wasm and JavaScript costs: the parameters of a statement go
//! over as one JSON text and its rows come back as one, and a statement's own text goes over once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;

use js_sys::{Array, Date, JSON, JsString};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use wasm_bindgen::prelude::*;
use worker::worker_sys::DurableObjectState;

use super::http::js_error;
use crate::store::{Row, Sql, StoreError, Value, to_json};
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
    fn exec(this: &SqlStorage, query: &JsString, bindings: &Array) -> Result<Cursor, JsValue>;

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
    /// The texts of statements, as JavaScript has them. They are constants of the store, so there
    /// are only so many.
    texts: RefCell<HashMap<String, JsString>>,
    no_params: Array,
    /// The alarm that is set, as far as this process knows: setting one costs a write, so it is
    /// only set when it is earlier.
    alarm: Cell<Option<UnixMs>>,
}

fn refused(error: &JsValue) -> StoreError {
    StoreError::Refused(js_error(error).into_owned())
}

impl DeskSql {
    pub fn new(state: &DurableObjectState) -> Result<Self, JsValue> {
        let storage: Storage = JsValue::from(state.storage()?).unchecked_into();
        let sql = storage.sql();
        let (texts, alarm) = (RefCell::default(), Cell::new(None));
        Ok(Self { storage, sql, texts, no_params: Array::new(), alarm })
    }

    /// The alarm fired, or is not to be relied upon: the next [`Sql::wake_at`] sets it anew.
    pub fn forget_alarm(&self) {
        self.alarm.set(None);
    }

    fn exec(&self, sql: &str, params: &[Value]) -> Result<Cursor, StoreError> {
        let text = self.text(sql);
        let run = |params: &Array| self.sql.exec(&text, params).map_err(|error| refused(&error));
        if params.is_empty() {
            return run(&self.no_params);
        }
        let params = to_json("parameters", &params)?;
        run(JSON::parse(&params).map_err(|error| refused(&error))?.unchecked_ref())
    }

    fn text(&self, sql: &str) -> JsString {
        if let Some(text) = self.texts.borrow().get(sql) {
            return text.clone();
        }
        let text = JsString::from(sql);
        self.texts.borrow_mut().insert(sql.to_owned(), text.clone());
        text
    }
}

/// A column as JSON: what [`Value`]'s own writing is read back with.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Column)
    }
}

struct Column;

impl Visitor<'_> for Column {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, an integer or null")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Int(n))
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Value, E> {
        i64::try_from(n).map(Value::Int).map_err(de::Error::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }
}

impl Sql for DeskSql {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let cursor = self.exec(sql, params)?;
        let rows = cursor.raw().and_then(|raw| raw.to_array()).map_err(|e| refused(&e))?;
        if rows.length() == 0 {
            return Ok(Vec::new());
        }
        let rows = String::from(JSON::stringify(&rows).map_err(|error| refused(&error))?);
        serde_json::from_str(&rows).map_err(|error| {
            StoreError::Refused(format!("rows cannot be read: column {}", error.column()))
        })
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
