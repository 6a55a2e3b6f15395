//! The bundle's ground: a running Worker with a clock that can be moved, and a sandbox in Meta's
//! place, reached over the sandbox's own routes. It stops at every full hour and wherever the
//! native run saw something happen.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::ground::{Door, Ground, GroundError, Moment, Outcome, PACE_MS, Thread};
use crate::cli::sandbox::{Act, Call, Fault, How, NewPerson};
use crate::time::{HOUR, MINUTE, UnixMs};

/// How long the Worker may take until nothing more comes of something.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a running stage is.
#[derive(Clone, Debug)]
pub struct Address {
    /// The sandbox.
    pub sandbox: String,
    /// The Worker; the sandbox knows it too.
    pub worker: Option<String>,
    /// For `/admin/status`, which says when the Worker is done.
    pub admin_token: String,
}

/// A Worker and a sandbox.
pub struct Stage {
    runtime: Runtime,
    http: reqwest::Client,
    sandbox: String,
    worker: String,
    admin_token: String,
    page: String,
    now: UnixMs,
    /// When, by this machine, the clocks were set to that.
    moved: Instant,
    last_call: u64,
    people: Vec<String>,
}

/// A Desk's part of `/admin/status` that tells whether it is done.
#[derive(Deserialize)]
struct Desk {
    page: String,
    outbox: Outbox,
    kv_owed: i64,
    parked: i64,
    #[serde(default)]
    notifications: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outbox {
    open: i64,
    in_flight: i64,
    next_due: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
struct Status {
    desks: Vec<Desk>,
}

impl Stage {
    /// Takes up a running stage, and sets its clock.
    ///
    /// # Errors
    /// [`GroundError`] when it does not answer.
    pub fn open(address: Address, page: &str, now: UnixMs) -> Result<Self, GroundError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| GroundError(error.to_string()))?;
        let mut stage = Self {
            runtime,
            http: reqwest::Client::new(),
            sandbox: address.sandbox.trim_end_matches('/').to_owned(),
            worker: String::new(),
            admin_token: address.admin_token,
            page: page.to_owned(),
            now,
            moved: Instant::now(),
            last_call: 0,
            people: Vec::new(),
        };
        let state = stage.get(&format!("{}/sandbox/state", stage.sandbox)).map_err(|error| {
            let there = &stage.sandbox;
            GroundError(format!(
                "no sandbox answers at {there} ({error}): start `scripts/dev --clock`, and give --bundle \
                 the address that it says"
            ))
        })?;
        let worker = address.worker.or_else(|| text(&state, "worker"));
        stage.worker = worker.ok_or_else(|| {
            GroundError("the sandbox knows no Worker: name it with --url".to_owned())
        })?;
        stage.worker = stage.worker.trim_end_matches('/').to_owned();
        let _settings: Value = stage.post("settings", &json!({"echo_delay_ms": 0}))?;
        stage.move_clock(now)?;
        stage.get(&format!("{}/__clock", stage.worker)).map_err(|error| {
            GroundError(format!("{error}: has it been started by `scripts/dev --clock`?"))
        })?;
        stage.seen()?;
        Ok(stage)
    }

    fn ask<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, GroundError> {
        let asked = async {
            let answer = request.timeout(PATIENCE).send().await.map_err(|e| e.to_string())?;
            let url = answer.url().to_string();
            let status = answer.status();
            let text = answer.text().await.map_err(|error| error.to_string())?;
            if !status.is_success() {
                return Err(format!("{url} answered {status}: {text}"));
            }
            let text = if text.is_empty() { "null" } else { text.as_str() };
            serde_json::from_str(text).map_err(|error| format!("{url}: {error}"))
        };
        self.runtime.block_on(asked).map_err(GroundError)
    }

    fn get(&self, url: &str) -> Result<Value, GroundError> {
        self.ask(self.http.get(url))
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, GroundError> {
        self.ask(self.http.post(format!("{}/sandbox/{path}", self.sandbox)).json(body))
    }

    fn status(&self) -> Result<Status, GroundError> {
        let url = format!("{}/admin/status", self.worker);
        self.ask(self.http.get(url).bearer_auth(&self.admin_token))
    }

    /// Moves both clocks.
    fn move_clock(&mut self, to: UnixMs) -> Result<(), GroundError> {
        self.moved = Instant::now();
        let _now: Value = self.post("clock", &json!({"set": to.get()}))?;
        let _now = self.get(&format!("{}/__clock?t={}", self.worker, to.get()))?;
        self.now = to;
        Ok(())
    }

    fn cron(&self) -> Result<(), GroundError> {
        let (worker, at) = (&self.worker, self.now.get());
        let url = format!("{worker}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time={at}");
        let fired = self.runtime.block_on(async {
            let answer = self.http.get(url).timeout(PATIENCE).send().await?;
            answer.error_for_status()
        });
        fired.map(|_| ()).map_err(|error| GroundError(error.to_string()))
    }

    /// Waits until nothing more can come of what was done: every Desk has nothing to send and
    /// nothing to write, or waits for something that only time brings. Returns the Desks.
    fn settle(&self) -> Result<Vec<Desk>, GroundError> {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.status()?;
            let open: i64 = status.desks.iter().map(|desk| desk.outbox.open).sum();
            // The Worker's time flows on since it was set.
            let since = i64::try_from(self.moved.elapsed().as_millis()).unwrap_or(i64::MAX);
            let soon = self.now.plus(since).plus(PACE_MS).timestamp();
            let rests = |desk: &Desk| {
                let later = desk.outbox.next_due.is_some_and(|due| due > soon);
                desk.kv_owed == 0 && desk.outbox.in_flight == 0 && (desk.outbox.open == 0 || later)
            };
            if status.desks.iter().all(rests) {
                return Ok(status.desks);
            }
            if Instant::now() >= end {
                let parked: i64 = status.desks.iter().map(|desk| desk.parked).sum();
                return Err(GroundError(format!(
                    "the Worker does not come to rest: {open} messages open, {parked} events parked"
                )));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What came of what was done, once nothing more can.
    fn seen(&mut self) -> Result<Moment, GroundError> {
        let desks = self.settle()?.into_iter().filter(|desk| desk.page == self.page);
        let outcomes = desks.flat_map(|desk| desk.notifications).collect();
        let url = format!("{}/sandbox/calls?after={}", self.sandbox, self.last_call);
        let calls: Vec<Call> = self.ask(self.http.get(url))?;
        self.last_call = calls.iter().map(|call| call.n).max().unwrap_or(self.last_call);
        Ok(Moment { at: self.now, calls, outcomes })
    }
}

fn text(of: &Value, key: &str) -> Option<String> {
    of.get(key)?.as_str().map(str::to_owned)
}

/// The Worker took it: anything else than 2xx is a failure of the stage.
fn taken(answer: &Value) -> Result<(), GroundError> {
    let webhooks = answer.get("webhooks").and_then(Value::as_array);
    for webhook in webhooks.into_iter().flatten() {
        let status = webhook
            .get("attempts")
            .and_then(Value::as_array)
            .and_then(|tries| tries.last()?.get("status")?.as_u64());
        if status != Some(200) {
            return Err(GroundError(format!("the Worker did not take a webhook: {webhook}")));
        }
    }
    Ok(())
}

impl Ground for Stage {
    fn person(&mut self, newcomer: NewPerson) -> Result<String, GroundError> {
        let newcomer = NewPerson { page: Some(self.page.clone()), ..newcomer };
        let body =
            serde_json::to_value(newcomer).map_err(|error| GroundError(error.to_string()))?;
        let body: serde_json::Map<String, Value> = match body {
            Value::Object(fields) => fields.into_iter().filter(|(_, v)| !v.is_null()).collect(),
            _ => serde_json::Map::new(),
        };
        let person: Value = self.post("people", &Value::Object(body))?;
        let id = text(&person, "id");
        let id = id.ok_or_else(|| GroundError("the sandbox made nobody".to_owned()))?;
        self.people.push(id.clone());
        Ok(id)
    }

    fn act(&mut self, psid: &str, act: Act, how: How) -> Result<Moment, GroundError> {
        let broken = |error: serde_json::Error| GroundError(error.to_string());
        let mut act = serde_json::to_value(act).map_err(broken)?;
        if let Some(fields) = act.as_object_mut() {
            fields.insert("person".to_owned(), json!(psid));
        }
        let how = serde_json::to_value(how).map_err(broken)?;
        let answer: Value = self.post("acts", &json!({"acts": [act], "how": how}))?;
        taken(&answer)?;
        self.seen()
    }

    fn scan(&mut self, psid: &str, code: &str) -> Result<(Door, Moment), GroundError> {
        let landing: Value = self.post("scan", &json!({"person": psid, "code": code}))?;
        let door = match text(&landing, "landing").as_deref() {
            Some("thread") => Door::Thread,
            Some("get_started") => Door::Empty,
            Some("page") => Door::Page(text(&landing, "body").unwrap_or_default()),
            _ => return Err(GroundError(format!("the poster leads nowhere: {landing}"))),
        };
        taken(&landing)?;
        Ok((door, self.seen()?))
    }

    fn advance(&mut self, to: UnixMs, stops: &[UnixMs]) -> Result<Vec<Moment>, GroundError> {
        let after = self.now;
        let mut all: BTreeSet<UnixMs> =
            stops.iter().copied().filter(|stop| *stop > after && *stop < to).collect();
        let mut hour = after.plus(HOUR.saturating_sub(after.get().rem_euclid(HOUR)));
        while hour < to {
            all.insert(hour);
            hour = hour.plus(HOUR);
        }
        all.insert(to);
        let mut moments = Vec::new();
        for stop in all {
            self.move_clock(stop)?;
            if stop.get().rem_euclid(MINUTE) == 0 {
                self.cron()?;
            }
            let moment = self.seen()?;
            if !moment.calls.is_empty() || stops.contains(&stop) {
                moments.push(moment);
            }
        }
        Ok(moments)
    }

    fn thread(&mut self, psid: &str) -> Result<Thread, GroundError> {
        let person = self.get(&format!("{}/sandbox/people/{psid}", self.sandbox))?;
        let thread = person.get("person").cloned().unwrap_or_default();
        serde_json::from_value(thread).map_err(|error| GroundError(error.to_string()))
    }

    fn addressee(&mut self, call: &Call) -> Result<Option<String>, GroundError> {
        if let Some(person) = &call.person {
            return Ok(Some(person.clone()));
        }
        let Some(token) = call.body.pointer("/recipient/notification_messages_token") else {
            return Ok(None);
        };
        for psid in &self.people {
            let person = self.get(&format!("{}/sandbox/people/{psid}", self.sandbox))?;
            let tokens = person.get("tokens").and_then(Value::as_array).into_iter().flatten();
            if tokens.into_iter().any(|known| known.get("token") == Some(token)) {
                return Ok(Some(psid.clone()));
            }
        }
        Ok(None)
    }

    fn fault(&mut self, fault: Fault) -> Result<(), GroundError> {
        let fault = serde_json::to_value(fault).map_err(|e| GroundError(e.to_string()))?;
        self.post::<Value>("faults", &fault).map(|_| ())
    }
}
