//! Who is asked: a person at a terminal, or nobody.

use std::io::{IsTerminal, Write as _};
use std::process::{Command, Stdio};

use crate::cli::shown::plain;

/// Programs that open a browser, in the order they are tried.
const BROWSERS: [&str; 3] = ["xdg-open", "open", "wslview"];

/// Somebody to talk to.
pub trait Talk {
    /// Says something.
    fn say(&mut self, line: &str);
    /// Asks; none when nobody answers. What is typed as a `secret` is not shown.
    fn ask(&mut self, question: &str, secret: bool) -> Option<String>;
    /// Shows a page of the web.
    fn show(&mut self, address: &str);
    /// Whether there is somebody.
    fn somebody(&self) -> bool;
    /// Whether only they see what is said: a log would keep it.
    fn in_private(&self) -> bool;

    /// Asks for yes or no; yes when only Enter is pressed.
    fn yes(&mut self, question: &str) -> bool {
        match self.ask(&format!("{question} [Y/n]"), false) {
            Some(answer) => matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"),
            None => false,
        }
    }
}

/// A terminal with a person.
#[derive(Debug, Default)]
pub struct Terminal {
    /// Whether pages are opened, too.
    browser: bool,
}

impl Terminal {
    /// The terminal, if there is one and a person may be asked.
    #[must_use]
    pub fn find(open: bool) -> Option<Self> {
        let there = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        // Without a screen, xdg-open would take over the terminal with a browser of text.
        let screen =
            ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| std::env::var_os(name).is_some());
        there.then_some(Self { browser: open && (screen || cfg!(not(target_os = "linux"))) })
    }
}

impl Talk for Terminal {
    fn say(&mut self, line: &str) {
        println!("{}", plain(line));
    }

    fn ask(&mut self, question: &str, secret: bool) -> Option<String> {
        eprint!("{question}: ");
        let _shown_later = std::io::stderr().flush();
        if secret {
            return rpassword::read_password().ok().map(|typed| typed.trim().to_owned());
        }
        let mut typed = String::new();
        match std::io::stdin().read_line(&mut typed) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(typed.trim().to_owned()),
        }
    }

    fn show(&mut self, address: &str) {
        println!("    {address}");
        if !self.browser {
            return;
        }
        for program in BROWSERS {
            let mut browser = Command::new(program);
            browser.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            // Some stay until their window is closed: not waited for.
            if browser.spawn().is_ok() {
                return;
            }
        }
        // Only the address then; and the next ones without trying.
        self.browser = false;
    }

    fn somebody(&self) -> bool {
        true
    }

    fn in_private(&self) -> bool {
        std::io::stdout().is_terminal()
    }
}

/// Nobody: a script, or a machine.
#[derive(Debug, Default)]
pub struct Nobody;

impl Talk for Nobody {
    fn say(&mut self, line: &str) {
        println!("{}", plain(line));
    }

    fn ask(&mut self, _question: &str, _secret: bool) -> Option<String> {
        None
    }

    fn show(&mut self, _address: &str) {}

    fn somebody(&self) -> bool {
        false
    }

    fn in_private(&self) -> bool {
        false
    }
}
