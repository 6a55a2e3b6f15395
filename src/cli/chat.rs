//! `shopbell chat`: talk to a shop in the terminal. The same core and the same tables as the
//! Worker's, in memory.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::check;
use super::publish::Bundle;
use crate::desk::decide::{Context, Host};
use crate::desk::{inbox, sending};
use crate::entry::keys::Keys;
use crate::faq::Model;
use crate::meta::event::{Channel, Event, EventKind, Lane, Message, Postback};
use crate::meta::graph_error::Verdict;
use crate::meta::ids::{AccountId, Mid, Psid};
use crate::meta::send::{Button, Content};
use crate::shop::model::Shop;
use crate::store::native::Sqlite;
use crate::store::outbox::Room;
use crate::store::{StoreError, schema, waiting};
use crate::time::{HOUR, MINUTE, UnixMs};

/// Whom to talk to.
#[derive(clap::Args)]
pub struct ChatArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Say why each answer was given.
    #[arg(long)]
    why: bool,
    /// The moment the conversation begins, RFC 3339; now when left out.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

/// One customer in front of one shop.
pub struct Conversation {
    shop: Shop,
    faq: Option<Model>,
    keys: Keys,
    sql: Sqlite,
    person: Psid,
    account: AccountId,
    now: UnixMs,
    messages: u64,
    /// Quick replies under the newest bubble: number, title, payload.
    taps: Vec<(String, String)>,
}

/// Why a conversation cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The shop cannot be used.
    #[error("{0}")]
    Shop(String),
    /// The tables refuse.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Conversation {
    /// Opens a shop for one customer.
    ///
    /// # Errors
    /// [`ChatError`].
    pub fn open(bundle: Bundle, now: UnixMs) -> Result<Self, ChatError> {
        let broken = |why: String| ChatError::Shop(why);
        let shop = bundle.shops.into_iter().next().ok_or_else(|| broken("no [[page]]".into()))?;
        let faq = bundle.model.map(|(_, bytes)| Model::load(bytes)).transpose();
        let sql = Sqlite::in_memory()?;
        schema::migrate(&sql)?;
        let account = AccountId::new(shop.page.id.as_str()).map_err(|e| broken(e.to_string()))?;
        Ok(Self {
            faq: faq.map_err(|error| broken(error.to_string()))?,
            keys: Keys::new("a key for this conversation only", None),
            sql,
            person: Psid::new("1").map_err(|e| broken(e.to_string()))?,
            account,
            now,
            messages: 0,
            taps: Vec::new(),
            shop,
        })
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: i64) {
        self.now = self.now.plus(ms);
    }

    /// Says something and returns the answer's bubbles, as text.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub fn says(&mut self, text: &str) -> Result<Vec<String>, ChatError> {
        let tapped = text.parse::<usize>().ok().and_then(|n| self.taps.get(n.checked_sub(1)?));
        let (text, quick_reply) = match tapped {
            Some((title, payload)) => (title.clone(), Some(payload.clone())),
            None => (text.to_owned(), None),
        };
        self.messages = self.messages.saturating_add(1);
        let kind = EventKind::Message(Message {
            mid: Some(Mid(format!("m_{}", self.messages))),
            text: Some(text),
            quick_reply,
            reply_to: None,
            attachments: Vec::new(),
            referral: None,
            unsupported: false,
        });
        self.happens(kind)
    }

    /// Taps Get Started.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub fn starts(&mut self) -> Result<Vec<String>, ChatError> {
        self.happens(EventKind::Postback(Postback {
            mid: None,
            title: None,
            payload: Some(crate::desk::payload::GET_STARTED.to_owned()),
            referral: None,
        }))
    }

    fn happens(&mut self, kind: EventKind) -> Result<Vec<String>, ChatError> {
        let event = Event {
            channel: Channel::Messenger,
            account: self.account.clone(),
            person: Some(self.person.clone()),
            at: self.now,
            lane: Lane::Messaging,
            kind,
        };
        let context = Context {
            shop: &self.shop,
            faq: self.faq.as_ref(),
            keys: &self.keys,
            app: None,
            host: Host::default(),
        };
        inbox::take(&self.sql, context, &[event], self.now)?;
        let room = Room { messages: 6, notifications: 6 };
        let mut bubbles = Vec::new();
        loop {
            let claimed = sending::claim(&self.sql, &self.shop, room, self.now)?;
            if claimed.is_empty() {
                // The terminal does not make anybody wait for the next bubble.
                let near = waiting::near(&self.sql, self.now, self.now.plus(MINUTE))?;
                let Some(next) = near.first() else { break };
                self.now = next.due_at;
                continue;
            }
            for (claimed, via) in claimed {
                self.taps = taps(&claimed.content);
                bubbles.push(shown(&claimed.content));
                let page = &self.shop.page.id;
                let sent = Verdict::Sent { mid: None, recipient: None };
                sending::settle(&self.sql, page, &claimed, &via, Some(&sent), self.now)?;
            }
        }
        Ok(bubbles)
    }
}

fn taps(content: &Content) -> Vec<(String, String)> {
    match content {
        Content::Text { quick_replies, .. } => {
            quick_replies.iter().map(|tap| (tap.title.clone(), tap.payload.clone())).collect()
        }
        _ => Vec::new(),
    }
}

fn shown(content: &Content) -> String {
    match content {
        Content::Text { text, quick_replies } if quick_replies.is_empty() => text.clone(),
        Content::Text { text, quick_replies } => {
            let taps: Vec<String> = quick_replies
                .iter()
                .enumerate()
                .map(|(i, tap)| format!("({}) {}", i.saturating_add(1), tap.title))
                .collect();
            format!("{text}\n  {}", taps.join("  "))
        }
        Content::Buttons { text, buttons } => format!("{text}\n{}", button_lines(buttons)),
        Content::Cards { cards } => {
            let card = |card: &crate::meta::send::Card| {
                let subtitle = card.subtitle.as_deref().unwrap_or_default();
                format!("[{}] {subtitle}\n{}", card.title, button_lines(&card.buttons))
            };
            cards.iter().map(card).collect::<Vec<_>>().join("\n")
        }
        Content::Image { url } => format!("[picture {url}]"),
        Content::OptIn(request) => format!("[may we write to you? {}]", request.title),
    }
}

fn button_lines(buttons: &[Button]) -> String {
    let line = |button: &Button| match button {
        Button::WebUrl { title, url } => format!("  [{title}] -> {url}"),
        Button::Postback { title, .. } => format!("  [{title}]"),
        Button::PhoneNumber { title, number } => format!("  [{title}] -> {number}"),
    };
    buttons.iter().map(line).collect::<Vec<_>>().join("\n")
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
    let start = args.at.unwrap_or_else(jiff::Timestamp::now);
    let mut chat = Conversation::open(bundle, start.into()).map_err(|error| error.to_string())?;
    println!(
        "You are a customer of {}. Write to it; a number taps a quick reply.\n\
         /start taps Get Started, /wait 3 lets three hours pass, /quit leaves.",
        chat.shop.name
    );
    let stdin = std::io::stdin();
    let mut lines = stdin.lock().lines();
    loop {
        print!("you> ");
        std::io::stdout().flush().map_err(|error| error.to_string())?;
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|error| error.to_string())?;
        let said = match line.trim() {
            "" => continue,
            "/quit" => break,
            "/start" => chat.starts(),
            text => match text.strip_prefix("/wait").map(str::trim) {
                Some(hours) => {
                    chat.wait(hours.parse::<i64>().unwrap_or(24).saturating_mul(HOUR));
                    println!("   (it is {})", chat.now.rfc3339());
                    continue;
                }
                None => {
                    if args.why {
                        print!("{}", super::explain::text(&chat.shop, chat.faq.as_ref(), text));
                    }
                    chat.says(text)
                }
            },
        };
        let bubbles = said.map_err(|error| error.to_string())?;
        if bubbles.is_empty() {
            println!("   (no answer)");
        }
        for bubble in bubbles {
            println!("bot> {}", bubble.replace('\n', "\n     "));
        }
    }
    println!();
    Ok(())
}
