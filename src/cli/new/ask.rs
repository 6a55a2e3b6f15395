//! The questions, one after another. Each answer is looked at at once, and asked for again with
//! what to write.

use std::io::{BufRead, Write};

use super::answers::{self, Answers, Kind, Tongue};
use super::words::Words;
use super::{NewArgs, NewError, places};
use crate::shop::source::written;

/// Asks for everything that `args` do not say.
///
/// # Errors
/// [`NewError`] when the input ends too early, or a flag says what cannot be.
pub(super) fn answers(
    args: &NewArgs,
    usual: Tongue,
    input: impl BufRead,
    output: impl Write,
) -> Result<Answers, NewError> {
    let mut talk = Talk { input, output, quiet: args.yes, tongue: usual };
    let tongue = language(args, usual, &mut talk)?;
    talk.tongue = tongue;
    let words = tongue.words();
    talk.say(words.intro)?;
    let kind = kind(args, words, &mut talk)?;
    let name = talk.ask(Question {
        flag: "--name",
        given: &args.name,
        asked: words.name.to_owned(),
        usual: None,
        read: &|said| answers::name(said).ok_or_else(|| words.bad_name.to_owned()),
    })?;
    let country = talk.ask(Question {
        flag: "--country",
        given: &args.country,
        asked: words.country.to_owned(),
        usual: Some(words.usual_country.to_owned()),
        read: &|said| answers::country(said).ok_or_else(|| words.bad_country.to_owned()),
    })?;
    let time_zone = time_zone(args, &country, words, &mut talk)?;
    let phone = talk.maybe("--phone", &args.phone, words.phone, words.bad_phone, answers::phone)?;
    let page = talk.maybe("--page", &args.page, words.page, words.bad_page, answers::page)?;
    let asked = words.username.replace("{guess}", &answers::username_of(&name));
    let username =
        talk.maybe("--username", &args.username, &asked, words.bad_username, answers::username)?;
    Ok(Answers { tongue, kind, name, country, time_zone, phone, page, username })
}

fn language(
    args: &NewArgs,
    usual: Tongue,
    talk: &mut Talk<impl BufRead, impl Write>,
) -> Result<Tongue, NewError> {
    let list = Tongue::ALL.iter().zip(1..);
    let lines = list.map(|(t, n)| format!("  {n}  {:<6} {}", t.code(), t.words().language));
    let asked = std::iter::once("Language · Kalba · 語言 · Idioma".to_owned()).chain(lines);
    talk.ask(Question {
        flag: "--language",
        given: &args.language,
        asked: asked.collect::<Vec<_>>().join("\n"),
        usual: Some(usual.code().to_owned()),
        read: &|said| Tongue::find(said).ok_or_else(|| "en, lt, zh-TW, pt-BR".to_owned()),
    })
}

fn kind(
    args: &NewArgs,
    words: &'static Words,
    talk: &mut Talk<impl BufRead, impl Write>,
) -> Result<Kind, NewError> {
    let list = Kind::ALL.into_iter().zip(words.kinds).zip(1..);
    let lines = list.map(|((kind, says), n)| format!("  {n}  {:<13} {says}", kind.code()));
    let asked: Vec<String> = std::iter::once(words.kind.to_owned()).chain(lines).collect();
    talk.ask(Question {
        flag: "--kind",
        given: &args.kind,
        asked: asked.join("\n"),
        usual: Some(Kind::Cafe.code().to_owned()),
        read: &|said| Kind::find(said).ok_or_else(|| words.bad_kind.to_owned()),
    })
}

/// Most countries have one clock: then nobody is asked.
fn time_zone(
    args: &NewArgs,
    country: &str,
    words: &'static Words,
    talk: &mut Talk<impl BufRead, impl Write>,
) -> Result<String, NewError> {
    let zones = places::zones(country);
    if let ([only], None) = (zones, &args.time_zone) {
        return Ok((*only).to_owned());
    }
    let known: Vec<String> = zones.iter().map(|zone| format!("  {zone}")).collect();
    let asked: Vec<String> = std::iter::once(words.zone.to_owned()).chain(known).collect();
    talk.ask(Question {
        flag: "--time-zone",
        given: &args.time_zone,
        asked: asked.join("\n"),
        usual: zones.first().map(|zone| (*zone).to_owned()),
        read: &|said| match written::is_time_zone(said.trim()) {
            Ok(()) => Ok(said.trim().to_owned()),
            Err(Some(near)) => Err(words.near_zone.replace("{near}", &near)),
            Err(None) => Err(words.bad_zone.to_owned()),
        },
    })
}

/// Something to be asked.
struct Question<'q, T> {
    /// What answers it on the command line.
    flag: &'static str,
    /// What stands there.
    given: &'q Option<String>,
    /// As it is asked.
    asked: String,
    /// What is taken when nothing is written.
    usual: Option<String>,
    /// Takes an answer, or says what to write instead.
    read: &'q dyn Fn(&str) -> Result<T, String>,
}

struct Talk<R, W> {
    input: R,
    output: W,
    /// Nothing is asked.
    quiet: bool,
    tongue: Tongue,
}

impl<R: BufRead, W: Write> Talk<R, W> {
    fn ask<T>(&mut self, question: Question<'_, T>) -> Result<T, NewError> {
        let Question { flag, given, asked, usual, read } = question;
        if let Some(said) = given {
            let refused = |help| NewError::Refused { flag, said: said.clone(), help };
            return read(said).map_err(refused);
        }
        if self.quiet {
            let needed = NewError::Needed { tongue: self.tongue, flag };
            let Some(usual) = usual else { return Err(needed) };
            return read(&usual).map_err(|_| needed);
        }
        self.say(&format!("\n{asked}"))?;
        loop {
            // What a shop may do without, takes nothing for an answer.
            let open = usual.is_none() && read("").is_err();
            let said = self.line(flag, usual.as_deref(), open)?;
            let said = match (said.trim(), &usual) {
                ("", Some(usual)) => usual.clone(),
                _ => said,
            };
            match read(&said) {
                Ok(read) => return Ok(read),
                Err(help) => self.say(&format!("  ! {help}"))?,
            }
        }
    }

    /// Something that a shop may do without.
    fn maybe(
        &mut self,
        flag: &'static str,
        given: &Option<String>,
        asked: &str,
        help: &str,
        read: fn(&str) -> Option<String>,
    ) -> Result<Option<String>, NewError> {
        if self.quiet && given.is_none() {
            return Ok(None);
        }
        self.ask(Question {
            flag,
            given,
            asked: asked.to_owned(),
            usual: None,
            read: &|said| match said.trim() {
                "" => Ok(None),
                said => read(said).map(Some).ok_or_else(|| help.to_owned()),
            },
        })
    }

    fn say(&mut self, text: &str) -> Result<(), NewError> {
        if self.quiet {
            return Ok(());
        }
        writeln!(self.output, "{text}").map_err(NewError::Talk)
    }

    /// The next line, without its end.
    fn line(
        &mut self,
        flag: &'static str,
        usual: Option<&str>,
        open: bool,
    ) -> Result<String, NewError> {
        let prompt = usual.map_or("> ".to_owned(), |usual| format!("[{usual}] > "));
        write!(self.output, "{prompt}")
            .and_then(|()| self.output.flush())
            .map_err(NewError::Talk)?;
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(0) => Err(NewError::Ended { tongue: self.tongue, open, flag }),
            Ok(_) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
            Err(why) => Err(NewError::Talk(why)),
        }
    }
}
