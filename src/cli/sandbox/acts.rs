//! What people (and Meta) do in the sandbox, and the events that follow from it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::events::{Event, Written, put};
use super::graph::marketing::news;
use super::graph::opt_in_card;
use super::world::{Comment, Person, Platform, Token, World};

/// The Page inbox's app id in Meta's handover page.
pub const PAGE_INBOX: u64 = 263_902_037_430_900;
/// The Page inbox's app id as Meta's echo reference prints it.
pub const PAGE_INBOX_AS_PRINTED: u64 = 26_390_203_743_090;

/// What a tap on Get Started brings when the Page has not set a payload.
const GET_STARTED: &str = "GET_STARTED";

/// Something that happens in a thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Act {
    /// The person types.
    Message {
        /// What they type.
        text: String,
        /// The message they reply to.
        #[serde(default)]
        reply_to: Option<String>,
    },
    /// The person taps a quick reply. Without a payload it is looked up by its title in the
    /// Page's last messages.
    QuickReply {
        /// What it says.
        title: String,
        /// What comes back.
        #[serde(default)]
        payload: Option<String>,
    },
    /// The person taps a postback button.
    Postback {
        /// What it says.
        title: String,
        /// What comes back.
        payload: String,
        /// With the ref of the link that opened the thread.
        #[serde(default, rename = "ref")]
        referral: Option<String>,
    },
    /// The person taps Get Started in an empty thread. Brings the ref of the link they followed.
    GetStarted,
    /// The person follows an m.me or ig.me link. An empty Messenger thread keeps the ref for Get
    /// Started.
    Referral {
        /// The link's ref.
        #[serde(rename = "ref")]
        referral: String,
    },
    /// The person taps the button of an opt-in card: the given one, or the newest.
    OptIn {
        /// The card's message id.
        #[serde(default)]
        mid: Option<String>,
    },
    /// The person stops notifications in Messenger's own menu: those of one title, or all.
    StopNotifications {
        /// The card's title.
        #[serde(default)]
        title: Option<String>,
        /// As the documents spell it (with a space) instead of as it is seen on the wire.
        #[serde(default)]
        spelled_with_space: bool,
    },
    /// The person resumes notifications.
    ResumeNotifications {
        /// The card's title.
        #[serde(default)]
        title: Option<String>,
    },
    /// The person reacts to a message: the given one, or the Page's newest.
    React {
        /// The message.
        #[serde(default)]
        mid: Option<String>,
        /// `❤`, `👍`.
        emoji: String,
        /// Takes the reaction back.
        #[serde(default)]
        unreact: bool,
    },
    /// The person has read everything.
    Read,
    /// The person taps something in the newest paid message.
    ClickPaid,
    /// The person edits a message of theirs: the given one, or the newest.
    Edit {
        /// The message.
        #[serde(default)]
        mid: Option<String>,
        /// The new text.
        text: String,
    },
    /// The person takes a message back: the given one, or the newest.
    Unsend {
        /// The message.
        #[serde(default)]
        mid: Option<String>,
    },
    /// The person sends a picture, a voice message, a sticker …
    Attachment {
        /// `image`, `audio`, `video`, `file`, `sticker`, `location`, `like_heart` …
        kind: String,
        /// Where it is.
        #[serde(default)]
        url: Option<String>,
        /// The whole payload, instead of one made of `kind` and `url`.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// The person comments under a post.
    Comment {
        /// What they write.
        text: String,
        /// The post.
        #[serde(default)]
        post_id: Option<String>,
    },
    /// The person comments while a broadcast is on (Instagram).
    LiveComment {
        /// What they write.
        text: String,
        /// The broadcast.
        #[serde(default)]
        post_id: Option<String>,
    },
    /// The person answers another comment.
    AnswerComment {
        /// What they write.
        text: String,
        /// That comment.
        comment_id: String,
    },
    /// The person changes their newest comment: `edited`, `remove`, `hide`, `unhide`.
    ChangeComment {
        /// What is done.
        verb: String,
        /// What it says then.
        #[serde(default)]
        text: Option<String>,
    },
    /// The Page itself comments.
    PageComment {
        /// What it writes.
        text: String,
        /// Under which post.
        #[serde(default)]
        post_id: Option<String>,
    },
    /// The person follows a Click-to-Messenger ad: with words their message brings the ad along,
    /// without them the referral does, or Get Started in an empty thread.
    FromAd {
        /// The ad.
        ad_id: String,
        /// What it carries.
        #[serde(default, rename = "ref")]
        referral: Option<String>,
        /// What they write.
        #[serde(default)]
        text: Option<String>,
        /// The ad's title.
        #[serde(default)]
        title: Option<String>,
    },
    /// A person answers in the Page's inbox.
    HumanReply {
        /// What they type.
        text: String,
        /// With the other of the two app ids Meta's documents name for the inbox.
        #[serde(default)]
        as_printed: bool,
    },
    /// A person takes the thread in the Page's inbox: from then on our app only listens.
    TakeThread,
    /// "Done" in the Page's inbox: the thread is our app's again.
    GiveBack,
    /// Another app answers for the Page.
    AppReply {
        /// What it says.
        text: String,
        /// Its id; none: an echo without `app_id`.
        #[serde(default)]
        app_id: Option<u64>,
    },
    /// Meta's policy enforcement speaks to the Page.
    PolicyEnforcement {
        /// `warning`, `block` or `unblock`.
        action: String,
    },
    /// Any event: `{kind: value}` is put beside sender, recipient and timestamp.
    Other {
        /// The field one has to be subscribed to.
        #[serde(default)]
        field: Option<String>,
        /// What is told.
        event: Value,
    },
}

/// Why something cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No such person.
    #[error("no such person: {0}")]
    NoPerson(String),
    /// No such message.
    #[error("no such message in this thread")]
    NoMessage,
    /// No opt-in card in this thread.
    #[error("no opt-in card in this thread")]
    NoCard,
    /// Nothing was opted in to.
    #[error("this person has given no token")]
    NoToken,
    /// A quick reply that nobody offered.
    #[error("no quick reply says {0:?}")]
    NoQuickReply(String),
}

/// Lets it happen: changes the thread and returns the events that tell of it.
pub(super) fn apply(world: &mut World, psid: &str, act: Act) -> Result<Vec<Event>, ActError> {
    let person =
        world.people.get(psid).cloned().ok_or_else(|| ActError::NoPerson(psid.to_owned()))?;
    let mut scene = Scene { now: world.now(), world, person };
    let events = scene.play(act)?;
    let person = scene.person;
    world.people.insert(person.id.clone(), person);
    Ok(events)
}

/// One person's thread while something happens in it.
struct Scene<'a> {
    world: &'a mut World,
    person: Person,
    now: i64,
}

impl Scene<'_> {
    fn event(&self, field: &'static str, kind: &str, what: Value) -> Vec<Event> {
        vec![Event::from_person(self.world, &self.person, field, self.now, kind, what)]
    }

    /// What the person did opens the standard messaging window.
    fn open_window(&mut self) {
        self.person.opened_at = Some(self.now);
    }

    fn message(&mut self, mut message: Value) -> Vec<Event> {
        let mid = self.world.mid(self.person.platform);
        put(&mut message, "mid", json!(mid));
        self.person.say("person", &mid, self.now, message.clone());
        self.open_window();
        self.event("messages", "message", message)
    }

    fn postback(&mut self, title: String, payload: String, referral: Option<String>) -> Vec<Event> {
        let mid = self.world.mid(self.person.platform);
        let mut postback = json!({"mid": mid, "title": title, "payload": payload});
        if let Some(referral) = referral {
            put(&mut postback, "referral", shortlink(&referral));
        }
        self.person.say("person", &mid, self.now, json!({"mid": mid, "text": title}));
        self.open_window();
        self.event("messaging_postbacks", "postback", postback)
    }

    fn echo(&mut self, from: &'static str, text: &str, app_id: Option<u64>) -> Vec<Event> {
        let mid = self.world.mid(self.person.platform);
        self.person.say(from, &mid, self.now, json!({"mid": mid, "text": text}));
        let mut message = json!({"mid": mid, "text": text, "is_echo": true});
        if let Some(app_id) = app_id {
            put(&mut message, "app_id", json!(app_id));
        }
        vec![Event::echo(self.world, &self.person, self.now, message)]
    }

    fn pick(&self, mid: Option<String>, from: &[&str]) -> Result<String, ActError> {
        let newest = || {
            let bubble = self.person.thread.iter().rev().find(|b| from.contains(&b.from));
            bubble.map(|b| b.mid.clone())
        };
        mid.or_else(newest).ok_or(ActError::NoMessage)
    }

    fn play(&mut self, act: Act) -> Result<Vec<Event>, ActError> {
        Ok(match act {
            Act::Message { text, reply_to } => {
                let mut message = json!({"text": text});
                if let Some(mid) = reply_to {
                    put(&mut message, "reply_to", json!({"mid": mid}));
                }
                self.message(message)
            }
            Act::QuickReply { title, payload } => {
                let payload = match payload {
                    Some(payload) => payload,
                    None => self.offered(&title).ok_or(ActError::NoQuickReply(title.clone()))?,
                };
                self.message(json!({"text": title, "quick_reply": {"payload": payload}}))
            }
            Act::Postback { title, payload, referral } => self.postback(title, payload, referral),
            Act::GetStarted => {
                let profile = self.world.page(&self.person.page).map(|p| p.profile.clone());
                let payload = profile
                    .as_ref()
                    .and_then(|p| p.get("get_started")?.get("payload")?.as_str())
                    .unwrap_or(GET_STARTED)
                    .to_owned();
                let referral = self.person.pending_ref.take();
                self.postback("Get Started".to_owned(), payload, referral)
            }
            Act::Referral { referral } => self.referral(referral),
            Act::OptIn { mid } => self.opt_in(mid)?,
            Act::StopNotifications { title, spelled_with_space } => {
                let status =
                    if spelled_with_space { "STOP NOTIFICATIONS" } else { "STOP_NOTIFICATIONS" };
                self.notifications(title.as_deref(), true, status)?
            }
            Act::ResumeNotifications { title } => {
                self.notifications(title.as_deref(), false, "RESUME_NOTIFICATIONS")?
            }
            Act::React { mid, emoji, unreact } => self.react(mid, &emoji, unreact)?,
            Act::Read => match self.person.platform {
                Platform::Messenger => {
                    self.event("message_reads", "read", json!({"watermark": self.now}))
                }
                Platform::Instagram => {
                    let mid = self.pick(None, &["page", "human", "app"])?;
                    self.event("message_reads", "read", json!({"mid": mid}))
                }
            },
            Act::ClickPaid => {
                let paid = self.world.paid.iter().rev().find(|p| p.person == self.person.id);
                let paid = paid.cloned().ok_or(ActError::NoMessage)?;
                let (settings, app) = (self.world.settings.clone(), self.world.app.clone());
                vec![news(&app, &settings, "marketing_message_clicks", &paid, self.now)]
            }
            Act::Edit { mid, text } => {
                let mid = self.pick(mid, &["person"])?;
                let bubble = self.person.bubble(&mid).ok_or(ActError::NoMessage)?;
                bubble.edits = bubble.edits.saturating_add(1);
                put(&mut bubble.message, "text", json!(text));
                let edit = json!({"mid": mid, "text": text, "num_edit": bubble.edits});
                self.event("message_edits", "message_edit", edit)
            }
            Act::Unsend { mid } => {
                let mid = self.pick(mid, &["person"])?;
                self.person.bubble(&mid).ok_or(ActError::NoMessage)?.deleted = true;
                self.event("messages", "message", json!({"mid": mid, "is_deleted": true}))
            }
            Act::Attachment { kind, url, payload } => {
                let payload = payload.unwrap_or_else(|| match (kind.as_str(), url) {
                    ("sticker", _) => json!({"sticker_id": 369_239_263_222_822_u64}),
                    ("location", _) => json!({"coordinates": {"lat": 54.6872, "long": 25.2797}}),
                    ("like_heart" | "ephemeral", _) => Value::Null,
                    (_, url) => json!({"url": url}),
                });
                let mut attachment = json!({"type": kind});
                if !payload.is_null() {
                    put(&mut attachment, "payload", payload);
                }
                self.message(json!({"attachments": [attachment]}))
            }
            Act::Comment { text, post_id } => {
                vec![self.comment(&text, post_id, None, "add")]
            }
            Act::LiveComment { text, post_id } => {
                let mut event = self.comment(&text, post_id, None, "add");
                put(&mut event.value, "field", json!("live_comments"));
                vec![event]
            }
            Act::AnswerComment { text, comment_id } => {
                vec![self.comment(&text, None, Some(comment_id), "add")]
            }
            Act::ChangeComment { verb, text } => {
                let bubble = self
                    .person
                    .thread
                    .iter()
                    .rev()
                    .find(|b| b.message.get("comment").is_some_and(|is| is == true));
                let bubble = bubble.cloned().ok_or(ActError::NoMessage)?;
                let comment =
                    self.world.comments.get_mut(&bubble.mid).ok_or(ActError::NoMessage)?;
                comment.gone |= verb == "remove";
                let post = comment.post.clone();
                let text = text.or_else(|| Some(bubble.message.get("text")?.as_str()?.to_owned()));
                let written = Written {
                    id: &bubble.mid,
                    post: &post,
                    parent: None,
                    verb: &verb,
                    text: text.as_deref().unwrap_or_default(),
                };
                vec![Event::comment(self.world, &self.person, self.now, &written)]
            }
            Act::PageComment { text, post_id } => {
                let id = format!("{}_{}", self.world.number(), self.world.number());
                let post = post_id.unwrap_or_else(|| format!("{}_1", self.person.page));
                let written =
                    Written { id: &id, post: &post, parent: None, verb: "add", text: &text };
                vec![Event::own_comment(self.world, &self.person, self.now, &written)]
            }
            Act::FromAd { ad_id, referral, text, title } => {
                let mut ad = json!({"source": "ADS", "type": "OPEN_THREAD", "ad_id": ad_id});
                if let Some(referral) = referral {
                    put(&mut ad, "ref", json!(referral));
                }
                let post = format!("{}_1", self.person.page);
                let shown = json!({"ad_title": title, "post_id": post,
                    "photo_url": "https://scontent.example/ad.jpg"});
                put(&mut ad, "ads_context_data", shown);
                let started = self.person.started();
                match text {
                    Some(text) => self.message(json!({"text": text, "referral": ad})),
                    None if started => {
                        self.open_window();
                        self.event("messaging_referrals", "referral", ad)
                    }
                    None => {
                        let title = "Get Started".to_owned();
                        let mut events = self.postback(title, GET_STARTED.to_owned(), None);
                        for event in &mut events {
                            if let Some(postback) = event.value.get_mut("postback") {
                                put(postback, "referral", ad.clone());
                            }
                        }
                        events
                    }
                }
            }
            Act::HumanReply { text, as_printed } => {
                let app = if as_printed { PAGE_INBOX_AS_PRINTED } else { PAGE_INBOX };
                self.echo("human", &text, Some(app))
            }
            Act::TakeThread => {
                let taken = json!({
                    "previous_owner_app_id": null,
                    "new_owner_app_id": PAGE_INBOX.to_string(),
                });
                let told = self.event("messaging_handovers", "take_thread_control", taken);
                self.person.owner = Some(PAGE_INBOX.to_string());
                told
            }
            Act::GiveBack => {
                self.person.owner = None;
                let passed = json!({
                    "previous_owner_app_id": PAGE_INBOX.to_string(),
                    "new_owner_app_id": null,
                });
                self.event("messaging_handovers", "pass_thread_control", passed)
            }
            Act::AppReply { text, app_id } => self.echo("app", &text, app_id),
            Act::PolicyEnforcement { action } => {
                let what = json!({"action": action, "reason": "See the Page's support inbox."});
                let mut events =
                    self.event("messaging_policy_enforcement", "policy_enforcement", what);
                for event in &mut events {
                    if let Some(map) = event.value.as_object_mut() {
                        map.remove("sender");
                    }
                }
                events
            }
            Act::Other { field, event } => {
                let known = super::world::PAGE_FIELDS;
                let field =
                    field.and_then(|f| known.into_iter().find(|k| *k == f)).unwrap_or("messages");
                let mut events = self.event(field, "_", Value::Null);
                for sent in &mut events {
                    if let Some(map) = sent.value.as_object_mut() {
                        map.remove("_");
                    }
                    for (key, value) in event.as_object().into_iter().flatten() {
                        put(&mut sent.value, key, value.clone());
                    }
                }
                events
            }
        })
    }

    /// Writes a comment: under a post, or an answer to another one.
    fn comment(
        &mut self,
        text: &str,
        post_id: Option<String>,
        parent: Option<String>,
        verb: &str,
    ) -> Event {
        let id = format!("{}_{}", self.world.number(), self.world.number());
        let of_parent = parent.as_ref().and_then(|parent| self.world.comments.get(parent));
        let post = post_id
            .or_else(|| of_parent.map(|parent| parent.post.clone()))
            .unwrap_or_else(|| format!("{}_1", self.person.page));
        let (page, person) = (self.person.page.clone(), self.person.id.clone());
        let known = Comment { post: post.clone(), ..Comment::new(page, person, self.now) };
        self.world.comments.insert(id.clone(), known);
        self.person.say("note", &id, self.now, json!({"text": text, "comment": true}));
        let parent = parent.as_deref();
        let written = Written { id: &id, post: &post, parent, verb, text };
        Event::comment(self.world, &self.person, self.now, &written)
    }

    /// The payload of the newest quick reply with this title.
    fn offered(&self, title: &str) -> Option<String> {
        self.person.thread.iter().rev().find_map(|bubble| {
            let replies = bubble.message.get("quick_replies")?.as_array()?;
            let reply = replies.iter().find(|r| r["title"] == title)?;
            Some(reply["payload"].as_str().unwrap_or_default().to_owned())
        })
    }

    fn referral(&mut self, referral: String) -> Vec<Event> {
        if self.person.started() {
            self.open_window();
            return self.event("messaging_referrals", "referral", shortlink(&referral));
        }
        // ig.me refs arrive for existing conversations only; m.me's wait for Get Started.
        if self.person.platform == Platform::Messenger {
            self.person.pending_ref = Some(referral);
        }
        Vec::new()
    }

    fn opt_in(&mut self, mid: Option<String>) -> Result<Vec<Event>, ActError> {
        let is_card = |m: &Value| {
            m.pointer("/attachment/payload/template_type") == Some(&json!("notification_messages"))
        };
        let card = match mid {
            Some(mid) => self.person.thread.iter_mut().find(|b| b.mid == mid),
            None => self.person.thread.iter_mut().rev().find(|b| is_card(&b.message)),
        };
        let card = card.filter(|b| is_card(&b.message)).ok_or(ActError::NoCard)?;
        card.accepted = true;
        let payload = card.message.pointer("/attachment/payload").map(opt_in_card).cloned();
        let text = |key: &str| {
            let text = payload.as_ref().and_then(|p| p.get(key)?.as_str());
            text.unwrap_or_default().to_owned()
        };
        let (title, own_payload) = (text("title"), text("payload"));
        let timezone = text("notification_messages_timezone");
        let word = self.world.number();
        let token = Token {
            token: word.clone(),
            person: self.person.id.clone(),
            page: self.person.page.clone(),
            title: title.clone(),
            payload: own_payload.clone(),
            timezone: timezone.clone(),
            created_at: self.now,
            sent_at: None,
            stopped: false,
        };
        self.world.tokens.retain(|t| t.person != self.person.id || t.title != title);
        self.world.tokens.push(token);
        // Opting in does not open the standard messaging window.
        let optin = json!({
            "type": "notification_messages",
            "payload": own_payload,
            "notification_messages_token": word,
            "notification_messages_timezone": timezone,
            "user_token_status": "NOT_REFRESHED",
            "title": title,
        });
        Ok(self.event("messaging_optins", "optin", optin))
    }

    fn notifications(
        &mut self,
        title: Option<&str>,
        stop: bool,
        status: &str,
    ) -> Result<Vec<Event>, ActError> {
        let mut told = Vec::new();
        for token in &mut self.world.tokens {
            let meant = title.is_none_or(|t| t == token.title);
            if token.person == self.person.id && meant && token.stopped != stop {
                token.stopped = stop;
                told.push(json!({
                    "type": "notification_messages",
                    "payload": token.payload,
                    "notification_messages_token": token.token,
                    "notification_messages_timezone": token.timezone,
                    "user_token_status": "NOT_REFRESHED",
                    "notification_messages_status": status,
                    "title": token.title,
                }));
            }
        }
        if told.is_empty() {
            return Err(ActError::NoToken);
        }
        Ok(told
            .into_iter()
            .flat_map(|optin| self.event("messaging_optins", "optin", optin))
            .collect())
    }

    fn react(
        &mut self,
        mid: Option<String>,
        emoji: &str,
        unreact: bool,
    ) -> Result<Vec<Event>, ActError> {
        let mid = self.pick(mid, &["page", "human", "app"])?;
        let bubble = self.person.bubble(&mid).ok_or(ActError::NoMessage)?;
        bubble.reaction = (!unreact).then(|| emoji.to_owned());
        let reaction = match (emoji, self.person.platform) {
            ("❤" | "❤️", _) => "love",
            ("👍", _) => "like",
            ("👎", Platform::Messenger) => "dislike",
            ("😆", Platform::Messenger) => "smile",
            ("😆", Platform::Instagram) => "laugh",
            ("😮", _) => "wow",
            ("😢", _) => "sad",
            ("😠", _) => "angry",
            _ => "other",
        };
        let what = match (unreact, self.person.platform) {
            (true, Platform::Instagram) => json!({"action": "unreact", "mid": mid}),
            (true, Platform::Messenger) => {
                json!({"reaction": reaction, "emoji": emoji, "action": "unreact", "mid": mid})
            }
            (false, _) => {
                json!({"reaction": reaction, "emoji": emoji, "action": "react", "mid": mid})
            }
        };
        if !unreact {
            self.open_window();
        }
        Ok(self.event("message_reactions", "reaction", what))
    }
}

fn shortlink(referral: &str) -> Value {
    json!({"ref": referral, "source": "SHORTLINK", "type": "OPEN_THREAD"})
}
