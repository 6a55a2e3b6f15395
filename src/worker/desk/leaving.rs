//! A Desk while its data is carried to another deployment, or taken in from one: the steps are
//! `store::leaving`'s.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Done;
use super::{Inner, Name, now};
use crate::desk::layout::{self, Before, Layout, REGISTRAR};
use crate::shop::model::MOST_SHARDS;
use crate::store::leaving::{self, Begun, Still};
use crate::store::map::{Leaves, table};
use crate::store::{Row, StoreError, Value};
use crate::time::UnixMs;

/// A step, for one Desk.
#[derive(Serialize, Deserialize)]
pub struct Step {
    pub desk: Name,
    pub act: Act,
}

/// What it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// How the Desk stands.
    Look,
    /// Rows of a table after a key.
    Rows { table: String, after: Vec<Value> },
    /// Stands still, for so long at most; none: until it is told to go on.
    StandStill { ms: Option<i64> },
    /// Goes on.
    GoOn,
    /// Begins to take in. The Page's first Desk says how people are divided from now on; the others
    /// are told (`layout`).
    Begin {
        id: String,
        shards: u32,
        #[serde(default)]
        before: Option<Before>,
        #[serde(default)]
        earlier: Vec<Before>,
        #[serde(default)]
        over: Option<Vec<(String, UnixMs)>>,
        #[serde(default)]
        layout: Option<Layout>,
    },
    /// Takes in rows of a table.
    Take { id: String, table: String, from: u64, rows: Vec<Row> },
    /// Takes in what KV is owed.
    TakeKv { id: String, from: u64, values: Vec<(String, String)> },
    /// Everything is here.
    End { id: String, sequences: BTreeMap<String, i64> },
}

fn done(body: serde_json::Value) -> Result<Done, StoreError> {
    Ok(Done { status: 200, body })
}

fn refused(why: &str) -> Result<Done, StoreError> {
    Ok(Done { status: 409, body: json!({ "error": why }) })
}

impl Inner {
    /// Whether this Desk stands still because its data is carried away or taken in.
    pub(super) fn is_carried(&self) -> bool {
        match self.still.get() {
            None => false,
            Some(Still { until: None }) => true,
            Some(Still { until: Some(until) }) => now() < until,
        }
    }

    /// Once a minute: whoever carried it away may have died.
    pub(super) fn go_on_if_forgotten(&self) -> Result<(), String> {
        if self.still.get().is_none() || self.is_carried() {
            return Ok(());
        }
        leaving::go_on(&self.sql, now()).map_err(|error| error.to_string())?;
        self.still.set(None);
        self.look_again();
        Ok(())
    }

    pub(super) async fn leaving(self: &Rc<Self>, step: Step) -> Result<String, String> {
        let Step { desk, act } = step;
        self.be(&desk)?;
        let layout = match &act {
            Act::Begin { shards, before, earlier, .. }
                if !layout::fits(*shards, before.iter().chain(earlier)) =>
            {
                let why = format!("a Page has at most {MOST_SHARDS} Desks");
                return super::json(&refused(&why).map_err(|error| error.to_string())?);
            }
            Act::Begin { layout: Some(told), .. } => Some(told.clone()),
            Act::Begin { shards, before, earlier, .. } => {
                let divided = Layout {
                    before: before.clone(),
                    earlier: earlier.clone(),
                    ..Layout::first(*shards)
                };
                Some(self.next_layout(&desk, divided).await?)
            }
            _ => None,
        };
        let answer = self.step(&desk, act, layout.as_ref()).map_err(|error| error.to_string())?;
        self.still.set(leaving::still(&self.sql).map_err(|error| error.to_string())?);
        super::json(&answer)
    }

    /// How people are divided once an import has begun that brings them so.
    async fn next_layout(&self, desk: &Name, divided: Layout) -> Result<Layout, String> {
        let known = self.layout(desk).await?;
        if desk.shard != REGISTRAR {
            return Ok(known);
        }
        Ok(Layout { epoch: known.epoch.saturating_add(1), ..divided })
    }

    fn step(&self, desk: &Name, act: Act, layout: Option<&Layout>) -> Result<Done, StoreError> {
        let sql = &self.sql;
        match act {
            Act::Look => done(json!({
                "sequences": leaving::sequences(sql)?,
                "import": leaving::import(sql)?,
                "still": leaving::still(sql)?,
                "in_the_way": leaving::in_the_way(sql)?,
                "in_flight": crate::store::outbox::in_flight(sql)?,
            })),
            Act::Rows { table: name, after } => match table(&name) {
                Some(table) if table.leaves != Leaves::Not => {
                    let chunk = leaving::rows(sql, table, &after)?;
                    done(json!({ "rows": chunk.rows, "next": chunk.next }))
                }
                _ => refused("there is no such table that leaves"),
            },
            Act::StandStill { ms } => {
                let until = ms.map(|ms| now().plus(ms));
                leaving::stand_still(sql, Still { until })?;
                done(json!({ "in_flight": crate::store::outbox::in_flight(sql)? }))
            }
            Act::GoOn => {
                if leaving::import(sql)?.is_some_and(|known| known.open) {
                    return refused("an import is on: finish it with `shopbell import`");
                }
                leaving::go_on(sql, now())?;
                self.look_again();
                done(json!({}))
            }
            Act::Begin { id, over, .. } => {
                if layout.is_some_and(|layout| layout.moving_to.is_some()) {
                    return refused("people are being moved to other Desks: wait for that");
                }
                let begun = leaving::begin(sql, &desk.page, &id, over.as_deref(), now())?;
                match begun {
                    Begun::Is(import) => {
                        let layout = layout.filter(|_| import.open && import.taken.is_empty());
                        if let Some(layout) = layout {
                            self.take_layout(layout).map_err(StoreError::Refused)?;
                        }
                        done(
                            json!({ "import": import, "layout": crate::desk::layout::known(sql)? }),
                        )
                    }
                    Begun::Another(_) => {
                        refused("another import is on here: finish that one first")
                    }
                    Begun::InTheWay(table) => {
                        refused(&format!("there are rows in {table}: this Desk is not empty"))
                    }
                    Begun::Forgotten(n) => refused(&format!(
                        "{n} people were forgotten here of whom the export does not know it: it could \
                         bring them back, so nothing is replaced"
                    )),
                }
            }
            Act::Take { id, table: name, from, rows } => match table(&name) {
                Some(table) => {
                    done(json!({ "import": leaving::take(sql, &id, table, from, &rows)? }))
                }
                None => refused("there is no such table"),
            },
            Act::TakeKv { id, from, values } => {
                done(json!({ "import": leaving::take_kv(sql, &id, from, &values, now())? }))
            }
            Act::End { id, sequences } => {
                leaving::end(sql, &id, &sequences, now())?;
                self.look_again();
                done(json!({}))
            }
        }
    }
}
