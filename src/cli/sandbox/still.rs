//! Meta without a network and without a clock of its own: webhooks come out as bodies, Graph
//! calls go in as bodies, and time stands until it is moved. The world, the acts, the limits and
//! the errors are the sandbox's.

use axum::http::{Method, Uri};
use serde_json::Value;

use super::acts::{self, Act, ActError};
use super::control::{NewPerson, create_person};
use super::deliver::{Batch, How};
use super::events::{Event, envelopes};
use super::faults::Fault;
use super::world::{Call, Person, World};
use super::{SandboxConfig, graph, wire};

/// Meta, as far as one shop can see, in this process.
pub struct StillMeta {
    world: World,
    config: SandboxConfig,
    /// What Meta will tell next: echoes of what was sent.
    to_tell: Vec<Event>,
}

impl StillMeta {
    /// Begins at `now` (Unix ms). The same acts give the same ids.
    #[must_use]
    pub fn new(config: SandboxConfig, now: i64) -> Self {
        let mut world = World::new(&config, 0);
        world.still = Some(now);
        Self { world, config, to_tell: Vec::new() }
    }

    /// Moves time to `now` (Unix ms).
    pub fn set_clock(&mut self, now: i64) {
        self.world.still = Some(now);
    }

    /// Somebody who has never written to this Page; returns their id.
    pub fn person(&mut self, newcomer: NewPerson) -> String {
        create_person(&mut self.world, newcomer)
    }

    /// A person with their whole thread.
    #[must_use]
    pub fn thread(&self, psid: &str) -> Option<Person> {
        self.world.people.get(psid).cloned()
    }

    /// Lets a person do something. Returns the webhooks' bodies in the order they are delivered.
    ///
    /// # Errors
    /// [`ActError`] when it cannot happen.
    pub fn act(&mut self, psid: &str, act: Act, how: How) -> Result<Vec<String>, ActError> {
        let events = acts::apply(&mut self.world, psid, act)?;
        Ok(self.bodies(&events, how))
    }

    /// A Graph call of a Page: `method` on `path` (`v26.0/<page>/messages`, with its query).
    /// `None` when the connection broke or the path is none.
    pub fn graph(
        &mut self,
        page: &str,
        method: &Method,
        path: &str,
        body: &[u8],
    ) -> Option<(u16, String)> {
        let uri: Uri = format!("/{path}").parse().ok()?;
        let token = self.config.page_tokens.get(page).cloned().unwrap_or_default();
        let heard = graph::hear(&mut self.world, &self.config, (method, &uri), &token, body);
        self.to_tell.extend(heard.events);
        heard.answer.map(|(status, answer)| match answer {
            Value::Null => (status, String::new()),
            Value::String(text) => (status, text),
            answer => (status, wire::body(&answer)),
        })
    }

    /// The webhooks that follow what was sent.
    pub fn told(&mut self) -> Vec<String> {
        let events = std::mem::take(&mut self.to_tell);
        self.bodies(&events, How::default())
    }

    /// The Graph calls after number `n`.
    #[must_use]
    pub fn calls_after(&self, n: u64) -> Vec<Call> {
        self.world.calls.iter().filter(|call| call.n > n).cloned().collect()
    }

    /// The person behind the token a call names.
    #[must_use]
    pub fn addressee(&self, call: &Call) -> Option<String> {
        let token = call.body.pointer("/recipient/notification_messages_token")?.as_str()?;
        let token = self.world.tokens.iter().find(|known| known.token == token)?;
        Some(token.person.clone())
    }

    /// Adds a fault.
    pub fn fault(&mut self, fault: Fault) {
        self.world.faults.push(fault);
    }

    fn bodies(&self, events: &[Event], how: How) -> Vec<String> {
        let now = self.world.now();
        let groups: Vec<&[Event]> = match how.batch {
            Batch::None => events.chunks(1).collect(),
            Batch::Entries | Batch::Messaging => vec![events],
        };
        let one_entry = how.batch == Batch::Messaging;
        let mut bodies = Vec::new();
        for envelope in groups.into_iter().flat_map(|group| envelopes(group, one_entry, now)) {
            for _ in 0..=how.copies {
                bodies.push(wire::body(&envelope));
            }
        }
        bodies
    }
}
