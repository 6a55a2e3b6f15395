//! `shopbell chat`: talk to a shop in the terminal. The same core and the same tables as the
//! Worker's, in memory.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::check;
use super::explain;
use super::publish::Bundle;
use super::said::{self, Moment};
use super::sandbox::{Act, Call, How, NewPerson};
use super::sim::core::Core;
use super::sim::ground::{Ground, GroundError};
use super::sim::transcript::{self, Choice, Tap};
use crate::desk::decide::{Decision, Effect};
use crate::shop::model::{Lang, Shop};
use crate::shop::source::diagnostic::nearest;
use crate::time::{DAY, HOUR, SECOND, UnixMs};

/// Talks to a shop in the terminal.
#[derive(clap::Args)]
pub struct ChatArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Say why each answer was given.
    #[arg(long)]
    why: bool,
    /// Begins as if it were then: `2026-11-27T09:00` by the shop's clock, or with an offset or Z.
    #[arg(long, value_name = "TIME", value_parser = said::moment)]
    at: Option<Moment>,
}

/// One customer in front of one shop.
pub struct Conversation {
    core: Core,
    person: String,
    /// What can be tapped under the newest bubble that has something.
    choices: Vec<Choice>,
    /// Why the last thing was answered as it was.
    why: String,
}

impl Conversation {
    /// Opens a shop for one customer.
    ///
    /// # Errors
    /// [`GroundError`] when the shop cannot be used.
    pub fn open(bundle: Bundle, now: UnixMs) -> Result<Self, GroundError> {
        Self::open_for(bundle, now, NewPerson::default())
    }

    /// The same for this customer.
    ///
    /// # Errors
    /// [`GroundError`] when the shop cannot be used.
    pub fn open_for(bundle: Bundle, now: UnixMs, who: NewPerson) -> Result<Self, GroundError> {
        let mut core = Core::open(bundle, now)?;
        core.explain();
        let person = core.person(who)?;
        Ok(Self { core, person, choices: Vec::new(), why: String::new() })
    }

    /// The shop.
    #[must_use]
    pub fn shop(&self) -> &Shop {
        self.core.shop()
    }

    /// Lets the customer be known to speak a language of the shop.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn speaks(&mut self, lang: &Lang) -> Result<(), GroundError> {
        self.core.speaks(&self.person, lang)
    }

    /// Lets time pass, and returns what came meanwhile.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn wait(&mut self, ms: i64) -> Result<Vec<String>, GroundError> {
        let to = self.core.now().plus(ms);
        let moments = self.core.advance(to, &[])?;
        let calls = moments.into_iter().flat_map(|moment| moment.calls).collect();
        Ok(self.bubbles(calls))
    }

    /// Says something, or taps the choice of that number; returns the answer's bubbles, as text.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn says(&mut self, text: &str) -> Result<Vec<String>, GroundError> {
        let number = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let act = match number.and_then(|n| self.choices.get(n)).cloned() {
            None => Act::Message { text: text.to_owned(), reply_to: None },
            Some(Choice { title, tap: Tap::QuickReply(payload) }) => {
                Act::QuickReply { title, payload: Some(payload) }
            }
            Some(Choice { title, tap: Tap::Postback(payload) }) => {
                Act::Postback { title, payload, referral: None }
            }
            Some(Choice { tap: Tap::Opens(what), .. }) => {
                return Ok(vec![format!("(opens {what})")]);
            }
        };
        self.does(act)
    }

    /// Taps what says so under the newest bubble that has something; none when nothing does.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn taps(&mut self, title: &str) -> Result<Option<Vec<String>>, GroundError> {
        let at = self.choices.iter().position(|choice| choice.title == title);
        at.map(|at| self.says(&at.saturating_add(1).to_string())).transpose()
    }

    /// Follows a poster's link; returns the answer's bubbles, as text.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn scans(&mut self, code: &str) -> Result<Vec<String>, GroundError> {
        self.core.advance(self.core.now().plus(SECOND), &[])?;
        let person = self.person.clone();
        let (_, moment) = self.core.scan(&person, code)?;
        Ok(self.bubbles(moment.calls))
    }

    /// Does anything else a person can do.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn does(&mut self, act: Act) -> Result<Vec<String>, GroundError> {
        self.core.advance(self.core.now().plus(SECOND), &[])?;
        let said = match &act {
            Act::Message { text, .. } => Some(text.clone()),
            _ => None,
        };
        let person = self.person.clone();
        self.core.decisions();
        let moment = self.core.act(&person, act, How::default())?;
        // The first is the person's own; echoes of the answers follow it.
        let decision = self.core.decisions().into_iter().next();
        self.why = decision.map(|d| why(&self.core, said.as_deref(), &d)).unwrap_or_default();
        Ok(self.bubbles(moment.calls))
    }

    /// Why the last thing was answered as it was: the step of the precedence table, what the
    /// words were taken for, the language, what was held back.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    fn bubbles(&mut self, calls: Vec<Call>) -> Vec<String> {
        let mut bubbles = Vec::new();
        for call in calls.iter().filter(|call| transcript::is_send(call)) {
            let Some(message) = call.body.get("message") else { continue };
            let shown = transcript::shown(message);
            let mut lines = shown.lines.clone();
            lines.extend(transcript::choices(&shown.choices, true).map(|line| format!("  {line}")));
            lines.extend(transcript::refusal(call).map(|why| format!("  not delivered: {why}")));
            if !shown.choices.is_empty() {
                self.choices = shown.choices;
            }
            bubbles.push(lines.join("\n"));
        }
        bubbles
    }
}

/// Why something was answered as it was, a fact a line.
fn why(core: &Core, said: Option<&str>, decision: &Decision) -> String {
    let counted = |prefix: &str| {
        decision.counts.iter().find_map(|count| count.strip_prefix(prefix).map(str::to_owned))
    };
    let step = match (&decision.answer, counted("answer.")) {
        (Some(answer), _) => format!("{}, the first that answers", answer.by),
        (None, Some(step)) => format!("{step}, which says nothing here"),
        (None, None) => "none: nothing here is to be answered".to_owned(),
    };
    let mut lines = vec![("step", step)];
    let person = decision.person.as_ref();
    if let Some(language) = person.and_then(|person| person.language.as_ref()) {
        lines.push(("speaks", language.0.clone()));
    }
    for (count, held) in [
        ("answer.window_closed", "the standard messaging window has closed"),
        ("answer.channel_off", "shop.toml has switched this channel off"),
        ("event.before_deletion", "it happened before the person asked to be forgotten"),
    ] {
        if decision.counts.iter().any(|known| known == count) {
            lines.push(("held back", held.to_owned()));
        }
    }
    if let Some(until) = person.and_then(|p| p.paused_until).filter(|until| *until > core.now()) {
        let until = until.timestamp().to_zoned(core.shop().zone());
        let until = until.strftime("%Y-%m-%d %H:%M");
        lines.push(("quiet", format!("until {until}: a person is talking or asked for")));
    }
    for effect in &decision.effects {
        lines.push((
            "changes",
            match effect {
                Effect::Grant(grant) => format!("consent to {} is kept", grant.topic),
                Effect::End { topic, .. } => format!("consent to {topic} ends"),
                Effect::Erase { .. } => "the person is forgotten".to_owned(),
                _ => continue,
            },
        ));
    }
    let facts: String =
        lines.iter().map(|(name, text)| format!("   {name:<11} {text}\n")).collect();
    let words = said
        .map(|said| explain::text(&explain::explained(core.shop(), core.faq(), said, None)))
        .unwrap_or_default();
    facts + &words
}

/// The most that can be waited for at once, in hours: all that happens meanwhile is played.
const MOST_HOURS: f64 = 2_400.0;
/// What takes longer than a moment to play, in ms.
const LONG_WAIT_MS: i64 = 7 * DAY;
/// What can be said besides words.
const COMMANDS: [&str; 5] = ["/start", "/yes", "/wait", "/why", "/quit"];

/// Why this is none of the commands, where it looks like one: a customer may write "/menu", too, but
/// hardly here.
fn no_command(said: &str) -> Option<String> {
    let typed = said.starts_with('/') && said.len() > 1 && !COMMANDS.contains(&said);
    typed.then(|| {
        let near = nearest(said, COMMANDS).map(|near| format!("; do you mean {near}?"));
        format!("{said} is no command here{}: {}", near.unwrap_or_default(), COMMANDS.join(" "))
    })
}

/// So many hours as ms; a day where nothing is said.
fn hours(said: &str) -> Result<i64, String> {
    let said = said.trim();
    let hours = if said.is_empty() { Some(24.0) } else { said.replace(',', ".").parse().ok() };
    match hours.filter(|hours: &f64| hours.is_finite() && *hours > 0.0) {
        None => Err(format!("{said} is no number of hours: /wait 3, /wait 0.5")),
        Some(hours) if hours > MOST_HOURS => {
            Err(format!("at most {MOST_HOURS} hours at once: begin closer to it with --at"))
        }
        Some(hours) => Ok((hours * HOUR as f64) as i64),
    }
}

/// Talks until the end of the input.
#[must_use]
pub fn run(args: &ChatArgs) -> ExitCode {
    match talk(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn talk(args: &ChatArgs) -> Result<(), String> {
    let bundle = Bundle::of(check::load(&args.dir).map_err(|error| error.to_string())?);
    let zone = bundle.shops.first().map(Shop::zone);
    let start = match (args.at, zone) {
        (Some(at), Some(zone)) => {
            at.by(&zone).ok_or("the shop's clock has no such moment: write it with Z")?
        }
        _ => jiff::Timestamp::now().into(),
    };
    let mut chat = Conversation::open(bundle, start).map_err(|error| error.to_string())?;
    println!(
        "You are a customer of {}. Write to it; a number taps what is offered.\n\
         /start taps Get Started, /yes the opt-in card, /wait 3 lets three hours pass,\n\
         /why says why it answered what it did, /quit leaves.",
        chat.shop().name
    );
    let stdin = std::io::stdin();
    let mut lines = stdin.lock().lines();
    loop {
        print!("you> ");
        std::io::stdout().flush().map_err(|error| error.to_string())?;
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|error| error.to_string())?;
        let (command, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let waits = command == "/wait";
        if let Some(why) = no_command(command) {
            println!("   ({why})");
            continue;
        }
        let said = match command {
            "" => continue,
            "/quit" => break,
            "/why" => {
                print!("{}", chat.why());
                continue;
            }
            "/start" => chat.does(Act::GetStarted),
            "/yes" => chat.does(Act::OptIn { mid: None }),
            "/wait" => match hours(rest) {
                Ok(ms) => {
                    if ms > LONG_WAIT_MS {
                        println!("   (everything of those days happens first)");
                    }
                    chat.wait(ms)
                }
                Err(why) => {
                    println!("   ({why})");
                    continue;
                }
            },
            _ => chat.says(line.trim()),
        };
        let bubbles = match said {
            Ok(bubbles) => bubbles,
            Err(why) => {
                println!("   ({why})");
                continue;
            }
        };
        if args.why && !waits {
            print!("{}", chat.why());
        }
        if waits {
            let now = chat.core.now().timestamp().to_zoned(chat.shop().zone());
            println!("   (it is {})", now.strftime("%A %Y-%m-%d %H:%M"));
        } else if bubbles.is_empty() {
            println!("   (no answer)");
        }
        for bubble in bubbles {
            println!("bot> {}", bubble.replace('\n', "\n     "));
        }
    }
    println!();
    Ok(())
}
