//! Utility templates: hands them in at Meta, and asks how they stand.

use serde_json::{Value, json};

use super::{Inner, Name, now};
use crate::entry::links::encoded;
use crate::meta::graph_error::{Reply, Verdict, judge};
use crate::meta::template::{self, Kept};
use crate::outreach::notice;
use crate::shop::model::Shop;
use crate::store::templates;
use crate::worker::config::Config;
use crate::worker::graph;

/// Pages of templates that are read at once: five hundred templates.
const MOST_PAGES: u32 = 5;

/// Asks Meta how the templates stand, when it is time to.
///
/// # Errors
/// What the tables or Meta say. It is asked again on the next day, or when Meta says that
/// something has changed.
pub async fn keep(desk: &Inner, name: &Name, shop: &Shop) -> Result<(), String> {
    if !notice::wants_look(&desk.sql, shop, now()).map_err(|e| e.to_string())? {
        return Ok(());
    }
    look(desk, name).await
}

/// Asks Meta how the templates stand.
///
/// # Errors
/// As [`keep`].
pub async fn look(desk: &Inner, name: &Name) -> Result<(), String> {
    notice::looked(&desk.sql, now()).map_err(|e| e.to_string())?;
    let config = Config::of(&desk.env)?;
    let token = config.page_token(&desk.env, &name.page)?;
    let path = format!("{}/message_templates", name.page);
    let fields =
        format!("&fields=name,language,status,category,rejected_reason&limit={}", template::PAGE);
    let mut all: Vec<Kept> = Vec::new();
    let mut after = String::new();
    for _ in 0..MOST_PAGES {
        let query = format!("{fields}{after}");
        let (status, text) = graph::exchange_json(&config, &path, &query, &token, None).await?;
        let Some((some, next)) = template::kept(&text).filter(|_| status == 200) else {
            return Err(format!("Meta does not tell of the templates: {}", why(status, &text)));
        };
        all.extend(some);
        match next {
            Some(next) => after = format!("&after={}", encoded(&next)),
            None => break,
        }
    }
    templates::replace(&desk.sql, &all).map_err(|e| e.to_string())
}

/// Hands in what Meta has not seen yet, and tells how all of them stand.
///
/// # Errors
/// As [`keep`].
pub async fn hand_in(desk: &Inner, name: &Name, shop: &Shop) -> Result<Value, String> {
    look(desk, name).await?;
    let config = Config::of(&desk.env)?;
    let token = config.page_token(&desk.env, &name.page)?;
    let path = format!("{}/message_templates", name.page);
    let stand = notice::stand(&desk.sql, shop).map_err(|e| e.to_string())?;
    let mut refused = Vec::new();
    for one in stand.iter().filter(|one| one.status.is_none()) {
        let Some(template) = shop.template(&one.template) else { continue };
        let Some((lang, text)) = template
            .text
            .0
            .iter()
            .find(|(lang, _)| template::language(&lang.0) == one.language)
            .and_then(|(_, text)| {
                let at_meta = template.texts_at_meta().find(|(tag, _)| *tag == one.language)?;
                Some((at_meta, text))
            })
        else {
            continue;
        };
        let (language, at_meta) = lang;
        let body = template::create(&one.name, &language, &at_meta, &template.examples(text));
        let (status, answer) =
            graph::exchange_json(&config, &path, "", &token, Some(&body)).await?;
        match template::handed_in(&answer).filter(|_| (200..300).contains(&status)) {
            Some((status, category)) => {
                let kept =
                    Kept { name: one.name.clone(), language, status, category, reason: None };
                templates::save(&desk.sql, &kept).map_err(|e| e.to_string())?;
            }
            None => refused.push(json!({
                "template": one.template,
                "language": one.language,
                "says": why(status, &answer),
            })),
        }
    }
    let stand = notice::stand(&desk.sql, shop).map_err(|e| e.to_string())?;
    Ok(json!({ "templates": stand, "refused": refused }))
}

/// How the templates stand.
///
/// # Errors
/// What the tables say.
pub fn status(desk: &Inner, shop: &Shop) -> Result<Value, String> {
    let stand = notice::stand(&desk.sql, shop).map_err(|e| e.to_string())?;
    Ok(json!({ "templates": stand, "refused": [] }))
}

fn why(status: u16, text: &str) -> String {
    match judge(&Reply { status, retry_after_s: None, body: text.as_bytes() }) {
        Verdict::Failed(failure) => match (failure.code, failure.subcode) {
            (Some(code), Some(subcode)) => {
                format!("{} (Meta's error {code}/{subcode})", failure.says())
            }
            (Some(code), None) => format!("{} (Meta's error {code})", failure.says()),
            _ => failure.says().to_owned(),
        },
        Verdict::Sent { .. } => format!("it answers {status} and nothing that is known"),
    }
}
