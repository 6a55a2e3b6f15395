//! Conversations with the customers of one shop, tap by tap. What only one file needs of them, that
//! file adds.

use std::collections::BTreeMap;

use shopbell::meta::event::Event;
use shopbell::meta::send::{Button, Content, QuickReply};
use shopbell::shop::lang::{self, DefaultTexts};
use shopbell::time::{SECOND, UnixMs};

use super::{Open, World, message, person_id, quick_reply, shown};

/// Several customers of one shop, by their numbers.
pub struct Talk {
    pub world: World<'static>,
    turns: usize,
    said: BTreeMap<usize, Vec<Content>>,
    offered: BTreeMap<usize, Vec<(String, String)>>,
}

impl Talk {
    pub fn new(open: &'static Open, now: UnixMs) -> Self {
        let (said, offered) = (BTreeMap::new(), BTreeMap::new());
        Self { world: World::new(open, now), turns: 0, said, offered }
    }

    /// Somebody does something a second later; what it made leave for them, as one line.
    pub fn does(&mut self, who: usize, event: impl FnOnce(UnixMs, &str) -> Event) -> String {
        self.turns += 1;
        self.world.wait(SECOND);
        let event = event(self.world.now, &format!("mid.{}", self.turns));
        let before = self.world.taken.len();
        self.world.after(event);
        let to = person_id(who);
        let theirs = self.world.taken[before..].iter().filter(|sent| sent.person == to);
        let theirs: Vec<Content> = theirs.map(|sent| sent.content.clone()).collect();
        for content in &theirs {
            let taps: Vec<(String, String)> = match content {
                Content::Text { quick_replies, .. } => quick_replies
                    .iter()
                    .map(|QuickReply { title, payload }| (title.clone(), payload.clone()))
                    .collect(),
                Content::Buttons { buttons, .. } => buttons
                    .iter()
                    .filter_map(|button| match button {
                        Button::Postback { title, payload } => {
                            Some((title.clone(), payload.clone()))
                        }
                        _ => None,
                    })
                    .collect(),
                _ => continue,
            };
            self.offered.insert(who, taps);
        }
        self.said.insert(who, theirs);
        self.heard(who)
    }

    /// Taps something with this payload, wherever it came from.
    pub fn pays(&mut self, who: usize, payload: &str) -> String {
        self.does(who, |at, mid| quick_reply(who, at, mid, "x", payload))
    }

    pub fn says(&mut self, who: usize, text: &str) -> String {
        self.does(who, |at, mid| message(who, at, mid, text))
    }

    /// Taps what has this title under the newest words to them.
    pub fn taps(&mut self, who: usize, title: &str) -> String {
        let found = self.offered(who).iter().find(|(known, _)| known == title).cloned();
        let (_, payload) = found.unwrap_or_else(|| panic!("no {title} in {:?}", self.titles(who)));
        self.pays(who, &payload)
    }

    /// What can be tapped under the newest words to them: titles and payloads.
    pub fn offered(&self, who: usize) -> &[(String, String)] {
        self.offered.get(&who).map_or(&[], Vec::as_slice)
    }

    pub fn titles(&self, who: usize) -> Vec<&str> {
        self.offered(who).iter().map(|(title, _)| title.as_str()).collect()
    }

    /// What their last turn made leave for them.
    pub fn said(&self, who: usize) -> &[Content] {
        self.said.get(&who).map_or(&[], Vec::as_slice)
    }

    /// The same as one line.
    pub fn heard(&self, who: usize) -> String {
        self.said(who).iter().map(shown).collect::<Vec<_>>().join(" / ")
    }
}

impl World<'_> {
    /// Somebody writes, a second later; what left then, as short texts.
    pub fn says(&mut self, who: usize, text: &str) -> Vec<String> {
        self.wait(SECOND);
        let mid = format!("m{}", self.now.get());
        self.after(message(who, self.now, &mid, text)).iter().map(shown).collect()
    }

    /// Somebody taps, a second later.
    pub fn taps(&mut self, who: usize, payload: &str) -> Vec<String> {
        self.wait(SECOND);
        let mid = format!("t{}", self.now.get());
        self.after(quick_reply(who, self.now, &mid, "x", payload)).iter().map(shown).collect()
    }
}

/// The beginning of one of the assistant's own English texts, up to the first name in braces.
pub fn own(of: impl Fn(&DefaultTexts) -> &'static str) -> &'static str {
    let english = lang::all().iter().find(|l| l.code == "en").unwrap();
    let text = of(&english.texts).split('{').next().unwrap();
    text.trim_end_matches([',', ' '])
}

/// The last of what was said begins like this.
pub fn begins(said: &[String], with: &str) {
    assert!(said.last().is_some_and(|said| said.starts_with(with)), "{said:?} is not {with:?}");
}
