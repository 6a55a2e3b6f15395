//! What can be booked: how long it takes, when, and how many at a time.

use serde::{Deserialize, Serialize};

use super::model::{Agent, Hours, Localized, Shop};
use crate::meta::ids::ServiceId;

/// Something with a beginning and an end that people come for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// What people read of it.
    pub title: Localized,
    /// How long it takes.
    pub minutes: u16,
    /// How far apart two beginnings are.
    pub every_minutes: u16,
    /// How many can be there at the same time; services with the same resource share them.
    pub capacity: u16,
    /// What is taken up: a chair, a room, a person.
    pub resource: String,
    /// How long before its beginning it can be booked at the latest.
    pub lead_minutes: u32,
    /// How many days ahead it can be booked.
    pub days_ahead: u16,
    /// How long a slot is kept for somebody who has chosen it and not confirmed yet.
    pub hold_minutes: u16,
    /// How long before its beginning people are reminded; 0: they are not.
    pub remind_minutes: u32,
    /// When it takes place; none: when its agent is there, or the shop is open.
    pub hours: Option<Hours>,
    /// Who of the shop does it, by name: told of bookings before anybody else.
    pub agent: Option<String>,
}

impl Shop {
    /// The service of that name.
    #[must_use]
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.iter().find(|service| service.id == *id)
    }

    /// When a service takes place: its own hours, else its agent's, else the shop's.
    #[must_use]
    pub fn hours_of<'a>(&'a self, service: &'a Service) -> &'a Hours {
        let agent = self.agent_of(service);
        service.hours.as_ref().or_else(|| agent?.hours.as_ref()).unwrap_or(&self.hours)
    }

    /// Who does it.
    #[must_use]
    pub fn agent_of(&self, service: &Service) -> Option<&Agent> {
        let name = service.agent.as_ref()?;
        self.agents.iter().find(|agent| agent.name == *name)
    }
}
