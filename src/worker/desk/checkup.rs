//! Looks whether all is there that the shop needs: fetches what the round wants next and hands it
//! to `desk::checkup`. Only the first Desk of a Page looks.

use std::rc::Rc;

use serde_json::json;

use super::{Inner, Name, now};
use crate::desk::checkup::round::{self, Answer, Need, Setting};
use crate::desk::layout::REGISTRAR;
use crate::entry::links::encoded;
use crate::meta::ids::AppId;
use crate::worker::config::Config;
use crate::worker::graph;

/// Makes the next step of the look that is on, or begins the one whose time has come. One at a
/// time: two would ask Meta the same.
///
/// # Errors
/// What the tables say, or why there is no shop. The timer comes again.
pub async fn go_on(desk: &Rc<Inner>) -> Result<(), String> {
    if desk.checking.replace(true) {
        return Ok(());
    }
    let made = step(desk).await;
    desk.checking.set(false);
    made
}

async fn step(desk: &Inner) -> Result<(), String> {
    let name = desk.name()?;
    if name.shard != REGISTRAR {
        return Ok(());
    }
    let due = round::due(&desk.sql, now()).map_err(|error| error.to_string())?;
    let Some(mut round) = due else { return Ok(()) };
    let published = desk.shop(&name.page).await.map_err(|error| error.to_string())?;
    let config = Config::of(&desk.env)?;
    let setting = Setting {
        shop: &published.shop,
        app: config.app_id.as_ref().map(|app| app.0.as_str()),
        graph_version: &config.graph_version,
        keys: config.key_facts,
    };
    let answer = match ask(desk, &config, &name, &round.need(&published.shop)).await {
        Ok((status, body)) => Answer::of(status, &body),
        Err(why) => Answer::Nothing(why),
    };
    let over = round::take(&desk.sql, &setting, &mut round, answer, now());
    if over.map_err(|error| error.to_string())? {
        // Not only with the next tick: that the tick is silent may be what was found.
        desk.watch(&name, &published).await?;
    }
    Ok(())
}

/// One request to Graph. Nothing that it may say of a failure holds a token.
async fn ask(
    desk: &Inner,
    config: &Config,
    name: &Name,
    need: &Need,
) -> Result<(u16, String), String> {
    let page = &name.page;
    let token = config.page_token(&desk.env, page)?;
    match need {
        Need::Token => {
            let app: &AppId = config.app_id.as_ref().ok_or("APP_ID is not set")?;
            let query = format!("&input_token={}", encoded(&token));
            let app_token = config.app_secret.app_token(app);
            graph::exchange_json(config, "debug_token", &query, &app_token, None).await
        }
        Need::Page(fields) => {
            let query = format!("&fields={fields}");
            graph::exchange_json(config, page.as_str(), &query, &token, None).await
        }
        Need::Subscription => {
            let path = format!("{page}/subscribed_apps");
            graph::exchange_json(config, &path, "", &token, None).await
        }
        Need::Subscribe(fields) => {
            let path = format!("{page}/subscribed_apps");
            let body = json!({ "subscribed_fields": fields }).to_string();
            graph::exchange_json(config, &path, "", &token, Some(&body)).await
        }
    }
}
