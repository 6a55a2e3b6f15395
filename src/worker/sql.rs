//! The Desk's SQLite behind the store's [`Sql`].
//!
//! Hazards of this runtime (measured on workerd, November 2026): a JavaScript exception that is
//! not caught hangs the object, so every call here is a `catch` binding; a cursor left half read
//! loses the whole stretch of writes, so every cursor is read to its end; only
//! `transactionSync` rolls back when something fails in the middle.
//!
//! Each step over the border between wasm and JavaScript costs: a statement is one step, and so is
//! a list of them. Parameters go over as one JSON text and rows come back as one, and a
//! statement's own text goes over once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use js_sys::Date;
use serde::de::Deserialize;
use wasm_bindgen::prelude::*;
use worker::worker_sys::DurableObjectState;

use super::desk::now;
use super::http::js_error;
use crate::store::{Row, Sql, Statement, StoreError, Value, to_json};
use crate::time::{MINUTE, UnixMs};

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
}

#[wasm_bindgen(module = "/src/worker/border.js")]
extern "C" {
    fn remember(text: &str) -> u32;

    #[wasm_bindgen(catch)]
    fn query(sql: &SqlStorage, text: u32, params: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(catch)]
    fn execute(sql: &SqlStorage, text: u32, params: &str) -> Result<bool, JsValue>;

    #[wasm_bindgen(catch, js_name = runAll)]
    fn run_all(storage: &Storage, statements: &str) -> Result<String, JsValue>;
}

/// An alarm that is later than this is lost: whatever killed it did not bring it back.
const LOST_MS: i64 = MINUTE;

/// One Desk's storage.
pub struct DeskSql {
    storage: Storage,
    sql: SqlStorage,
    /// The numbers that JavaScript knows the texts of statements by. They are constants of the
    /// store, so there are only so many.
    texts: RefCell<HashMap<String, u32>>,
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
        Ok(Self { storage, sql, texts, alarm })
    }

    /// The alarm fired, or is not to be relied upon: the next [`Sql::wake_at`] sets it anew.
    pub fn forget_alarm(&self) {
        self.alarm.set(None);
    }

    fn text(&self, sql: &str) -> u32 {
        if let Some(text) = self.texts.borrow().get(sql) {
            return *text;
        }
        let text = remember(sql);
        self.texts.borrow_mut().insert(sql.to_owned(), text);
        text
    }
}

fn rows<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| {
        StoreError::Refused(format!("rows cannot be read: column {}", error.column()))
    })
}

impl Sql for DeskSql {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let params = to_json("parameters", &params)?;
        let found = query(&self.sql, self.text(sql), &params).map_err(|error| refused(&error))?;
        found.map_or(Ok(Vec::new()), |found| rows(&found))
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<bool, StoreError> {
        let params = to_json("parameters", &params)?;
        execute(&self.sql, self.text(sql), &params).map_err(|error| refused(&error))
    }

    fn run_all(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>, StoreError> {
        let list: Vec<_> = statements.iter().map(|s| (self.text(s.text), &s.params)).collect();
        let list = to_json("parameters", &list)?;
        rows(&run_all(&self.storage, &list).map_err(|error| refused(&error))?)
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
        let now = now();
        let at = match self.alarm.get() {
            Some(pending) if pending <= now.plus(-LOST_MS) => now,
            Some(pending) if pending <= at.max(now) => return Ok(()),
            // A moment that is past is now, or it would always be earlier than the one that is set.
            _ => at.max(now),
        };
        #[allow(clippy::cast_precision_loss)]
        let date = Date::new(&JsValue::from_f64(at.get() as f64));
        // The promise only says that the write is queued; it commits with the transaction.
        let _queued = self.storage.set_alarm(&date).map_err(|error| refused(&error))?;
        self.alarm.set(Some(at));
        Ok(())
    }
}
