//! Plays a scenario on a ground, writes the transcript, and looks at what was expected.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

use super::ground::{Door, Ground, GroundError, Moment, Outcome, PACE_MS};
use super::script::{Day, Deed, Expectation, Newcomer, Script, Step, Wait};
use super::transcript::{self, Choice, Shown, Tap};
use super::words::Pos;
use crate::cli::sandbox::{Act, Call, Fault, How, NewPerson, opt_in_card};
use crate::time::{DAY, UnixMs};

/// The longest a scenario waits at once: the native ground lives through every minute of it.
const LONGEST_WAIT_MS: i64 = 100 * DAY;

/// How a scenario ended.
#[derive(Debug)]
pub struct Played {
    /// What happened, up to the end or the failure.
    pub transcript: String,
    /// The moments at which something happened, for a ground that cannot afford every minute.
    pub stops: Vec<UnixMs>,
    /// Why it ended early.
    pub failure: Option<Failure>,
}

/// Why a scenario ended early.
#[derive(Debug, thiserror::Error)]
#[error("{pos}: {what}")]
pub struct Failure {
    /// At which step.
    pub pos: Pos,
    /// What is wrong.
    pub what: String,
}

/// Something a person got.
struct Got {
    name: String,
    shown: Shown,
}

/// A scenario being played.
struct Player<'g, G> {
    ground: &'g mut G,
    zone: TimeZone,
    now: UnixMs,
    /// By name, in the order of their introduction.
    people: Vec<(String, String)>,
    out: String,
    date: String,
    stops: Vec<UnixMs>,
    known_stops: &'g [UnixMs],
    /// Everything since the last step that did something.
    window: Vec<Got>,
    /// The web page that was just seen.
    page: Option<String>,
    /// What was just held.
    held: Vec<String>,
    /// The notifications that are told of already.
    told: BTreeMap<(String, String, String, String), i64>,
    /// How many more times the next webhook comes.
    copies: u32,
    /// An expectation follows.
    looked_at: bool,
}

/// Plays a script from its beginning. `stops` are those of an earlier run on the native ground.
pub fn play<G: Ground>(
    script: &Script,
    ground: &mut G,
    zone: &TimeZone,
    start: UnixMs,
    stops: &[UnixMs],
) -> Played {
    let mut player = Player {
        ground,
        zone: zone.clone(),
        now: start,
        people: Vec::new(),
        out: String::new(),
        date: String::new(),
        stops: Vec::new(),
        known_stops: stops,
        window: Vec::new(),
        page: None,
        held: Vec::new(),
        told: BTreeMap::new(),
        copies: 0,
        looked_at: false,
    };
    let mut failure = None;
    let mut lines = script.lines.iter().peekable();
    while let Some(line) = lines.next() {
        player.looked_at = lines.peek().is_none_or(|next| matches!(next.step, Step::Expect { .. }));
        if let Err(what) = player.step(&line.step) {
            failure = Some(Failure { pos: line.pos, what });
            break;
        }
    }
    Played { transcript: player.out, stops: player.stops, failure }
}

impl<G: Ground> Player<'_, G> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Person(newcomer) => self.person(newcomer),
            Step::Does { who, what } => {
                self.begin();
                self.pace()?;
                self.does(who, what)
            }
            Step::StaffReplies { to, text } => {
                let act = Act::HumanReply { text: text.clone(), as_printed: false };
                self.staff(to, &format!("staff replies to {to} {text:?}"), act)
            }
            Step::StaffTakes(from) => {
                self.staff(from, &format!("staff takes the thread of {from}"), Act::TakeThread)
            }
            Step::StaffGivesBack(to) => {
                self.staff(to, &format!("staff gives back the thread of {to}"), Act::GiveBack)
            }
            Step::Deliver(times) => {
                self.copies = times.saturating_sub(1);
                Ok(())
            }
            Step::Wait(wait) => {
                self.begin();
                let to = self.end_of(wait)?;
                self.advance(to)?;
                if self.looked_at && self.window.is_empty() && self.held.is_empty() {
                    self.line(self.now, "(nothing came)");
                }
                Ok(())
            }
            Step::Fails { kind, times } => {
                self.line(self.now, &format!("Meta fails the next {times}"));
                self.ground.fault(Fault::next(*kind, *times)).map_err(|error| error.to_string())
            }
            Step::Expect { who, what } => self.expect(who.as_deref(), what),
        }
    }

    /// One of the shop's people does something in the Page's inbox.
    fn staff(&mut self, to: &str, line: &str, act: Act) -> Result<(), String> {
        self.begin();
        self.pace()?;
        let psid = self.psid(to)?;
        self.line(self.now, line);
        let moment = self.deliver(&psid, act)?;
        self.tell(&moment, None)?;
        self.tell_held(&moment);
        Ok(())
    }

    fn begin(&mut self) {
        self.window.clear();
        self.held.clear();
        self.page = None;
    }

    fn person(&mut self, newcomer: &Newcomer) -> Result<(), String> {
        let locale = newcomer.speaks.as_ref().map(|tag| match tag.split_once('-') {
            Some((language, country)) => format!("{language}_{country}"),
            None if tag == "en" => "en_US".to_owned(),
            None => format!("{tag}_{}", tag.to_uppercase()),
        });
        let seconds = self.local(self.now).offset().seconds();
        let person = NewPerson {
            platform: newcomer.platform,
            name: Some(newcomer.name.clone()),
            locale,
            timezone: f64::from(seconds) / 3600.0,
            country: newcomer.lives.clone(),
            ..NewPerson::default()
        };
        let psid = self.ground.person(person).map_err(|error| error.to_string())?;
        self.people.push((newcomer.name.clone(), psid));
        Ok(())
    }

    fn psid(&self, name: &str) -> Result<String, String> {
        let known = self.people.iter().find(|(known, _)| known == name);
        known.map(|(_, psid)| psid.clone()).ok_or_else(|| format!("nobody is called {name}"))
    }

    // --- time ---

    fn local(&self, at: UnixMs) -> Zoned {
        at.timestamp().to_zoned(self.zone.clone())
    }

    fn end_of(&self, wait: &Wait) -> Result<UnixMs, String> {
        let to = match wait {
            Wait::For(ms) => self.now.plus(*ms),
            Wait::Until(day, time) => {
                let today = self.local(self.now).date();
                let moment = |days: i64| {
                    let date = today.checked_add(days.days()).ok()?;
                    let fits = match day {
                        Day::Next | Day::Tomorrow => true,
                        Day::On(weekday) => date.weekday() == *weekday,
                        Day::Date(wanted) => date == *wanted,
                    };
                    let at = date.to_datetime(*time).to_zoned(self.zone.clone()).ok()?;
                    Some(UnixMs::from(at.timestamp())).filter(|at| fits && *at > self.now)
                };
                let days = match day {
                    Day::Next => 0..=1,
                    Day::Tomorrow => 1..=1,
                    Day::On(_) => 0..=7,
                    Day::Date(_) => 0..=366,
                };
                let found = days.into_iter().find_map(moment);
                found.ok_or("that moment has passed already, or lies more than a year ahead")?
            }
        };
        if to.since(self.now) > LONGEST_WAIT_MS {
            return Err("at most 100 days at once: begin a scenario of its own closer to it".into());
        }
        Ok(to)
    }

    /// People take a moment for everything; what was to happen meanwhile happens.
    fn pace(&mut self) -> Result<(), String> {
        self.advance(self.now.plus(PACE_MS))
    }

    fn advance(&mut self, to: UnixMs) -> Result<(), String> {
        let moments = self.ground.advance(to, self.known_stops).map_err(|e| e.to_string())?;
        for moment in moments {
            self.now = moment.at;
            self.stops.push(moment.at);
            self.tell(&moment, None)?;
            self.tell_held(&moment);
        }
        self.now = to;
        Ok(())
    }

    // --- what people do ---

    fn act(&mut self, name: &str, psid: &str, act: Act) -> Result<(), String> {
        let moment = self.deliver(psid, act)?;
        self.told_after(&moment, name)
    }

    fn deliver(&mut self, psid: &str, act: Act) -> Result<Moment, String> {
        let how = How { copies: std::mem::take(&mut self.copies), ..How::default() };
        let moment = self.ground.act(psid, act, how).map_err(|error| error.to_string())?;
        // On the bundle the clock goes on a little meanwhile.
        Ok(Moment { at: self.now, ..moment })
    }

    fn told_after(&mut self, moment: &Moment, name: &str) -> Result<(), String> {
        let moment = Moment { at: self.now, ..moment.clone() };
        let before = self.out.len();
        self.tell(&moment, Some(name))?;
        if self.out.len() == before {
            self.indent("(no answer)");
        }
        self.tell_held(&moment);
        Ok(())
    }

    fn does(&mut self, who: &str, what: &Deed) -> Result<(), String> {
        let psid = self.psid(who)?;
        let quoted = |title: &Option<String>| {
            title.as_ref().map(|title| format!(" {title:?}")).unwrap_or_default()
        };
        let (words, act) = match what {
            Deed::Says(text) => {
                let act = Act::Message { text: text.clone(), reply_to: None };
                (format!("says {text:?}"), act)
            }
            Deed::Taps(title) => {
                let tap = self.tappable(&psid, title)?;
                let words = format!("taps {title:?}");
                match tap {
                    Tap::QuickReply(payload) => {
                        let payload = Some(payload);
                        (words, Act::QuickReply { title: title.clone(), payload })
                    }
                    Tap::Postback(payload) => {
                        let title = title.clone();
                        (words, Act::Postback { title, payload, referral: None })
                    }
                    Tap::Opens(what) => {
                        self.line(self.now, &format!("{who} {words} and opens {what}"));
                        return Ok(());
                    }
                }
            }
            Deed::Scans(code) => return self.scans(who, &psid, code),
            Deed::OpensRef(referral) => {
                (format!("opens ref {referral}"), Act::Referral { referral: referral.clone() })
            }
            Deed::GetsStarted => ("gets started".to_owned(), Act::GetStarted),
            Deed::OptsIn(wanted) => {
                let (mid, title) = self.opt_in_card(&psid, wanted.as_deref())?;
                (format!("opts in to {title:?}"), Act::OptIn { mid: Some(mid) })
            }
            Deed::StopsNotifications(title) => (
                format!("stops notifications{}", quoted(title)),
                Act::StopNotifications { title: title.clone(), spelled_with_space: false },
            ),
            Deed::ResumesNotifications(title) => (
                format!("resumes notifications{}", quoted(title)),
                Act::ResumeNotifications { title: title.clone() },
            ),
            Deed::Sends(kind, word) => {
                let url = "https://attachments.example/1".to_owned();
                let (kind, url) = ((*kind).to_owned(), Some(url));
                (format!("sends a {word}"), Act::Attachment { kind, url, payload: None })
            }
            Deed::Reacts(emoji) => {
                let (mid, unreact) = (None, false);
                (format!("reacts {emoji}"), Act::React { mid, emoji: emoji.clone(), unreact })
            }
            Deed::Unreacts(emoji) => {
                let (mid, unreact) = (None, true);
                (format!("takes {emoji} back"), Act::React { mid, emoji: emoji.clone(), unreact })
            }
            Deed::Reads => ("reads".to_owned(), Act::Read),
            Deed::Edits(text) => {
                (format!("edits: {text:?}"), Act::Edit { mid: None, text: text.clone() })
            }
            Deed::Unsends => ("takes the message back".to_owned(), Act::Unsend { mid: None }),
            Deed::Comments(text) => {
                (format!("comments {text:?}"), Act::Comment { text: text.clone(), post_id: None })
            }
        };
        let times = match self.copies {
            0 => String::new(),
            copies => format!("   (delivered {} times)", copies.saturating_add(1)),
        };
        self.line(self.now, &format!("{who} {words}{times}"));
        self.act(who, &psid, act)
    }

    fn scans(&mut self, who: &str, psid: &str, code: &str) -> Result<(), String> {
        self.line(self.now, &format!("{who} scans {code}"));
        let (door, moment) = self.ground.scan(psid, code).map_err(|error| error.to_string())?;
        match door {
            Door::Thread => self.told_after(&moment, who),
            Door::Empty => {
                self.indent("(an empty thread, with Get Started)");
                Ok(())
            }
            Door::Page(html) => {
                let title = html.split_once("<title>").and_then(|(_, rest)| rest.split_once('<'));
                let title = title.map_or("without a title", |(title, _)| title.trim());
                self.indent(&format!("(a web page: {title})"));
                self.page = Some(html);
                Ok(())
            }
        }
    }

    /// What the newest bubble with this title does when it is tapped.
    fn tappable(&mut self, psid: &str, title: &str) -> Result<Tap, String> {
        let thread = self.ground.thread(psid).map_err(|error| error.to_string())?;
        let mut newest = Vec::new();
        for bubble in thread.bubbles.iter().rev().filter(|bubble| bubble.from == "page") {
            let choices = transcript::shown(&bubble.message).choices;
            if let Some(choice) = choices.iter().find(|choice| choice.title == title) {
                return Ok(choice.tap.clone());
            }
            if newest.is_empty() {
                newest = choices;
            }
        }
        let offered = titles(&newest);
        Err(format!("nothing in this thread says {title:?}\n  there is: {offered}"))
    }

    fn opt_in_card(
        &mut self,
        psid: &str,
        wanted: Option<&str>,
    ) -> Result<(String, String), String> {
        let thread = self.ground.thread(psid).map_err(|error| error.to_string())?;
        let card = thread.bubbles.iter().rev().find_map(|bubble| {
            let payload = bubble.message.pointer("/attachment/payload")?;
            let card = opt_in_card(payload);
            let text = |key: &str| card.get(key).and_then(|text| text.as_str());
            let title = text("title").unwrap_or_default();
            let named = wanted.is_none_or(|wanted| {
                let of_topic = text("payload").and_then(|own| own.rsplit(':').next());
                title.contains(wanted) || of_topic == Some(wanted)
            });
            let template = payload.get("template_type").and_then(|name| name.as_str());
            let fits = template == Some("notification_messages") && named;
            fits.then(|| (bubble.mid.clone(), title.to_owned()))
        });
        card.ok_or_else(|| match wanted {
            Some(wanted) => format!("no opt-in card of {wanted:?} in this thread"),
            None => "no opt-in card in this thread".to_owned(),
        })
    }

    // --- what they get ---

    /// Writes down what left at one moment. What its actor got stands below what they did.
    fn tell(&mut self, moment: &Moment, actor: Option<&str>) -> Result<(), String> {
        let mut calls = Vec::new();
        for call in moment.calls.iter().filter(|call| transcript::is_send(call)) {
            let psid =
                self.ground.addressee(call).map_err(|error: GroundError| error.to_string())?;
            let order = self.people.iter().position(|(_, known)| Some(known) == psid.as_ref());
            // Somebody from before this scenario.
            let Some(order) = order else { continue };
            calls.push((order, call));
        }
        // Different people are written to in parallel: in which order is chance.
        calls.sort_by_key(|(order, call)| (*order, call.n));
        let mut last = None;
        for (order, call) in calls {
            let name = self.people.get(order).map(|(name, _)| name.clone()).unwrap_or_default();
            let right = transcript::right(&call.body);
            let to_actor = actor == Some(name.as_str());
            let heading = (name.clone(), right.clone());
            if !to_actor && last.as_ref() != Some(&heading) {
                let right = right.as_ref().map(|right| format!(", {right}")).unwrap_or_default();
                self.line(moment.at, &format!("the shop writes to {name}{right}"));
            } else if to_actor && let Some(right) = &right {
                self.indent(&format!("({right})"));
            }
            last = Some(heading);
            self.bubble(&name, call);
        }
        Ok(())
    }

    fn bubble(&mut self, name: &str, call: &Call) {
        let shown = transcript::shown(call.body.get("message").unwrap_or(&call.body));
        if let Some(why) = transcript::refusal(call) {
            let first = shown.lines.first().cloned().unwrap_or_default();
            self.indent(&format!("x {first}"));
            self.indent(&format!("  not delivered: {why}"));
            return;
        }
        for (n, line) in shown.lines.iter().enumerate() {
            self.indent(&format!("{} {line}", if n == 0 { ">" } else { " " }));
        }
        if let Some(choices) = transcript::choices(&shown.choices, false) {
            self.indent(&format!("  {choices}"));
        }
        self.window.push(Got { name: name.to_owned(), shown });
    }

    /// Writes down which notifications were newly held.
    fn tell_held(&mut self, moment: &Moment) {
        for line in &moment.outcomes {
            let Outcome { notification, period, outcome, reason, people } = line.clone();
            let reason = reason.unwrap_or_default();
            let key = (notification, period, outcome, reason);
            let before = self.told.insert(key.clone(), people).unwrap_or(0);
            let (notification, period, outcome, reason) = key;
            let new = people.saturating_sub(before);
            if new <= 0 || matches!(outcome.as_str(), "queued" | "sent") {
                continue;
            }
            let people = if new == 1 { "1 person".to_owned() } else { format!("{new} people") };
            self.line(moment.at, &format!("{notification} of {period}, {people}: {outcome}"));
            self.indent(&reason);
            self.held.push(reason);
        }
    }

    // --- the transcript ---

    /// A line with its time, and its date where that changes.
    fn line(&mut self, at: UnixMs, words: &str) {
        let local = self.local(at);
        let date = local.strftime("%A %-d %B %Y").to_string();
        if date != self.date {
            if !self.out.is_empty() {
                self.out.push('\n');
            }
            self.out.push_str(&format!("{date}\n\n"));
            self.date = date;
        }
        self.out.push_str(&format!("{}  {words}\n", local.strftime("%H:%M")));
    }

    fn indent(&mut self, words: &str) {
        self.out.push_str(&format!("       {words}"));
        let end = self.out.trim_end().len();
        self.out.truncate(end);
        self.out.push('\n');
    }

    // --- expectations ---

    fn expect(&self, who: Option<&str>, what: &Expectation) -> Result<(), String> {
        let got: Vec<&Got> =
            self.window.iter().filter(|got| who.is_none_or(|who| who == got.name)).collect();
        let came = || {
            let lines: Vec<String> = got
                .iter()
                .flat_map(|got| {
                    let choices = transcript::choices(&got.shown.choices, false);
                    got.shown.lines.iter().cloned().chain(choices)
                })
                .map(|line| format!("\n    {line}"))
                .collect();
            if lines.is_empty() { " nothing".to_owned() } else { lines.concat() }
        };
        let (met, wanted) = match what {
            Expectation::Says(words) => {
                let says = |got: &&&Got| got.shown.lines.join("\n").contains(words.as_str());
                (got.iter().any(|got| says(&got)), format!("{words:?}"))
            }
            Expectation::Nothing => (got.is_empty(), "nothing".to_owned()),
            Expectation::Choices(wanted) => {
                let last = got.iter().rev().find(|got| !got.shown.choices.is_empty());
                let offered = last.map(|got| got.shown.choices.as_slice()).unwrap_or_default();
                let met = offered.iter().map(|choice| &choice.title).eq(wanted.iter());
                (met, format!("the choices {}", wanted.join(", ")))
            }
            Expectation::Card(words) => {
                let met = got.iter().flat_map(|got| &got.shown.cards).any(|t| t.contains(words));
                (met, format!("a card with {words:?}"))
            }
            Expectation::Held(words) => {
                let met = self.held.iter().any(|reason| reason.contains(words.as_str()));
                let held = self.held.join("; ");
                let wanted = format!("a notification held for {words:?}\n  held: {held}");
                (met, wanted)
            }
            Expectation::Page(words) => {
                let met = self.page.as_ref().is_some_and(|page| page.contains(words.as_str()));
                (met, format!("a web page with {words:?}"))
            }
        };
        if met { Ok(()) } else { Err(format!("expected {wanted}\n  came:{}", came())) }
    }
}

fn titles(choices: &[Choice]) -> String {
    let titles: Vec<&str> = choices.iter().map(|choice| choice.title.as_str()).collect();
    if titles.is_empty() { "nothing to tap".to_owned() } else { titles.join(", ") }
}
