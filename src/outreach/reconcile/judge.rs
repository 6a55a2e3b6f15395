//! What the lines of Meta's list about one person mean: a pure function of them and of what the
//! Desk knows.

use crate::meta::event::Channel;
use crate::meta::ids::TopicId;
use crate::meta::tokens::Listed;
use crate::shop::model::Shop;
use crate::store::consents::{Consent, Status};
use crate::time::UnixMs;

/// What the Desk knows of a person.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Their consents, and whether this reading had the token of each.
    pub consents: Vec<(Consent, bool)>,
    /// When they last said STOP.
    pub stopped_at: Option<UnixMs>,
    /// When they were last forgotten.
    pub forgotten_at: Option<UnixMs>,
    /// Where an unknown token of theirs belongs.
    pub channel: Option<Channel>,
}

/// What a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is the token of a live consent.
    Known,
    /// It is the token of a live consent, and says that the person stopped.
    Ends,
    /// Somebody stopped whom we do not know, or who stopped with us, too.
    StoppedAtMeta,
    /// STOP was said since.
    Stopped,
    /// The person was forgotten since.
    Forgotten,
    /// It does not say when it was given.
    Undated,
    /// Its title is no topic's, or several topics'.
    Foreign,
    /// The person has another one for this topic, which is listed or newer.
    Older,
    /// A live consent needs it.
    Renews,
    /// A consent that we do not know of.
    Adds,
}

/// The topic that has a title in any language; none when there are several.
#[must_use]
pub fn topic_of(shop: &Shop, title: Option<&str>) -> Option<TopicId> {
    let title = title?.trim();
    let mut found = shop
        .topics
        .iter()
        .filter(|topic| topic.title.0.values().any(|known| known.trim() == title));
    let topic = found.next()?;
    found.next().is_none().then(|| topic.id.clone())
}

/// What each line means, and for which topic. `lines` are all of one person, the newest first;
/// `fresh`: what is younger may have come while the list was read.
#[must_use]
pub fn judge(
    shop: &Shop,
    lines: &[Listed],
    about: &About,
    fresh: UnixMs,
) -> Vec<(Finding, Option<TopicId>)> {
    let mut taken: Vec<TopicId> = Vec::new();
    lines
        .iter()
        .map(|line| {
            let own = about.consents.iter().find(|(c, _)| c.token.as_ref() == Some(&line.token));
            if let Some((consent, _)) = own {
                let topic = Some(consent.topic.clone());
                return (known(consent, line, fresh), topic);
            }
            match stranger(shop, line, about, fresh, &taken) {
                (finding @ (Finding::Adds | Finding::Renews), Some(topic)) => {
                    taken.push(topic.clone());
                    (finding, Some(topic))
                }
                other => other,
            }
        })
        .collect()
}

fn known(consent: &Consent, line: &Listed, fresh: UnixMs) -> Finding {
    match (consent.status, line.stopped) {
        (Status::Stopped, true) => Finding::StoppedAtMeta,
        (Status::Stopped, false) => Finding::Stopped,
        (Status::Active, true) if consent.changed_at < fresh => Finding::Ends,
        (Status::Active, _) => Finding::Known,
    }
}

/// A token that no consent of the person has.
fn stranger(
    shop: &Shop,
    line: &Listed,
    about: &About,
    fresh: UnixMs,
    taken: &[TopicId],
) -> (Finding, Option<TopicId>) {
    if line.stopped {
        return (Finding::StoppedAtMeta, None);
    }
    let Some(created) = line.created_at else { return (Finding::Undated, None) };
    if about.forgotten_at.is_some_and(|at| at >= created) {
        return (Finding::Forgotten, None);
    }
    if about.stopped_at.is_some_and(|at| at >= created) {
        return (Finding::Stopped, None);
    }
    let Some(topic) = topic_of(shop, line.title.as_deref()) else {
        return (Finding::Foreign, None);
    };
    let of_topic = about.consents.iter().find(|(consent, _)| consent.topic == topic);
    let finding = match of_topic {
        _ if taken.contains(&topic) => Finding::Older,
        None => Finding::Adds,
        Some((consent, _)) if consent.status == Status::Stopped => {
            // Only another token, given since, is a new yes.
            if created > consent.changed_at { Finding::Adds } else { Finding::Stopped }
        }
        Some((consent, _)) if consent.token.is_none() => {
            // Meta refused the last one then: an older one is no better.
            let dropped = consent.expires_at.unwrap_or_default();
            if created > dropped { Finding::Renews } else { Finding::Older }
        }
        Some((_, true)) => Finding::Older,
        Some((consent, false)) if consent.granted_at >= fresh => Finding::Older,
        Some((_, false)) => Finding::Renews,
    };
    (finding, Some(topic))
}
