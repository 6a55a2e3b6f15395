//! A command line that does the same again: what a rehearsal proposes must stay a rehearsal.

use std::fmt;
use std::path::Path;

use crate::cli::cloud::target::TargetArgs;

/// A command line with everything that was said on it, but for secrets: they are never said there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Again {
    start: String,
    options: Vec<(&'static str, Option<String>)>,
}

impl Again {
    /// `command` about this shop and this Worker.
    pub(in crate::cli) fn of(
        command: &str,
        dir: &Path,
        target: &TargetArgs,
        bundle: &Path,
        wrangler: Option<&Path>,
    ) -> Self {
        let path = |path: &Path| path.display().to_string();
        let start = format!("shopbell {command} {}", quoted(&path(dir)));
        Self { start, options: Vec::new() }
            .with("--name", target.name.clone())
            .with("--account", target.account.clone())
            .with("--bundle", Some(bundle).filter(|it| it.as_os_str() != ".").map(path))
            .with("--wrangler", from_the_line("WRANGLER", wrangler.map(path)))
    }

    /// With an option, where it was given; in the place of an earlier one.
    pub(in crate::cli) fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.options.retain(|(there, _)| *there != name);
            self.options.push((name, Some(value)));
        }
        self
    }

    /// With something that takes no value, where it was said.
    pub(in crate::cli) fn flag(mut self, name: &'static str, said: bool) -> Self {
        if said && !self.options.iter().any(|(there, _)| *there == name) {
            self.options.push((name, None));
        }
        self
    }

    /// With an option for each of these.
    pub(in crate::cli) fn each(mut self, name: &'static str, values: &[String]) -> Self {
        self.options.extend(values.iter().map(|value| (name, Some(value.clone()))));
        self
    }

    /// The line with this option in the place of what was said before.
    pub(in crate::cli) fn instead(&self, name: &'static str, value: &str) -> String {
        self.clone().with(name, Some(value.to_owned())).to_string()
    }
}

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.start)?;
        for (name, value) in &self.options {
            write!(f, " {name}")?;
            if let Some(value) = value {
                write!(f, " {}", quoted(value))?;
            }
        }
        Ok(())
    }
}

/// What the environment says anyway is not repeated.
pub(in crate::cli) fn from_the_line(name: &str, value: Option<String>) -> Option<String> {
    value.filter(|value| std::env::var(name).ok().as_ref() != Some(value))
}

/// As a shell takes it.
pub(in crate::cli) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_stands_in_the_place_of_what_was_said() {
        let target = TargetArgs { name: Some("BAD!".to_owned()), account: None };
        let line = Again::of("deploy", Path::new("my shop"), &target, Path::new("there"), None);
        let line = line.flag("--dry-run", true).flag("--yes", false);
        assert_eq!(
            line.instead("--bundle", "FOLDER"),
            "shopbell deploy 'my shop' --name 'BAD!' --dry-run --bundle FOLDER"
        );
        assert_eq!(
            line.instead("--name", "bad"),
            "shopbell deploy 'my shop' --bundle there --dry-run --name bad"
        );
    }
}
