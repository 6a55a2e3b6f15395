//! The language of scenarios: one step a line, read into [`Script`]. `docs/simulator.md` says what
//! there is.

use std::path::PathBuf;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::words::{Pos, ScriptError, Words};
use crate::cli::sandbox::{FaultKind, Platform};
use crate::time::{DAY, HOUR, MINUTE};

/// A scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The folder with the shop.toml, from the scenario's own folder.
    pub shop: PathBuf,
    /// When it begins, in the shop's zone.
    pub at: DateTime,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// One step and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Where.
    pub pos: Pos,
    /// What.
    pub step: Step,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Somebody new.
    Person(Newcomer),
    /// Somebody does something.
    Does {
        /// Who.
        who: String,
        /// What.
        what: Deed,
    },
    /// One of the shop's people answers in the Page's inbox.
    StaffReplies {
        /// Whom.
        to: String,
        /// With what.
        text: String,
    },
    /// One of the shop's people takes the thread in the Page's inbox.
    StaffTakes(String),
    /// One of the shop's people is done with the thread in the Page's inbox.
    StaffGivesBack(String),
    /// The next deed's webhook comes this often.
    Deliver(u32),
    /// Time passes.
    Wait(Wait),
    /// Meta fails the next messages.
    Fails {
        /// How.
        kind: FaultKind,
        /// How many.
        times: u32,
    },
    /// What was just answered is looked at.
    Expect {
        /// Only what this person got.
        who: Option<String>,
        /// What has to be there.
        what: Expectation,
    },
}

/// Somebody who may write.
#[derive(Clone, Debug, PartialEq)]
pub struct Newcomer {
    /// The name.
    pub name: String,
    /// Messenger or Instagram.
    pub platform: Platform,
    /// The language of their app.
    pub speaks: Option<String>,
    /// Where they live, ISO 3166-1 alpha-2.
    pub lives: Option<String>,
}

/// What people do.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Types.
    Says(String),
    /// Taps a quick reply or a button, by its title.
    Taps(String),
    /// Scans a poster.
    Scans(String),
    /// Follows a link with this ref, as it is.
    OpensRef(String),
    /// Taps Get Started.
    GetsStarted,
    /// Taps the newest opt-in card, or the newest with this topic or title.
    OptsIn(Option<String>),
    /// Stops notifications in Messenger's own menu: all, or those of one title.
    StopsNotifications(Option<String>),
    /// Resumes them there.
    ResumesNotifications(Option<String>),
    /// Sends a picture, a thumb, …: the sandbox's name of its kind.
    Sends(&'static str, String),
    /// Reacts to the shop's newest message.
    Reacts(String),
    /// Takes the reaction back.
    Unreacts(String),
    /// Has read everything.
    Reads,
    /// Edits their newest message.
    Edits(String),
    /// Takes it back.
    Unsends,
    /// Comments under a post.
    Comments(String),
}

/// How time passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// For so long, in ms.
    For(i64),
    /// Until a time of day, of the next day that fits.
    Until(Day, Time),
}

/// Which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// Today, or tomorrow when that has passed.
    Next,
    /// The day after this one.
    Tomorrow,
    /// The next such day.
    On(Weekday),
    /// That one.
    Date(Date),
}

/// What has to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// A bubble with these words.
    Says(String),
    /// No bubble.
    Nothing,
    /// These quick replies or buttons, all of them, in this order.
    Choices(Vec<String>),
    /// A card (or an opt-in card) with these words in its title.
    Card(String),
    /// A notification was held, for a reason with these words.
    Held(String),
    /// A web page with these words.
    Page(String),
}

/// Reads a scenario.
///
/// # Errors
/// [`ScriptError`] of the first line that cannot be read.
pub fn parse(source: &str) -> Result<Script, ScriptError> {
    let mut shop = None;
    let mut at = None;
    let mut lines = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (n, text) in source.lines().enumerate() {
        let mut words = Words::of(text, n.saturating_add(1))?;
        let pos = words.pos();
        let Some(first) = words.next() else { continue };
        let step = if first.quoted {
            deed(&mut words, &first.text, &names, pos)?
        } else {
            match first.text.as_str() {
                "shop" if shop.is_none() => {
                    shop = Some(PathBuf::from(words.need("the folder with the shop.toml")?.text));
                    words.end()?;
                    continue;
                }
                "shop" => return Err(pos.says("a scenario has one shop", "remove this line")),
                "at" => {
                    let date = date(&mut words)?;
                    let time = time(&mut words)?;
                    words.end()?;
                    if at.is_none() && lines.is_empty() {
                        at = Some(date.to_datetime(time));
                        continue;
                    }
                    Step::Wait(Wait::Until(Day::Date(date), time))
                }
                "person" => {
                    let newcomer = person(&mut words)?;
                    if names.contains(&newcomer.name) {
                        let what = format!("{} is here already", newcomer.name);
                        return Err(pos.says(&what, "give this person another name"));
                    }
                    names.push(newcomer.name.clone());
                    Step::Person(newcomer)
                }
                "staff" => {
                    let pos = words.pos();
                    let does = words.need("replies, takes or gives back")?.text;
                    match does.as_str() {
                        "replies" => {
                            let to = name(&mut words, &names)?;
                            Step::StaffReplies { to, text: words.quoted("what they reply")? }
                        }
                        "takes" => Step::StaffTakes(name(&mut words, &names)?),
                        "gives" => {
                            words.word("back")?;
                            Step::StaffGivesBack(name(&mut words, &names)?)
                        }
                        _ => {
                            let help = "write replies, takes or gives back";
                            return Err(pos.says("staff does nothing of the kind", help));
                        }
                    }
                }
                "deliver" => Step::Deliver(times(&mut words)?),
                "wait" => Step::Wait(wait(&mut words)?),
                "expect" => expect(&mut words, &names)?,
                "Meta" => fails(&mut words)?,
                name => deed(&mut words, name, &names, pos)?,
            }
        };
        words.end()?;
        if shop.is_none() || at.is_none() {
            return Err(pos.says(
                "a scenario begins with its shop and its time",
                "put `shop ../../examples/cafe` and `at 2026-11-23 08:00` before this line",
            ));
        }
        lines.push(Line { pos, step });
    }
    let end = Pos { line: source.lines().count().max(1), column: 1 };
    match (shop, at) {
        (Some(shop), Some(at)) => Ok(Script { shop, at, lines }),
        (None, _) => Err(end.says("no shop", "begin with `shop ../../examples/cafe`")),
        (_, None) => Err(end.says("no time", "begin with `at 2026-11-23 08:00`")),
    }
}

fn name(words: &mut Words, names: &[String]) -> Result<String, ScriptError> {
    let pos = words.pos();
    let name = words.need("a person's name")?.text;
    known(name, names, pos)
}

fn known(name: String, names: &[String], pos: Pos) -> Result<String, ScriptError> {
    if names.contains(&name) {
        return Ok(name);
    }
    let help = if names.is_empty() {
        format!("introduce them first: `person {name} speaks en`")
    } else {
        format!("so far there are: {}; a new one is introduced by `person`", names.join(", "))
    };
    Err(pos.says(&format!("{name} is neither a person here nor a step"), &help))
}

fn person(words: &mut Words) -> Result<Newcomer, ScriptError> {
    let name = words.need("a name")?.text;
    let mut newcomer = Newcomer { name, platform: Platform::Messenger, speaks: None, lives: None };
    while let Some(word) = words.peek() {
        let pos = words.pos();
        let _taken = words.next();
        match word.as_str() {
            "on" => {
                let pos = words.pos();
                newcomer.platform = match words.need("messenger or instagram")?.text.as_str() {
                    "messenger" => Platform::Messenger,
                    "instagram" => Platform::Instagram,
                    _ => return Err(pos.says("not a platform", "write messenger or instagram")),
                };
            }
            "speaks" => newcomer.speaks = Some(words.need("a language, as lt or pt-BR")?.text),
            "lives" => {
                words.word("in")?;
                newcomer.lives = Some(words.need("a country, as LT")?.text);
            }
            _ => {
                let help = "write `speaks lt`, `on instagram` or `lives in LT`";
                return Err(pos.says(&format!("{word}: not understood of a person"), help));
            }
        }
    }
    Ok(newcomer)
}

const DEEDS: &str = "people: says, taps, scans, opens ref, gets started, opts in, stops \
notifications, resumes notifications, sends, reacts, unreacts, reads, edits, unsends, comments";

fn deed(words: &mut Words, name: &str, names: &[String], pos: Pos) -> Result<Step, ScriptError> {
    let who = known(name.to_owned(), names, pos)?;
    let pos = words.pos();
    let verb = words.need("what they do")?.text;
    let what = match verb.as_str() {
        "says" => Deed::Says(words.quoted("what they say")?),
        "taps" => Deed::Taps(words.quoted("the title of what they tap")?),
        "scans" => Deed::Scans(words.need("a poster's code")?.text),
        "opens" => {
            words.word("ref")?;
            Deed::OpensRef(words.need("a ref")?.text)
        }
        "gets" => {
            words.word("started")?;
            Deed::GetsStarted
        }
        "opts" => {
            words.word("in")?;
            Deed::OptsIn(words.next().map(|word| word.text))
        }
        "stops" => {
            words.word("notifications")?;
            Deed::StopsNotifications(words.next().map(|word| word.text))
        }
        "resumes" => {
            words.word("notifications")?;
            Deed::ResumesNotifications(words.next().map(|word| word.text))
        }
        "sends" => {
            let pos = words.pos();
            let what = words.need("what they send")?.text;
            let kind = match what.as_str() {
                "photo" => "image",
                "thumb" => "sticker",
                "heart" => "like_heart",
                "location" => "location",
                "voice" => "audio",
                "video" => "video",
                "file" => "file",
                _ => {
                    let help = "write photo, thumb, heart, location, voice, video or file";
                    return Err(pos.says(&format!("{what} cannot be sent"), help));
                }
            };
            Deed::Sends(kind, what)
        }
        "reacts" => Deed::Reacts(words.next().map_or("❤".to_owned(), |word| word.text)),
        "unreacts" => Deed::Unreacts(words.next().map_or("❤".to_owned(), |word| word.text)),
        "reads" => Deed::Reads,
        "edits" => Deed::Edits(words.quoted("the new text")?),
        "unsends" => Deed::Unsends,
        "comments" => Deed::Comments(words.quoted("the comment")?),
        _ => return Err(pos.says(&format!("nobody can {verb:?} here"), DEEDS)),
    };
    Ok(Step::Does { who, what })
}

fn times(words: &mut Words) -> Result<u32, ScriptError> {
    let pos = words.pos();
    let word = words.need("how often")?.text;
    let times = match word.as_str() {
        "once" => Some(1),
        "twice" => Some(2),
        number => {
            let times = number.parse().ok().filter(|n| (1..=100).contains(n));
            if words.peek().as_deref() == Some("times") {
                let _taken = words.next();
            }
            times
        }
    };
    times.ok_or_else(|| {
        pos.says("not a number of times", "write `deliver twice` or `deliver 3 times`")
    })
}

fn wait(words: &mut Words) -> Result<Wait, ScriptError> {
    if words.peek().as_deref() == Some("until") {
        let _until = words.next();
        let day = day(words)?;
        return Ok(Wait::Until(day, time(words)?));
    }
    let mut total: i64 = 0;
    loop {
        let pos = words.pos();
        let word = words.need("how long: 2h, 15m, 3d")?.text;
        let unit = match word.chars().last() {
            Some('d') => DAY,
            Some('h') => HOUR,
            Some('m') => MINUTE,
            Some('s') => crate::time::SECOND,
            _ => 0,
        };
        let number = word.get(..word.len().saturating_sub(1)).and_then(|n| n.parse::<i64>().ok());
        let length = number.filter(|n| unit > 0 && (1..=10_000).contains(n));
        let length = length.ok_or_else(|| {
            pos.says(&format!("{word} is no length of time"), "write 2h, 15m, 30s or 3d")
        })?;
        total = total.saturating_add(length.saturating_mul(unit));
        if words.peek().is_none() {
            return Ok(Wait::For(total));
        }
    }
}

fn day(words: &mut Words) -> Result<Day, ScriptError> {
    let next = words.peek().unwrap_or_default();
    if next.contains(':') {
        return Ok(Day::Next);
    }
    if next.contains('-') {
        return date(words).map(Day::Date);
    }
    let pos = words.pos();
    let word = words.need("a day or a time")?.text;
    Ok(match word.to_lowercase().as_str() {
        "tomorrow" => Day::Tomorrow,
        "monday" => Day::On(Weekday::Monday),
        "tuesday" => Day::On(Weekday::Tuesday),
        "wednesday" => Day::On(Weekday::Wednesday),
        "thursday" => Day::On(Weekday::Thursday),
        "friday" => Day::On(Weekday::Friday),
        "saturday" => Day::On(Weekday::Saturday),
        "sunday" => Day::On(Weekday::Sunday),
        _ => {
            let help = "write tomorrow, friday, 2026-11-27, or only a time";
            return Err(pos.says(&format!("{word} is no day"), help));
        }
    })
}

fn date(words: &mut Words) -> Result<Date, ScriptError> {
    let pos = words.pos();
    let word = words.need("a date, as 2026-11-23")?.text;
    word.parse().map_err(|_| pos.says(&format!("{word} is no date"), "write it as 2026-11-23"))
}

fn time(words: &mut Words) -> Result<Time, ScriptError> {
    let pos = words.pos();
    let word = words.need("a time, as 08:00")?.text;
    word.parse().map_err(|_| pos.says(&format!("{word} is no time"), "write it as 08:00"))
}

const EXPECTATIONS: &str = "write expect \"words\", nothing, choices \"A\", \"B\", card \"words\", \
held \"words\" or page \"words\"; `expect Ona …` looks at one person";

fn expect(words: &mut Words, names: &[String]) -> Result<Step, ScriptError> {
    let who = words.peek_word().filter(|word| names.contains(word));
    if who.is_some() {
        let _name = words.next();
    }
    let pos = words.pos();
    let first = words.need("what is expected")?;
    let what = match (first.quoted, first.text.as_str()) {
        (true, text) => Expectation::Says(text.to_owned()),
        (false, "nothing") => Expectation::Nothing,
        (false, "choices") => {
            let mut titles = vec![words.quoted("a title")?];
            while words.peek().as_deref() == Some(",") {
                let _comma = words.next();
                titles.push(words.quoted("a title")?);
            }
            Expectation::Choices(titles)
        }
        (false, "card") => Expectation::Card(words.quoted("words of its title")?),
        (false, "held") => Expectation::Held(words.quoted("words of the reason")?),
        (false, "page") => Expectation::Page(words.quoted("words of the page")?),
        (false, other) => {
            return Err(pos.says(&format!("{other} cannot be expected"), EXPECTATIONS));
        }
    };
    Ok(Step::Expect { who, what })
}

fn fails(words: &mut Words) -> Result<Step, ScriptError> {
    words.word("fails")?;
    let pos = words.pos();
    let how = words.need("how it fails")?.text;
    let kind = match how.as_str() {
        "1" => FaultKind::Code1,
        "2" => FaultKind::Code2,
        "4" => FaultKind::Code4,
        "10" => FaultKind::Code10,
        "100" => FaultKind::Code100,
        "190" => FaultKind::Code190,
        "551" => FaultKind::Code551,
        "613" => FaultKind::Code613,
        "429" => FaultKind::Http429,
        "500" => FaultKind::Http500,
        _ => {
            let help =
                "write one of Meta's codes 1, 2, 4, 10, 100, 190, 551, 613, or HTTP's 429, 500";
            return Err(pos.says(&format!("Meta does not fail with {how} here"), help));
        }
    };
    words.word("for")?;
    let pos = words.pos();
    let times = words.need("for how many messages")?.text.parse().ok();
    let times = times.filter(|n| (1..=1000).contains(n));
    let times = times.ok_or_else(|| pos.says("not a number of messages", "write `for 2 sends`"))?;
    if words.peek().is_some() {
        words.word("sends")?;
    }
    Ok(Step::Fails { kind, times })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> Result<Vec<Step>, String> {
        let source = format!("shop ../cafe\nat 2026-11-23 08:00\nperson Ona speaks lt\n{rest}");
        let script = parse(&source).map_err(|error| error.to_string())?;
        Ok(script.lines.into_iter().skip(1).map(|line| line.step).collect())
    }

    #[test]
    fn steps_are_read_with_their_words() {
        let steps = read(
            "Ona says \"a \\\"b\\\" # c\"  # a comment\n\
             wait 1h 30m\n\
             wait until friday 09:00\n\
             expect choices \"A\", \"B\"\n\
             expect Ona \"x\"\n\
             staff replies Ona \"hi\"\n\
             Meta fails 613 for 2 sends\n",
        );
        let does = |what| Step::Does { who: "Ona".to_owned(), what };
        assert_eq!(
            steps.unwrap(),
            [
                does(Deed::Says("a \"b\" # c".to_owned())),
                Step::Wait(Wait::For(90 * MINUTE)),
                Step::Wait(Wait::Until(Day::On(Weekday::Friday), Time::constant(9, 0, 0, 0))),
                Step::Expect {
                    who: None,
                    what: Expectation::Choices(vec!["A".to_owned(), "B".to_owned()]),
                },
                Step::Expect {
                    who: Some("Ona".to_owned()),
                    what: Expectation::Says("x".to_owned()),
                },
                Step::StaffReplies { to: "Ona".to_owned(), text: "hi".to_owned() },
                Step::Fails { kind: FaultKind::Code613, times: 2 },
            ]
        );
    }

    #[test]
    fn an_error_names_line_and_column_and_what_to_write() {
        for (line, at, says) in [
            ("Ona sings \"x\"", "4:5", "sings"),
            ("Jonas says \"x\"", "4:1", "Jonas"),
            ("Ona says x", "4:10", "quotes"),
            ("Ona says \"x", "4:10", "quote"),
            ("wait 2 hours", "4:6", "2h"),
            ("wait until someday 09:00", "4:12", "someday"),
            ("expect silence", "4:8", "nothing"),
            ("Ona says \"x\" \"y\"", "4:14", "y"),
            ("person Ona speaks en", "4:1", "Ona"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.starts_with(at), "{line}: {error}");
            assert!(error.contains(says), "{line}: {error}");
        }
        let error = parse("person Ona speaks lt").unwrap_err().to_string();
        assert!(error.starts_with("1:1") && error.contains("shop"), "{error}");
    }
}
