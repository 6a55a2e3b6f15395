//! The owner's command line, and the sandbox. Native only.
//!
//! Every subcommand is a module with its arguments (`…Args`) and a `run`.
//!
//! - [`new`]: asks a few questions and writes a `shop.toml` to start from.
//! - [`check`]: reads `shop.toml`, tries its FAQ, and says what is wrong with it.
//! - [`chat`]: talks to a shop in the terminal; [`explain`]: says why it answers what it does.
//! - [`eval`]: measures the matcher on labelled questions.
//! - [`misses`]: what customers asked in vain, as lines for `shop.toml`.
//! - [`qr`]: codes of posters as pictures, and as sheets to print.
//! - [`connect`]: leads the owner through Meta and gives the Worker its secrets; [`deploy`]: from there to
//!   a live assistant. [`cloud`]: Cloudflare, by way of wrangler.
//! - [`publish`]: compiles a shop into KV. [`profile`]: greeting, menu and the like, to Meta.
//! - [`poster`]: posters without `shop.toml`; [`snippet`]: links for a web site; [`funnel`]: what
//!   brought people, and how far they went.
//! - [`plan`]: who will be told what, by which way; [`report`]: what became of it.
//! - [`consent`]: what somebody agreed to, and the proof of it. [`reconcile`]: Meta's own list of
//!   notification tokens against the Worker's.
//! - [`coupons`]: what was given and redeemed; [`redeem`]: a code by hand; [`till`]: who else may.
//! - [`template`]: utility templates, handed in at Meta and how they stand.
//! - [`doctor`]: looks at the Worker and at Meta, and says what keeps a shop from working.
//! - [`review`]: what Meta's app review asks for, for exactly this shop.
//! - [`offer`]: who waits to be told of what, and the word that it has begun.
//! - [`budget`]: what a shop takes of what Cloudflare gives.
//! - [`bookings`]: who comes when. [`note`]: what the owner wants to remember of a person.
//! - [`forget`]: has the Worker delete everything it keeps of a person.
//! - [`export`]: everything that a Worker keeps, as files of the owner's; [`import`]: the way back.
//! - [`shards`]: among how many Desks a Page's people are divided, and moving them.
//! - [`sim`]: plays a scenario of many days in an instant.
//! - [`verify`]: whether a release is what it says it is.
//! - [`sandbox`]: plays Meta on this computer.
//! - `said`: days, moments and languages on the command line; `shown`: what a terminal may be given.

mod archive;
pub mod bookings;
pub mod budget;
pub mod chat;
pub mod check;
pub mod cloud;
pub mod connect;
pub mod consent;
pub mod coupons;
pub mod deploy;
pub mod doctor;
pub mod eval;
pub mod explain;
pub mod export;
pub mod forget;
pub mod funnel;
pub mod import;
pub mod misses;
pub mod new;
pub mod note;
pub mod offer;
mod owner;
pub mod plan;
pub mod poster;
pub mod profile;
pub mod publish;
pub mod qr;
pub mod reconcile;
pub mod redeem;
pub mod report;
pub mod review;
mod said;
pub mod sandbox;
pub mod shards;
mod shown;
pub mod sim;
pub mod snippet;
pub mod template;
pub mod till;
pub mod verify;

/// Prints what a command has to say, in signs that a terminal only shows, or what kept it from its work.
fn printed(text: Result<String, impl std::fmt::Display>) -> std::process::ExitCode {
    match text {
        Ok(text) => {
            print!("{}", shown::plain(&text));
            std::process::ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {}", shown::plain(&why.to_string()));
            std::process::ExitCode::FAILURE
        }
    }
}
