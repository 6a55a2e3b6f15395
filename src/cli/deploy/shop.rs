//! The shop and its trained answers, into KV.

use serde_json::Value;

use super::report;
use crate::cli::connect::session::{Failure, Session};
use crate::cli::publish::Bundle;
use crate::shop::kv::{PAGES_KEY, PagesValue, shop_key};

/// Writes the shop, if KV has another one.
///
/// # Errors
/// [`Failure`].
pub(in crate::cli) fn ensure(session: &mut Session<'_>) -> Result<(), Failure> {
    let bundle = Bundle::of(session.shops.clone());
    let version = bundle.shops.first().map(|shop| shop.version.clone()).unwrap_or_default();
    let Some(kv) = session.deployed.as_ref().and_then(|deployed| deployed.kv.clone()) else {
        let why = "the Worker has no KV namespace";
        return Err(Failure::new("the shop was not published", why, session.again.to_string()));
    };
    let state = match there(session, &bundle, &kv)? {
        There::Same => {
            report(session, "shop", "already", &format!("version {version}"));
            return Ok(());
        }
        There::Other => "changed",
        There::Nothing => "done",
    };
    let unwritten = |session: &Session<'_>, why: &dyn std::fmt::Display| {
        Failure::new("the shop was not published", why, session.again.to_string())
    };
    let pairs = bundle.pairs().map_err(|why| unwritten(session, &why))?;
    let count = pairs.len();
    let file = session.cloud.folder().join("values.json");
    std::fs::write(&file, Value::Array(pairs).to_string())
        .map_err(|why| unwritten(session, &why))?;
    let put = session.cloud.kv_put(&kv, &file);
    put.map_err(|refusal| session.refused("the shop was not published", &refusal))?;
    let line = format!("{count} values, version {version}; live within a minute");
    report(session, "shop", state, &line);
    session.shops = bundle.shops;
    Ok(())
}

enum There {
    Same,
    Other,
    Nothing,
}

/// What KV has. The list of Pages is written last: where it is right, the rest was written.
fn there(session: &Session<'_>, bundle: &Bundle, kv: &str) -> Result<There, Failure> {
    let get = |key: &str| {
        let value = session.cloud.kv_get(kv, key);
        value.map_err(|refusal| session.refused("KV was not read", &refusal))
    };
    let Some(pages) = get(PAGES_KEY)? else { return Ok(There::Nothing) };
    let wanted = serde_json::to_value(PagesValue::of(&bundle.shops)).unwrap_or_default();
    if pages != wanted {
        return Ok(There::Other);
    }
    for shop in &bundle.shops {
        let version = get(&shop_key(&shop.page.id))?;
        let version = version.and_then(|value| value.get("version")?.as_str().map(str::to_owned));
        if version.as_deref() != Some(shop.version.as_str()) {
            return Ok(There::Other);
        }
    }
    Ok(There::Same)
}
