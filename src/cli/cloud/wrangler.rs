//! Calling wrangler: which one, with what in its environment, and what it said.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::is_secret;
use super::refusal::{Left, Refusal};

/// The version that is fetched where none is there: the one of `scripts/tools`.
pub const WRANGLER_VERSION: &str = "4.164.0";

/// Where the checkout has its own.
const OWN: &str = "scripts/wrangler";

/// How wrangler is called.
#[derive(Clone, Debug)]
pub struct Wrangler {
    program: OsString,
    before: Vec<OsString>,
    /// Where it is called from.
    root: PathBuf,
}

/// What a call led to.
#[derive(Debug)]
pub struct Said {
    /// Standard output.
    pub out: String,
    /// Its file of results: one JSON object a line.
    pub results: String,
}

impl Wrangler {
    /// The one that was named, or the checkout's own, or the one npm fetches.
    #[must_use]
    pub fn find(given: Option<&Path>, root: &Path) -> Self {
        let root = root.to_owned();
        if let Some(given) = given {
            let own = root.join(given);
            // A bare name is looked for on the path.
            let bare = given.components().count() == 1 && !own.is_file();
            let program = if bare { given.as_os_str().to_owned() } else { own.into_os_string() };
            return Self { program, before: Vec::new(), root };
        }
        let own = root.join(OWN);
        if own.is_file() {
            return Self { program: own.into_os_string(), before: Vec::new(), root };
        }
        let package = format!("wrangler@{WRANGLER_VERSION}");
        let before = vec!["--yes".into(), package.into()];
        Self { program: "npx".into(), before, root }
    }

    /// How a person calls it.
    #[must_use]
    pub fn shown(&self) -> String {
        let program = Path::new(&self.program);
        let program = program.strip_prefix(&self.root).unwrap_or(program).display().to_string();
        let before = self.before.iter().filter(|word| *word != "--yes");
        before.fold(program, |shown, word| format!("{shown} {}", word.to_string_lossy()))
    }

    /// Whether npm may have to fetch it first.
    #[must_use]
    pub fn is_fetched(&self) -> bool {
        !self.before.is_empty()
    }

    /// Calls it and waits. `input` goes to its standard input and nowhere else.
    ///
    /// # Errors
    /// [`Refusal`] when it cannot be started, or ends with an error.
    pub fn call<S: AsRef<OsStr>>(
        &self,
        args: &[S],
        input: Option<&str>,
        folder: &Path,
    ) -> Result<Said, Refusal> {
        let results = folder.join("wrangler-results.json");
        let _none_before = std::fs::remove_file(&results);
        let not_started = |why: std::io::Error| Refusal::NotStarted {
            program: self.shown(),
            why: why.to_string(),
        };
        let mut command = self.command(folder);
        command.args(args).env("WRANGLER_OUTPUT_FILE_PATH", &results);
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(not_started)?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // One that ends without reading says why itself.
            let _unread = stdin.write_all(input.as_bytes());
        }
        let done = child.wait_with_output().map_err(not_started)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let out = text(&done.stdout);
        let results = std::fs::read_to_string(&results).unwrap_or_default();
        if done.status.success() {
            return Ok(Said { out, results });
        }
        let said = format!("{out}\n{}", text(&done.stderr));
        Err(Refusal::of(&Left { said: &said, results: &results }))
    }

    /// Calls it with this terminal: it asks and shows what it likes.
    ///
    /// # Errors
    /// When it cannot be started, or ends with an error.
    pub fn by_hand(&self, args: &[&str]) -> Result<(), Refusal> {
        let status = self.outside().args(args).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Refusal::Other(format!("it ended with {status}"))),
            Err(why) => Err(Refusal::NotStarted { program: self.shown(), why: why.to_string() }),
        }
    }

    /// Quiet, in plain text, and without traces: its log would hold what it is given.
    fn command(&self, folder: &Path) -> Command {
        let mut command = self.outside();
        for (name, value) in [
            ("WRANGLER_HIDE_BANNER", "true"),
            ("WRANGLER_SEND_ERROR_REPORTS", "false"),
            ("WRANGLER_NO_SKILLS_UPDATE_PROMPTS", "true"),
            ("WRANGLER_WRITE_LOGS", "false"),
            ("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false"),
            ("NO_COLOR", "1"),
            ("FORCE_COLOR", "0"),
        ] {
            command.env(name, value);
        }
        command.env("WRANGLER_LOG_PATH", folder.join("logs"));
        command
    }

    /// Our secrets are nothing that wrangler needs to see in its environment.
    fn outside(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.before).current_dir(&self.root);
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.to_str().is_some_and(is_secret)) {
            command.env_remove(name);
        }
        if std::env::var_os("WRANGLER_SEND_METRICS").is_none() {
            command.env("WRANGLER_SEND_METRICS", "false");
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_is_fetched_is_the_pinned_one() {
        let pinned = include_str!("../../../scripts/tools/package.json");
        assert!(pinned.contains(&format!("\"wrangler\": \"{WRANGLER_VERSION}\"")), "{pinned}");
    }

    #[test]
    fn a_checkout_has_its_own_and_a_folder_without_one_fetches_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(Wrangler::find(None, root).shown(), "scripts/wrangler");
        let npx = Wrangler::find(None, Path::new("/nowhere"));
        assert_eq!(npx.shown(), format!("npx wrangler@{WRANGLER_VERSION}"));
        let named = Wrangler::find(Some(Path::new("wrangler")), root);
        assert_eq!(named.shown(), "wrangler");
    }
}
