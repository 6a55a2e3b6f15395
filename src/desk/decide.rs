//! The front door: (shop, person, event, now) to a [`Decision`]. Pure; nothing here writes.

use std::borrow::Cow;

use super::arrival::{self, Arrived, Came};
use super::coupons::Gift;
use super::handoff::Call;
use super::payload::{OutboxMark, Payload, PrivateMark};
use super::person::{Person, Shown};
use super::precedence::{PRECEDENCE, Step, ask_deletion};
use super::{
    ads, comments, deletion, disclosure, form, friends, language, mark, misses, nudge, sequences,
    words,
};
use crate::entry::friends::FriendRef;
use crate::entry::keys::Keys;
use crate::faq::{Model, Said};
use crate::meta::event::{
    Channel, Echo, Event, EventKind, Lane, MarketingStep, Message, Optin, OptinStatus, Referral,
    ThreadAction, ThreadControl,
};
use crate::meta::fit::fit;
use crate::meta::ids::{
    AppId, DeletionCode, FaqId, FormId, Mid, NotificationToken, PosterCode, Psid, SequenceId,
    TopicId,
};
use crate::meta::policy::{Opener, window_after};
use crate::meta::send::Content;
use crate::shop::doors::CommentRule;
use crate::shop::lookup::TextKey;
use crate::shop::model::{Lang, Shop};
use crate::store::bookings::{Change, Claim};
use crate::store::coupons::Issued;
use crate::store::misses::Miss;
use crate::store::seen;
use crate::time::{HOUR, UnixMs};

/// The Page Inbox, where people answer by hand. Meta prints its app id in two ways (Messenger
/// Platform, message echoes reference and conversation routing page, September 2026).
pub const PAGE_INBOX_APPS: [&str; 2] = ["263902037430900", "26390203743090"];

/// What a decision is made with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The Page's shop.
    pub shop: &'a Shop,
    /// Its trained FAQ; `None` without one, or when it was refused.
    pub faq: Option<&'a Model>,
    /// Opens the refs of posters, and names the tombstones.
    pub keys: &'a Keys,
    /// Our own app, so that its echoes are known.
    pub app: Option<&'a AppId>,
    /// What is taken from now on of what can be booked, as the transaction that decides sees it.
    pub diary: &'a [Claim],
    /// How many codes of each coupon were given, as the transaction that decides sees it.
    pub coupons: &'a [Issued],
    /// What else the deployment brings along.
    pub host: Host<'a>,
}

/// What a deployment brings along. The default is a terminal's: no address, and no chance.
#[derive(Clone, Copy, Default)]
pub struct Host<'a> {
    /// 128 random bits, other ones for each call: what nobody may guess is made from them.
    pub seed: [u8; 16],
    /// The Worker's address, for links to it.
    pub public_url: Option<&'a str>,
    /// Which of the Page's Desks this is.
    pub shard: u32,
    /// How many Desks share the Page's people; 0 or 1: none but this one.
    pub shards: u32,
}

/// Everything an event leads to. Nothing of it has happened yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The person as they are from now on; `None` leaves them as they were.
    pub person: Option<Person>,
    /// What else changes.
    pub effects: Vec<Effect>,
    /// Who answers, and with what.
    pub answer: Option<Answer>,
    /// The question found no answer, and the owner wants to know such questions.
    pub miss: Option<Miss>,
    /// Counted under these names.
    pub counts: Vec<String>,
}

/// The one answer to an inbound event.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Which step of the precedence table gave it.
    pub by: Step,
    /// In this order.
    pub bubbles: Vec<Content>,
}

/// What an event changes besides the person's row.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The person agreed to a topic.
    Grant(Box<Grant>),
    /// The person takes a consent back.
    End {
        /// To which topic.
        topic: TopicId,
        /// When they said so.
        at: UnixMs,
    },
    /// Forget the person, before anything else of this decision is written.
    Erase {
        /// When they confirmed it.
        at: UnixMs,
        /// By what they can ask after it.
        code: DeletionCode,
    },
    /// The person took an answer that was offered for a miss: it was none.
    Taken {
        /// Its number among the misses.
        miss: i64,
    },
    /// Tell the shop that a person is wanted.
    CallPerson(Box<Call>),
    /// The person came in by something that the funnel tells apart.
    Came(Came),
    /// The assistant goes on with this person.
    ComeBack,
    /// Our own message has arrived.
    Echoed {
        /// Its number in the outbox.
        mark: OutboxMark,
        /// Its id at Meta.
        mid: Option<Mid>,
    },
    /// A slot is held, booked, moved or given up.
    Diary(Box<Change>),
    /// The person gets a code of a coupon.
    Coupon(Box<Gift>),
    /// Remind the person of their form then, and not earlier.
    RemindAt {
        /// When, unless they go on before.
        at: UnixMs,
    },
    /// Look at the person then: their window closes soon after.
    NudgeAt {
        /// When.
        at: UnixMs,
    },
    /// Our private reply to a comment has arrived.
    Reached {
        /// Its number in the outbox of the Page's first Desk.
        mark: PrivateMark,
    },
    /// The person has a link for friends.
    Share {
        /// The code in it.
        code: String,
    },
    /// The person came by a friend's link, for the first time ever.
    Brought(FriendRef),
    /// A sequence begins for the person, unless it did before.
    Begin {
        /// Which.
        sequence: SequenceId,
        /// When what begins it happened.
        at: UnixMs,
    },
}

impl Effect {
    fn is_about_a_booking(&self) -> bool {
        match self {
            Self::Diary(_) => true,
            Self::CallPerson(call) => call.slot.is_some(),
            _ => false,
        }
    }
}

/// A consent as it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// To which topic.
    pub topic: TopicId,
    /// `None` when notifications were resumed without a new one.
    pub token: Option<NotificationToken>,
    /// The person's zone.
    pub timezone: Option<String>,
    /// Until when the token is good.
    pub expires_at: Option<UnixMs>,
    /// Meta's legacy frequency.
    pub frequency: Option<String>,
    /// What the person saw.
    pub title: Option<String>,
    /// What brought them.
    pub source: String,
    /// When.
    pub at: UnixMs,
    /// What they were shown when they were asked.
    pub shown: Option<Shown>,
}

/// One event on its way through the precedence table. Steps may change `person` and add
/// effects, and must leave both alone when they do not answer.
pub struct Turn<'a> {
    /// The shop and its keys.
    pub context: Context<'a>,
    /// Where.
    pub channel: Channel,
    /// Who.
    pub id: &'a Psid,
    /// The person with what is already known of this event.
    pub person: Person,
    /// What the event says.
    pub inbound: Inbound<'a>,
    /// The command that the message as a whole is.
    pub command: Option<words::Command>,
    /// When it happened; never after `now`.
    pub at: UnixMs,
    /// Now.
    pub now: UnixMs,
    /// The language to answer in.
    pub lang: Lang,
    /// Whether this event ended 24 hours of silence.
    pub after_silence: bool,
    /// The answers that were offered instead of one.
    pub offered: Vec<FaqId>,
    /// Pictures that came with it.
    pub pictures: u32,
    /// The poster they came in by just now.
    pub arrived: Option<Arrived<'a>>,
    /// The poster they came by with this event, scanned or typed, and not the same one once more.
    pub came_by: Option<PosterCode>,
    /// The form that this event ended.
    pub finished: Option<FormId>,
    /// The rule by which a comment of theirs was answered, when this is their answer.
    pub commented: Option<&'a CommentRule>,
    /// What changes besides the person.
    pub effects: Vec<Effect>,
    /// Counted under these names.
    pub counts: Vec<String>,
}

/// An event that may be answered.
#[derive(Clone, Debug)]
pub enum Inbound<'a> {
    /// Somebody wrote.
    Text(&'a str),
    /// Somebody sent something without words; `true` for a mere thumbs-up or heart.
    Wordless(bool),
    /// Somebody tapped one of our buttons, or Get Started.
    Tap(Option<Payload>),
    /// Somebody came in through a link, a code or an ad.
    Arrival(&'a Referral),
    /// Somebody came in by a plugin on a web site, which says nothing and opens no window.
    Ticked(&'a Referral),
    /// Somebody agreed to a topic.
    OptedIn(TopicId),
    /// Somebody stopped a topic in Meta's own menu.
    OptedOut,
}

/// Decides what one event leads to.
#[must_use]
pub fn decide(
    context: Context<'_>,
    person: Option<Person>,
    event: &Event,
    now: UnixMs,
) -> Decision {
    let counted = |name: &str| Decision { counts: vec![name.to_owned()], ..Decision::default() };
    let Some(id) = &event.person else { return counted(&name_of(&event.kind)) };
    // A webhook cannot open a window into the future.
    let at = event.at.min(now);
    if now.since(at) > seen::KEPT_MS {
        return late(context, person, event, at);
    }
    match (&event.kind, event.lane) {
        (EventKind::Echo(echo), _) => on_echo(context, person, echo, at),
        (_, Lane::Standby) => on_standby(context, person, event, now),
        (_, Lane::Changes) => counted(&name_of(&event.kind)),
        (EventKind::ThreadControl(thread), _) => {
            on_thread(context, (event.channel, id), person, thread, at, now)
        }
        (EventKind::MessageEdit { .. }, _) => {
            // Somebody who makes STOP of an older message means it. What was answered stays.
            let quiet = silent_command(context, person, event, at);
            Decision { counts: vec!["event.edit".to_owned()], ..quiet }
        }
        (EventKind::Message(message), _) => {
            let inbound = inbound_of(context.shop, message);
            answer(context, id, person, inbound, message.referral.as_ref(), event, now)
        }
        (EventKind::Postback(postback), _) => {
            let payload = postback.payload.as_deref().and_then(Payload::parse);
            match &postback.referral {
                // Whoever asks for a person gets one. A question tapped beside a ref that says
                // nothing to us (an ad's, a forged one) is still a question.
                Some(referral) if !outweighs(context, payload.as_ref(), referral, at) => {
                    answer(context, id, person, Inbound::Arrival(referral), None, event, now)
                }
                beside => {
                    let inbound = Inbound::Tap(payload);
                    answer(context, id, person, inbound, beside.as_ref(), event, now)
                }
            }
        }
        (EventKind::Referral(referral), _) => {
            answer(context, id, person, Inbound::Arrival(referral), None, event, now)
        }
        (EventKind::Optin(optin), _) => on_optin(context, id, person, optin, event, now),
        (EventKind::Reaction { added: true, .. }, _) => {
            // A reaction to a message opens the window (Meta's messaging policy, 28 September
            // 2026), but is no message: it neither ends a silence nor wants an answer.
            let mut person = person.unwrap_or_else(|| Person::new(at));
            person.window_until =
                person.window_until.max(Some(at.plus(window(Opener::Reaction, at))));
            Decision { person: Some(person), ..counted("event.reaction") }
        }
        (kind, _) => counted(&name_of(kind)),
    }
}

/// Whether what was tapped says more than the referral beside it.
fn outweighs(
    context: Context<'_>,
    payload: Option<&Payload>,
    referral: &Referral,
    at: UnixMs,
) -> bool {
    match payload {
        None | Some(Payload::GetStarted) => false,
        Some(Payload::Human | Payload::DeleteYes | Payload::DeleteNo | Payload::Resume) => true,
        Some(_) => !arrival::leads_on(context, referral, at),
    }
}

/// What the names of events of an unknown kind begin with; Meta chooses the rest.
pub(super) const UNKNOWN: &str = "event.unknown";

/// The name an event is counted under.
fn name_of(kind: &EventKind) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        EventKind::Message(_) => "event.message",
        EventKind::Echo(_) => "event.echo",
        EventKind::MessageEdit { .. } => "event.edit",
        EventKind::MessageDeleted { .. } => "event.deleted",
        EventKind::Postback(_) => "event.postback",
        EventKind::Referral(_) => "event.referral",
        EventKind::Optin(_) => "event.optin",
        EventKind::Delivery { .. } => "event.delivery",
        EventKind::Read { .. } => "event.read",
        EventKind::Reaction { .. } => "event.reaction",
        EventKind::ThreadControl(_) => "event.thread_control",
        EventKind::AppRoles { .. } => "event.app_roles",
        EventKind::Marketing(news) => match news.step {
            MarketingStep::Echoed => "event.marketing.echoed",
            MarketingStep::Delivered => "event.marketing.delivered",
            MarketingStep::Read => "event.marketing.read",
            MarketingStep::Clicked => "event.marketing.clicked",
            MarketingStep::Failed => "event.marketing.failed",
        },
        EventKind::TemplateStatus => "event.template_status",
        EventKind::PolicyEnforcement { .. } => "event.policy_enforcement",
        EventKind::AccountLinking { .. } => "event.account_linking",
        EventKind::Comment(_) => "event.comment",
        EventKind::FeedChange { .. } => "event.feed",
        EventKind::Unknown { kind } => return Cow::Owned(format!("{UNKNOWN}.{kind}")),
    })
}

fn inbound_of<'m>(shop: &Shop, message: &'m Message) -> Inbound<'m> {
    let slash = message.text.as_deref().and_then(|text| text.trim().strip_prefix('/'));
    if let Some(command) = slash.and_then(|name| shop.command(name)) {
        return Inbound::Tap(Payload::of(&command.action));
    }
    if let Some(payload) = message.quick_reply.as_deref().and_then(Payload::parse) {
        return Inbound::Tap(Some(payload));
    }
    match message.text.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() => Inbound::Text(text),
        _ => Inbound::Wordless(is_mere_approval(message)),
    }
}

/// How many pictures a message brought; stickers are none.
fn pictures(event: &Event) -> u32 {
    use crate::meta::event::AttachmentKind;
    let EventKind::Message(message) = &event.kind else { return 0 };
    let pictures = message.attachments.iter().filter(|attachment| {
        matches!(attachment.kind, AttachmentKind::Image | AttachmentKind::Ephemeral)
            && attachment.sticker_id.is_none()
    });
    u32::try_from(pictures.count()).unwrap_or(u32::MAX)
}

/// A thumbs-up or a heart: nice, and nothing to answer.
fn is_mere_approval(message: &Message) -> bool {
    use crate::meta::event::AttachmentKind;
    const LIKE: &str = "369239263222822";
    message.attachments.iter().all(|attachment| {
        attachment.kind == AttachmentKind::LikeHeart
            || attachment.sticker_id.as_deref() == Some(LIKE)
    }) && !message.attachments.is_empty()
}

fn text_of(event: &Event) -> Option<&str> {
    match &event.kind {
        EventKind::Message(message) => message.text.as_deref(),
        EventKind::MessageEdit { text, .. } => text.as_deref(),
        _ => None,
    }
}

/// What the person tapped, if it is one of our buttons.
fn tap_of(event: &Event) -> Option<Payload> {
    let payload = match &event.kind {
        EventKind::Message(message) => message.quick_reply.as_deref(),
        EventKind::Postback(postback) => postback.payload.as_deref(),
        _ => None,
    };
    payload.and_then(Payload::parse)
}

/// Something delivered so late that its key may be forgotten: STOP and DELETE still count, and
/// nothing is answered.
fn late(context: Context<'_>, person: Option<Person>, event: &Event, at: UnixMs) -> Decision {
    let quiet = silent_command(context, person, event, at);
    Decision { counts: vec!["event.late".to_owned()], ..quiet }
}

/// Another app holds this thread. Its words are not ours to answer, but STOP means stop, and what
/// else was asked of us is remembered for when the thread comes back.
fn on_standby(
    context: Context<'_>,
    person: Option<Person>,
    event: &Event,
    now: UnixMs,
) -> Decision {
    let at = event.at.min(now);
    if let (Some(id), EventKind::Message(message)) = (&event.person, &event.kind)
        && asks_back(context.shop, person.as_ref(), event, now)
    {
        let inbound = inbound_of(context.shop, message);
        return answer(context, id, person, inbound, None, event, now);
    }
    let quiet = silent_command(context, person, event, at);
    let mut counts = vec!["event.standby".to_owned()];
    counts.extend(text_of(event).and_then(|text| words::command(context.shop, text)).map(
        |command| match command {
            words::Command::Stop => "standby.stop".to_owned(),
            words::Command::Delete => "standby.delete".to_owned(),
            words::Command::Human => "standby.human".to_owned(),
        },
    ));
    Decision { counts, ..quiet }
}

/// Whether somebody whom we handed to the inbox wants the assistant back, by the button or its
/// words: then the thread is taken back, and they are answered.
fn asks_back(shop: &Shop, person: Option<&Person>, event: &Event, now: UnixMs) -> bool {
    let Some(person) = person.filter(|p| shop.handoff.pass_thread && p.paused(now)) else {
        return false;
    };
    let title = shop.text(TextKey::ResumeButton, person.lang(shop));
    tap_of(event) == Some(Payload::Resume)
        || text_of(event).is_some_and(|text| Said::new(text).says(title))
}

fn silent_command(
    context: Context<'_>,
    person: Option<Person>,
    event: &Event,
    at: UnixMs,
) -> Decision {
    if let EventKind::Optin(Optin::Notification(optin)) = &event.kind
        && optin.status == OptinStatus::Stopped
        && let Some(topic) =
            topic_of(context.shop, optin.payload.as_deref(), optin.title.as_deref())
    {
        // STOP in Meta's own menu.
        let mut person = person.unwrap_or_else(|| Person::new(at));
        let news = person.say_on_topic(&topic, false, at);
        let effects = if news { ends(vec![topic], at) } else { Vec::new() };
        return Decision { person: Some(person), effects, ..Decision::default() };
    }
    if tap_of(event) == Some(Payload::DeleteYes)
        && let Some(id) = &event.person
        && person.as_ref().is_some_and(|person| person.may_confirm_deletion(at))
    {
        let code = deletion::code(context, id, at);
        return Decision { effects: vec![Effect::Erase { at, code }], ..Decision::default() };
    }
    let Some(command) = text_of(event).and_then(|text| words::command(context.shop, text)) else {
        return Decision::default();
    };
    let mut person = person.unwrap_or_else(|| Person::new(at));
    let effects = match command {
        words::Command::Stop => ends(person.stop_all(at), at),
        // The question can only be asked by somebody who may answer.
        words::Command::Delete => {
            person.delete_asked = person.delete_asked.max(Some(at));
            person.delete_noted = Some(at);
            Vec::new()
        }
        // Whoever holds the thread sees it too.
        words::Command::Human => return Decision::default(),
    };
    Decision { person: Some(person), effects, ..Decision::default() }
}

/// One effect per ended topic.
pub(super) fn ends(topics: Vec<TopicId>, at: UnixMs) -> Vec<Effect> {
    topics.into_iter().map(|topic| Effect::End { topic, at }).collect()
}

fn on_echo(context: Context<'_>, person: Option<Person>, echo: &Echo, at: UnixMs) -> Decision {
    let counted = |name: &str| Decision { counts: vec![name.to_owned()], ..Decision::default() };
    if let Some(mark) = echo.metadata.as_deref().and_then(PrivateMark::parse) {
        return Decision { effects: vec![Effect::Reached { mark }], ..counted("event.echo.own") };
    }
    if let Some(mark) = echo.metadata.as_deref().and_then(OutboxMark::parse) {
        let effects = vec![Effect::Echoed { mark, mid: echo.mid.clone() }];
        return Decision { effects, ..counted("event.echo.own") };
    }
    let Some(app) = &echo.app_id else { return counted("event.echo.other") };
    if context.app == Some(app) {
        return counted("event.echo.own");
    }
    if !PAGE_INBOX_APPS.contains(&app.0.as_str()) {
        return counted("event.echo.other");
    }
    let mut person = person.unwrap_or_else(|| Person::new(at));
    let sign = context.shop.handoff.resume_sign.as_deref();
    let text = echo.text.as_deref().unwrap_or_default().trim_end();
    if sign.is_some_and(|sign| text.ends_with(sign)) {
        person.paused_until = person.paused_until.map(|until| until.min(at));
        let effects = vec![Effect::ComeBack];
        return Decision { person: Some(person), effects, ..counted("event.echo.resume") };
    }
    pause(context, &mut person, at);
    Decision { person: Some(person), ..counted("event.echo.person") }
}

fn pause(context: Context<'_>, person: &mut Person, at: UnixMs) {
    let hours = i64::from(context.shop.assistant.pause_hours);
    person.paused_until = person.paused_until.max(Some(at.plus(hours.saturating_mul(HOUR))));
}

/// A thread changed hands (Meta, Conversation routing, September 2025). "Done" in the Page's inbox
/// gives it back to us, or to nobody, and we are the default.
fn on_thread(
    context: Context<'_>,
    who: (Channel, &Psid),
    person: Option<Person>,
    thread: &ThreadControl,
    at: UnixMs,
    now: UnixMs,
) -> Decision {
    let counted = |name: &str| Decision { counts: vec![name.to_owned()], ..Decision::default() };
    let is_inbox =
        |app: &Option<AppId>| app.as_ref().is_some_and(|a| PAGE_INBOX_APPS.contains(&a.0.as_str()));
    let is_ours = thread.new_owner.is_some() && thread.new_owner.as_ref() == context.app;
    let given_back = thread.action == ThreadAction::Pass
        && is_inbox(&thread.previous_owner)
        && (is_ours || thread.new_owner.is_none());
    if given_back {
        let Some(mut person) = person.filter(|person| person.paused(now)) else {
            return counted("event.thread_control");
        };
        person.paused_until = Some(at);
        let mut decision = thread_is_back(context, who, person, now);
        decision.counts.push("event.thread_control.back".to_owned());
        return decision;
    }
    let taken = thread.action == ThreadAction::Take && is_inbox(&thread.new_owner);
    if taken {
        let mut person = person.unwrap_or_else(|| Person::new(at));
        pause(context, &mut person, at);
        return Decision { person: Some(person), ..counted("event.thread_control.person") };
    }
    counted("event.thread_control")
}

/// The assistant may speak again. Whoever asked to be forgotten meanwhile is asked, once, whether
/// they mean it.
pub(super) fn thread_is_back(
    context: Context<'_>,
    (channel, id): (Channel, &Psid),
    person: Person,
    now: UnixMs,
) -> Decision {
    if person.delete_noted.is_none() || !person.window_open(now) || person.paused(now) {
        return Decision { person: Some(person), ..Decision::default() };
    }
    let lang = person.lang(context.shop).clone();
    let mut turn = Turn {
        context,
        channel,
        id,
        person,
        inbound: Inbound::Wordless(true),
        command: None,
        at: now,
        now,
        lang,
        after_silence: false,
        offered: Vec::new(),
        pictures: 0,
        arrived: None,
        came_by: None,
        finished: None,
        commented: None,
        effects: Vec::new(),
        counts: Vec::new(),
    };
    let bubbles = ask_deletion(&mut turn);
    let answer = Some(Answer { by: Step::Delete, bubbles });
    Decision { person: Some(turn.person), answer, counts: turn.counts, ..Decision::default() }
}

fn on_optin(
    context: Context<'_>,
    id: &Psid,
    person: Option<Person>,
    optin: &Optin,
    event: &Event,
    now: UnixMs,
) -> Decision {
    if let Optin::Plugin { ref_: Some(ref_), .. } = optin {
        let referral = Referral { ref_: Some(ref_.clone()), ..Referral::default() };
        return answer(context, id, person, Inbound::Ticked(&referral), None, event, now);
    }
    let Optin::Notification(optin) = optin else {
        let counts = vec!["event.optin.other".to_owned()];
        return Decision { counts, ..Decision::default() };
    };
    let at = event.at.min(now);
    let topic = topic_of(context.shop, optin.payload.as_deref(), optin.title.as_deref());
    let Some(topic) = topic else { return Decision::default() };
    let mut known = person.unwrap_or_else(|| Person::new(at));
    let active = optin.status != OptinStatus::Stopped;
    if !known.say_on_topic(&topic, active, at) {
        let counts = vec!["event.optin.outdated".to_owned()];
        return Decision { person: Some(known), counts, ..Decision::default() };
    }
    let carried = optin
        .ref_
        .as_ref()
        .map(|ref_| Referral { ref_: Some(ref_.clone()), ..Referral::default() });
    let carried = carried.as_ref().filter(|_| active);
    let (effect, inbound) = if active {
        let source = arrival::credited(context, &known, carried, at);
        let grant = Grant {
            topic: topic.clone(),
            token: optin.token.clone(),
            timezone: optin.timezone.clone(),
            expires_at: optin.expires_at,
            frequency: optin.frequency.clone(),
            title: optin.title.clone(),
            source,
            at,
            shown: known.asked_by(&topic),
        };
        (Effect::Grant(Box::new(grant)), Inbound::OptedIn(topic))
    } else {
        (Effect::End { topic, at }, Inbound::OptedOut)
    };
    let mut decision = answer(context, id, Some(known), inbound, carried, event, now);
    decision.effects.insert(0, effect);
    decision
}

/// The topic an opt-in is about: what our request carried, else the topic with the title the
/// person saw, else what the payload says. A consent is never dropped for want of a topic.
fn topic_of(shop: &Shop, payload: Option<&str>, title: Option<&str>) -> Option<TopicId> {
    if let Some(Payload::OptIn(topic) | Payload::Topic(topic)) = payload.and_then(Payload::parse) {
        return Some(topic);
    }
    let titled = |title: &str| {
        shop.topics.iter().find(|topic| topic.title.0.values().any(|known| known == title))
    };
    if let Some(topic) = title.and_then(titled) {
        return Some(topic.id.clone());
    }
    let other = payload.and_then(|payload| TopicId::new(payload).ok());
    other.or_else(|| TopicId::new("unnamed").ok())
}

fn answer<'a>(
    context: Context<'a>,
    id: &'a Psid,
    person: Option<Person>,
    inbound: Inbound<'a>,
    referral: Option<&'a Referral>,
    event: &'a Event,
    now: UnixMs,
) -> Decision {
    let at = event.at.min(now);
    let spoke = person.as_ref().and_then(|person| person.last_inbound);
    let mut person = person.unwrap_or_else(|| Person::new(at));
    let after_silence =
        person.last_inbound.is_none_or(|last| at.since(last) >= super::person::SILENCE_MS);
    if let Some(opener) = opener(&inbound) {
        let came_by = match inbound {
            Inbound::Arrival(referral) => Some(referral),
            _ => referral,
        };
        let opener = ads::opener(&mut person, opener, came_by, at);
        person.touch(at, window(opener, at));
    }
    let had = person.tags.clone();
    let (command, spoken) = match &inbound {
        Inbound::Text(text) => {
            (words::command(context.shop, text), language::spoken_in(context.shop, text))
        }
        _ => (None, None),
    };
    if let Some(lang) = &spoken {
        person.language = Some(lang.clone());
    }
    let lang = person.lang(context.shop).clone();
    let mut turn = Turn {
        context,
        channel: event.channel,
        id,
        person,
        inbound,
        command,
        at,
        now,
        lang,
        after_silence,
        offered: Vec::new(),
        pictures: pictures(event),
        arrived: None,
        came_by: None,
        finished: None,
        commented: None,
        effects: Vec::new(),
        counts: vec![name_of(&event.kind).into_owned()],
    };
    arrival::note(&mut turn, referral, spoke);
    comments::answered(&mut turn, referral, spoke);
    if let Some(left) = mark::left_by(context.shop, event) {
        form::leave(&mut turn.person, left);
    }
    misses::settle(&mut turn);
    let before = turn.person.clone();
    let mut answered = None;
    for (step, answer) in PRECEDENCE {
        if let Some(mut bubbles) = answer(&mut turn) {
            form::after(&mut turn, *step, &before.forms, &mut bubbles);
            answered = Some((*step, bubbles));
            break;
        }
    }
    if let Some((by, bubbles)) = &mut answered {
        if by.understands() && turn.offered.is_empty() {
            turn.person.misses = 0;
            turn.person.offered_at = None;
        }
        disclosure::add(&mut turn, &before, *by, bubbles);
        friends::tell_held(&mut turn, *by, bubbles);
    }
    let noted = turn.person.delete_noted.is_some() && !turn.person.paused(now);
    if noted && answered.as_ref().is_none_or(|(by, _)| *by != Step::Delete) {
        let asked = ask_deletion(&mut turn);
        match &mut answered {
            Some((_, bubbles)) => bubbles.extend(asked),
            None => answered = Some((Step::Delete, asked)),
        }
    }
    let channel = event.channel;
    let mut miss = misses::of(&turn, answered.as_ref().map(|(by, _)| *by));
    let answer = answered.and_then(|(by, bubbles)| {
        turn.counts.push(format!("answer.{by}"));
        let bubbles: Vec<Content> = bubbles.into_iter().flat_map(|b| fit(b, channel)).collect();
        if bubbles.is_empty() {
            return None;
        }
        if !turn.person.window_open(now) {
            turn.counts.push("answer.window_closed".to_owned());
            return None;
        }
        let muted = match channel {
            crate::meta::event::Channel::Messenger => !context.shop.assistant.messenger,
            crate::meta::event::Channel::Instagram => !context.shop.assistant.instagram,
        };
        if muted {
            turn.counts.push("answer.channel_off".to_owned());
            miss = None;
            return None;
        }
        Some(Answer { by, bubbles })
    });
    if answer.is_none() {
        // What was not said was not asked and not told.
        turn.person.asked = before.asked;
        turn.person.shown = before.shown;
        turn.person.away_told = before.away_told;
        turn.person.fallback_at = before.fallback_at;
        turn.person.disclosed_at = before.disclosed_at;
        turn.person.offered_at = before.offered_at;
        turn.person.delete_noted = before.delete_noted;
        turn.person.friends_untold = before.friends_untold;
        // Nor was a code told that nobody has read.
        turn.person.coupons = before.coupons;
        turn.effects.retain(|effect| !matches!(effect, Effect::Coupon(_)));
        if turn.effects.iter().any(|effect| matches!(effect, Effect::Diary(_))) {
            // Nor was it booked: nobody would know of it.
            turn.person.forms = before.forms;
            turn.person.fields = before.fields;
            turn.effects.retain(|effect| !effect.is_about_a_booking());
        }
    }
    let erased = turn.effects.iter().any(|effect| matches!(effect, Effect::Erase { .. }));
    if !erased {
        sequences::begin(&mut turn, &had);
        nudge::look_later(&mut turn);
    }
    Decision {
        person: (!erased).then_some(turn.person),
        effects: turn.effects,
        answer,
        miss,
        counts: turn.counts,
    }
}

/// What of a person's doing opens the window. Opting in does not.
fn opener(inbound: &Inbound<'_>) -> Option<Opener> {
    match inbound {
        Inbound::Text(_) | Inbound::Wordless(_) => Some(Opener::Message),
        Inbound::Tap(_) => Some(Opener::Postback),
        Inbound::Arrival(_) => Some(Opener::Referral),
        Inbound::Ticked(_) | Inbound::OptedIn(_) | Inbound::OptedOut => None,
    }
}

/// How long the window stays open, in ms, by the rule of that day.
fn window(opener: Opener, at: UnixMs) -> i64 {
    window_after(opener, at.utc_date())
}
