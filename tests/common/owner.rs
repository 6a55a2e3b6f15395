//! The owner's command, run against a Worker.

use std::process::Command;

use serde_json::Value;

use super::worker::Worker;
use super::{ADMIN_TOKEN, Stage};

/// The command, with where the Worker is and the owner's token. Of those that are run here only
/// `doctor` reads other secrets, and says less without them: its tests add what they are about.
pub fn command(worker: &Worker, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
    command.args(args).args(["--url", &worker.url]).env("ADMIN_TOKEN", ADMIN_TOKEN);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Runs a command on a thread of its own, so that the sandbox goes on.
pub async fn run(mut command: Command) -> Printed {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let [out, err] = [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap());
    Printed { args: args.join(" "), content: done.status.success(), out, err }
}

/// What a command printed, and whether it was content.
pub struct Printed {
    args: String,
    content: bool,
    /// For people or for machines, as it was asked for.
    pub out: String,
    err: String,
}

impl Printed {
    /// It was content.
    #[track_caller]
    pub fn good(self) -> Self {
        assert!(self.content, "{}: {}", self.args, self.text());
        self
    }

    /// It was not, and said why.
    #[track_caller]
    pub fn refused(&self, why: &str) {
        let text = self.text();
        assert!(!self.content && text.contains(why), "{}: {text}", self.args);
    }

    /// Everything that it said.
    pub fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// What it said to machines, one JSON value a line.
    pub fn json(&self) -> Vec<Value> {
        let value = |line: &str| serde_json::from_str(line);
        let values: Result<_, _> = self.out.lines().map(value).collect();
        values.unwrap_or_else(|why| panic!("{}: {why}: {}", self.args, self.text()))
    }
}

impl Worker {
    /// Runs the owner's command against this Worker.
    pub async fn shopbell(&self, args: &[&str]) -> Printed {
        run(command(self, args)).await
    }
}

impl Stage {
    /// Runs the owner's command against the Worker.
    pub async fn shopbell(&self, args: &[&str]) -> Printed {
        self.worker.shopbell(args).await
    }
}
