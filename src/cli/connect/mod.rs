//! `shopbell connect`: leads the owner through Meta, tests what is pasted at once, and gives it to the
//! Worker. No secret is written to a file, and none is on a command line.
//!
//! - [`session`]: the shop, the Worker, the login. [`talk`]: who is asked.
//! - [`pages`]: Meta's pages, as data. [`graph`]: calls to the Graph API.
//! - [`token`]: what was pasted, tested. [`keys`]: what is made here. [`standing`]: what the Worker has.
//! - [`collect`]: all of it, one secret after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

pub(in crate::cli) mod again;
pub mod collect;
pub(in crate::cli) mod graph;
pub mod keys;
pub mod pages;
pub mod session;
pub(in crate::cli) mod standing;
pub mod talk;
pub mod token;

use collect::{Collected, Wanted, collect};
use session::{Failure, Session, Where, from_environment};
use talk::{Nobody, Talk, Terminal};

use super::deploy;
use super::shown::plain;

/// Leads you through Meta, tests what you paste, and gives it to your Worker.
///
/// What is in the environment is not asked for: `APP_ID`, `APP_SECRET`, `PAGE_TOKEN` or
/// `PAGE_TOKEN_<page id>`, `ADS_TOKEN`, `VERIFY_TOKEN`, `ADMIN_TOKEN`, `SIGNING_KEY`. The last three are made
/// here when there are none. Secrets reach the Worker through wrangler's standard input; none is written to
/// a file. It can be run again: what is set stays, unless you paste another.
#[derive(Clone, Debug, clap::Args)]
pub struct ConnectArgs {
    #[command(flatten)]
    at: Where,
    /// Makes this anew: `ADMIN_TOKEN`, `VERIFY_TOKEN` or `SIGNING_KEY` (the old one goes on proving what it
    /// signed, as `SIGNING_KEY_PREVIOUS`).
    #[arg(long, value_name = "SECRET", value_parser = ["ADMIN_TOKEN", "VERIFY_TOKEN", "SIGNING_KEY"])]
    renew: Vec<String>,
    /// Does not open Meta's pages in a browser; their addresses are printed either way.
    #[arg(long)]
    no_browser: bool,
}

/// Connects the shop.
#[must_use]
pub fn run(args: ConnectArgs) -> ExitCode {
    with_somebody(args.at.no_input, !args.no_browser, |talk| {
        connect(args, from_environment(), talk)
    })
}

/// Does something with whoever is there.
pub(in crate::cli) fn with_somebody(
    no_input: bool,
    browser: bool,
    work: impl FnOnce(&mut dyn Talk) -> Result<(), Failure>,
) -> ExitCode {
    let terminal = Terminal::find(browser).filter(|_| !no_input);
    let done = match terminal {
        Some(mut terminal) => work(&mut terminal),
        None => work(&mut Nobody),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", plain(&failure.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Connects the shop with whoever is there. `given` are the secrets of the environment.
///
/// # Errors
/// [`Failure`] of the first thing that is missing, or was not done.
pub fn connect(
    args: ConnectArgs,
    given: BTreeMap<String, String>,
    talk: &mut dyn Talk,
) -> Result<(), Failure> {
    let line = args.at.again("connect").flag("--no-browser", args.no_browser);
    let line = line.each("--renew", &args.renew);
    let mut session = Session::open(args.at, &line, given, talk, false)?;
    deploy::headline(&mut session);
    let somebody = session.talk.somebody();
    let wanted = Wanted { all: somebody, renew: args.renew.into_iter().collect::<BTreeSet<_>>() };
    let all = collect(&mut session, &wanted)?;
    // A Worker that is not there yet would become an empty one by its first secret.
    if session.deployed.is_none() {
        deploy::agree(&mut session, false)?;
        deploy::worker::ensure(&mut session, &all)?;
    }
    hand_over(&mut session, &all)?;
    let deploy_line = session.at.again("deploy");
    if session.talk.yes("Go live now? (shopbell deploy)") {
        // What fails from here on is done again by the other command.
        session.again = deploy_line;
        let options = deploy::Options { yes: true, ..deploy::Options::default() };
        return deploy::go_on(session, all, &options);
    }
    session.talk.say(&format!("next: {deploy_line}"));
    Ok(())
}

/// Gives the Worker what it lacks, in one go, and shows once what was made.
///
/// # Errors
/// [`Failure`]; then none was set.
pub(in crate::cli) fn hand_over(session: &mut Session<'_>, all: &Collected) -> Result<(), Failure> {
    if all.to_set.is_empty() {
        deploy::report(session, "secrets", "already", "the Worker has them all");
        return Ok(());
    }
    // Before they are set: a run that is cut off afterwards must not leave keys that nobody knows.
    show_once(session, all);
    if let Err(refusal) = session.cloud.set_secrets(&all.to_set) {
        return Err(session.refused("the secrets were not set", &refusal));
    }
    let names: Vec<&str> = all.to_set.keys().map(String::as_str).collect();
    if let Some(deployed) = &mut session.deployed {
        deployed.secrets.extend(names.iter().map(|name| (*name).to_owned()));
    }
    deploy::report(session, "secrets", "done", &names.join(", "));
    Ok(())
}

/// What was made here can be seen once, and only by a person at a terminal: a log would keep it.
fn show_once(session: &mut Session<'_>, all: &Collected) {
    let kept: Vec<&str> = ["ADMIN_TOKEN", "SIGNING_KEY"]
        .into_iter()
        .filter(|name| all.made.contains(*name))
        .collect();
    if kept.is_empty() {
        return;
    }
    if !session.talk.in_private() {
        let dir = session.at.dir.display().to_string();
        for name in kept {
            session.talk.say(&format!(
                "  {name} was made and is not shown here; for one you know: `shopbell connect {dir} --renew {name}` in a terminal, or set {name}"
            ));
        }
        return;
    }
    session.talk.say("  Keep these where you keep passwords; they are shown this once:");
    for name in kept {
        let what = if name == "ADMIN_TOKEN" {
            "opens your reports and settings"
        } else {
            "only to replace it one day"
        };
        let value = all.known.get(name).map(String::as_str).unwrap_or_default();
        session.talk.say(&format!("    {name}={value}   ({what})"));
    }
}
