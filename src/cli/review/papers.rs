//! The files of the kit, as Markdown, in English: reviewers read that.

use std::fmt::Write as _;

use super::all_week;
use super::permissions::{Need, Permission, permissions};
use super::steps::{Do, Step, reviewers_language, steps};
use crate::cli::publish::Bundle;
use crate::cli::sim::ground::GroundError;
use crate::desk::data_map::kept_of_people;
use crate::entry::privacy::{commands, in_english};
use crate::shop::model::Shop;
use crate::time::UnixMs;

/// A file.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Its name.
    pub name: &'static str,
    /// What stands in it.
    pub text: String,
}

/// Everything, for the first Page of a shop.
///
/// # Errors
/// [`GroundError`] when the shop cannot be used.
pub fn papers(bundle: &Bundle, url: &str, now: UnixMs) -> Result<Vec<Paper>, GroundError> {
    let Some(shop) = bundle.shops.first() else { return Ok(Vec::new()) };
    let steps = steps(bundle, &all_week(shop, now))?;
    let asked = permissions(shop);
    Ok(vec![
        Paper { name: "README.md", text: readme(shop, &asked, url) },
        Paper { name: "permissions.md", text: texts(&asked) },
        Paper { name: "screencast.md", text: screencast(shop, &asked, &steps, url) },
        Paper { name: "reviewer.md", text: reviewer(shop, &steps, url) },
        Paper { name: "data-handling.md", text: data_handling(shop, url) },
    ])
}

fn readme(shop: &Shop, asked: &[Permission], url: &str) -> String {
    let mut text = format!(
        "# App review for {}\n\n\
         ## Is a review needed?\n\n\
         - **No**, while only people with a role on the app (App dashboard > App roles) write to the \
         Page: trying everything out, with your own account and your staff's as testers. Permissions \
         work at Standard Access then, and nothing has to be handed in.\n\
         - **Yes**, before customers are answered. They have no role on the app, so `pages_messaging` and \
         the others below need Advanced Access; until then their messages do not even arrive.\n\
         - That the Page is your own does not change it: what counts is who writes. (Meta, \"App \
         Review\" and \"Access Levels\", read in November 2026. The dashboard may also ask for \
         verification of your business.)\n\n\
         ## What to ask for\n\n| permission | | what it is for |\n|---|---|---|\n",
        shop.name
    );
    for permission in asked {
        let need = match permission.need {
            Need::Needed => "**ask for it**",
            Need::Wished => "if you want it",
            Need::NotNeeded => "do not ask",
        };
        let _ = writeln!(text, "| `{}` | {need} | {} |", permission.name, permission.why);
    }
    text.push_str(
        "\nAsk for nothing that you do not need: it is a common reason to be refused. Each one is tested, \
         and one that cannot be tested is refused.\n",
    );
    if !shop.topics.is_empty() {
        text.push_str(
            "\nThe cards that ask for consent to notifications need no permission that Meta's documents \
             name. Whether an app that is new in 2026 may still send them, they do not say: try one with \
             a tester before you film.\n",
        );
    }
    let _ = write!(
        text,
        "\n## Before you hand it in\n\n\
         1. The Worker is deployed, the shop is published, `shopbell doctor` is content.\n\
         2. App dashboard > Settings > Basic: privacy policy `{url}/privacy`; data deletion, as a \
         callback: `{url}/meta/deletion`. Deauthorize callback: `{url}/meta/deauthorize`. Open the first \
         one yourself.\n\
         3. Every step of [reviewer.md](reviewer.md) works with a tester's account. They were played on \
         this computer when they were written; write them anew after a change of shop.toml.\n\
         4. The film: [screencast.md](screencast.md). One take, in English or with captions.\n\
         5. Paste the texts of [permissions.md](permissions.md) and [reviewer.md](reviewer.md), and answer \
         the questions on data with [data-handling.md](data-handling.md). What stands there in brackets \
         only you can say.\n"
    );
    text
}

fn texts(asked: &[Permission]) -> String {
    let mut text =
        String::from("# Texts for the form\n\nOne for each permission: how the app uses it.\n");
    for need in [Need::Needed, Need::Wished] {
        for permission in asked.iter().filter(|permission| permission.need == need) {
            let wished = if need == Need::Wished { " (if you ask for it)" } else { "" };
            let _ = write!(text, "\n## `{}`{wished}\n\n{}\n", permission.name, permission.text);
        }
    }
    text
}

/// What is done, in words.
fn told(step: &Step, url: &str) -> String {
    match &step.doing {
        Do::Start => "Tap **Get Started**.".to_owned(),
        Do::Write(text) => format!("Write: `{text}`"),
        Do::Tap(title) => format!("Tap **{title}** under the answer."),
        Do::Open(code) => format!("Open {url}/q/{code} on the same phone, and go on to Messenger."),
        Do::Agree => "Tap the button of the card.".to_owned(),
    }
}

fn shows(id: &str) -> &'static str {
    match id {
        "start" => "What people see first, and that an assistant answers.",
        "question" => "A question of a customer, answered at once.",
        "topic" => "A card asks for consent to a topic; nobody is sent anything without it.",
        "agree" => "Consent, which the person gives.",
        "stop" => "STOP ends all notifications.",
        "delete" => "Everything about the person is deleted, when they have confirmed it.",
        "human" => {
            "A person takes over. The answer says when somebody is there, and from then on the assistant \
             is silent."
        }
        _ => "",
    }
}

fn answers(text: &mut String, step: &Step) {
    if step.answer.is_empty() {
        return;
    }
    for bubble in &step.answer {
        for line in bubble.lines() {
            let _ = writeln!(text, "   > {line}");
        }
        text.push_str("   >\n");
    }
    // No empty line of a quotation at the end.
    let end = text.trim_end_matches(['>', ' ', '\n']).len();
    text.truncate(end);
    text.push('\n');
}

fn link(shop: &Shop) -> String {
    format!("https://m.me/{}", shop.page.username)
}

fn reviewer(shop: &Shop, steps: &[Step], url: &str) -> String {
    let lang = reviewers_language(shop);
    let mut text = format!(
        "# Instructions for the reviewer\n\n\
         The app answers messages to the Page {} ({}). There is no log-in and nothing to install: write \
         to the Page as any customer would, in a thread that has no messages yet.\n\n",
        shop.name,
        link(shop)
    );
    if !lang.primary().eq_ignore_ascii_case("en") {
        text.push_str(
            "The shop does not speak English. Please copy the words to write exactly as they stand \
             here; the answers come as they stand here.\n\n",
        );
    }
    for (n, step) in (1_usize..).zip(steps) {
        let _ = write!(text, "{n}. {} {}\n\n", told(step, url), shows(step.id));
        answers(&mut text, step);
        text.push('\n');
    }
    let instagram = shop.assistant.instagram && shop.page.instagram_id.is_some();
    if instagram && let Some(name) = &shop.page.instagram_username {
        let _ = write!(
            text,
            "On Instagram (https://ig.me/m/{name}) the questions are answered in the same way, and so \
             are STOP, a wish for a person and a wish for deletion. There are no notifications there.\n\n"
        );
    }
    text.push_str(
        "What stands under a step came on every day of a week, and by night, when it was tried. Outside \
         opening hours a message that says so may come with it, and the first message after a day of \
         silence may be greeted, by name where Meta tells it. The privacy notice: ",
    );
    let _ = writeln!(text, "{url}/privacy");
    text
}

fn screencast(shop: &Shop, asked: &[Permission], steps: &[Step], url: &str) -> String {
    let mut text = format!(
        "# Script for the film\n\n\
         A phone with Messenger, an account without a thread with {}, the screen recorded with all taps \
         visible; the app's language English, or captions. Two minutes are enough. Say or caption what \
         stands beside each step.\n\n\
         1. Show the Page of {} and open {}. Caption: \"A customer writes to the shop.\"\n",
        shop.name,
        shop.name,
        link(shop)
    );
    let mut n = 1_usize;
    for step in steps {
        n = n.saturating_add(1);
        let names: Vec<String> = asked
            .iter()
            .filter(|permission| {
                permission.need != Need::NotNeeded && permission.shown_by == step.id
            })
            .map(|permission| format!("`{}`", permission.name))
            .collect();
        let shown = if names.is_empty() {
            String::new()
        } else {
            format!(" This shows {}.", names.join(", "))
        };
        let _ = writeln!(
            text,
            "{n}. {} {}{shown} Wait for the answer.",
            told(step, url),
            shows(step.id)
        );
    }
    let mut more = |line: String| {
        n = n.saturating_add(1);
        let _ = writeln!(text, "{n}. {line}");
    };
    more(
        "On a computer: the Page's inbox, where the same thread stands; a person types an answer, and the \
         assistant stays silent. If you ask for `Human Agent`, say that it is for this."
            .to_owned(),
    );
    if asked.iter().any(|p| p.shown_by == "instagram" && p.need == Need::Needed) {
        more(
            "The same question on Instagram, with its answer. This shows `instagram_basic` and \
             `instagram_manage_messages`."
                .to_owned(),
        );
    }
    if asked.iter().any(|p| p.shown_by == "comment" && p.need == Need::Needed) {
        more(
            "With a second account, comment under a post with a word that a rule fits \
             (`[[comment]]` in shop.toml): the private reply arrives, and the answer under the post. \
             This shows the permissions for comments."
                .to_owned(),
        );
    }
    if asked.iter().any(|p| p.shown_by == "template" && p.need == Need::Needed) {
        more(
            "A message by an approved template arrives (`shopbell template` shows that it is approved): \
             this shows `page_utility_messaging`."
                .to_owned(),
        );
    }
    more(format!("The privacy notice {url}/privacy, scrolled to its end."));
    text
}

fn data_handling(shop: &Shop, url: &str) -> String {
    let [stop, _, delete] = commands(shop, &reviewers_language(shop));
    let privacy = shop.privacy.as_ref();
    let controller = privacy.map_or("[who answers for the data]", |p| p.controller.as_str());
    let contact = privacy.map_or("[where people can ask]", |p| p.contact.as_str());
    let mut text = format!(
        "# Answers on data handling\n\n\
         From the data map (docs/data-map.md) and this shop.toml. What stands in brackets only you can \
         say.\n\n\
         **Who is responsible?** {controller}, {contact}. [Country.]\n\n\
         **What data do you get from Meta, what for, and how long is it kept?**\n\n\
         | what and why | how long |\n|---|---|\n"
    );
    for (says, how_long) in in_english(shop, &kept_of_people(shop)) {
        let _ = writeln!(text, "| {says} | {how_long} |");
    }
    text.push_str(
        "\nMessages are read, answered and not kept as a history.\n\n\
         **Where is it?** In our own Cloudflare account: Workers KV and the SQLite of Durable Objects.\n\n\
         **Who processes it for you?** Cloudflare, Inc. (hosting).",
    );
    let server = shop.handoff.webhook.is_some() || shop.agents.iter().any(|a| a.webhook.is_some());
    if server {
        text.push_str(
            " Our own server is told when somebody asks for a person or finishes a form.",
        );
    }
    if shop.marketing.is_some() {
        text.push_str(" Paid messages are delivered by Meta.");
    }
    let _ = write!(
        text,
        " Nobody else.\n\n\
         **Do you share or sell it, or train models with it?** No.\n\n\
         **How do people have it deleted?** They write {delete} in the chat and confirm it; or Meta's data \
         deletion callback, {url}/meta/deletion; or they ask us. Each gives a code and a page, \
         {url}/deletion/CODE, that says when it is done. What stays is a keyed hash, so that nothing older \
         brings the person back.\n\n\
         **How do people end notifications?** They write {stop}, or use Messenger's own menu.\n\n\
         **How is it protected?** Webhooks are accepted with Meta's signature only; calls to the Graph API \
         carry appsecret_proof; what the owner may ask needs a secret of 32 characters or more; secrets lie \
         in Cloudflare's secret store; words, names and tokens are not logged.\n\n\
         **Who of you can see it?** [Everybody who has the Cloudflare account or ADMIN_TOKEN. Name them.]\n\n\
         **Have public authorities asked for data in the last twelve months?** [Only you know.]\n\n\
         **What do you do when one does?** [Say whether you look if the request is lawful, object where it \
         is not, give as little as possible, and write it down.]\n\n\
         **The notice for customers:** {url}/privacy\n"
    );
    text
}
