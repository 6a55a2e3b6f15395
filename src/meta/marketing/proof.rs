//! What has to be so before a paid message may be sent: the token's permissions and the ad account.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the app needs Advanced Access to (Meta, Marketing Message API for Messenger, 30 June 2026).
const SCOPES: [&str; 2] = ["ads_management", "pages_messaging"];

/// And one of these: the first by the flow with a system user, the second by that with a person
/// (since 5 March 2026).
const ONE_OF: [&str; 2] = ["paid_marketing_messages", "marketing_messages_messenger"];

/// An ad account that can spend (Meta, Marketing API, `account_status`).
const ACTIVE: i64 = 1;

/// Something that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", content = "is", rename_all = "snake_case")]
pub enum Lack {
    /// The Worker has no token for ads.
    NoToken,
    /// The Worker does not know the app's id, so that nobody can ask what the token may.
    NoApp,
    /// Meta did not answer, or not so that it could be read.
    Unanswered(String),
    /// The token is not valid, or another app's.
    BadToken,
    /// It lacks these permissions.
    Scopes(Vec<String>),
    /// The ad account cannot be seen with it.
    NoAccount,
    /// The ad account cannot spend: Meta's number for its state.
    AccountState(i64),
    /// The ad account counts in another currency than shop.toml says.
    Currency(String),
    /// Meta refuses marketing messages to this account, in these words of ours.
    Refused(String),
}

/// What of a token is lacking, by Meta's answer to `debug_token`.
#[must_use]
pub fn of_token(answer: &Value, app: &str) -> Vec<Lack> {
    let data = answer.get("data").unwrap_or(&Value::Null);
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let ours = data.get("app_id").and_then(text).is_some_and(|id| id == app);
    if data.get("is_valid") != Some(&Value::Bool(true)) || !ours {
        return vec![Lack::BadToken];
    }
    let granted = data.get("scopes").and_then(Value::as_array);
    let has =
        |scope: &str| granted.into_iter().flatten().any(|granted| granted.as_str() == Some(scope));
    let mut missing: Vec<String> =
        SCOPES.iter().filter(|scope| !has(scope)).map(|scope| (*scope).to_owned()).collect();
    if !ONE_OF.iter().any(|scope| has(scope)) {
        missing.push(ONE_OF.join(" or "));
    }
    if missing.is_empty() { Vec::new() } else { vec![Lack::Scopes(missing)] }
}

/// What of an ad account is lacking, by Meta's answer about it.
#[must_use]
pub fn of_account(answer: &Value, currency: &str) -> Vec<Lack> {
    let mut lacks = Vec::new();
    match answer.get("account_status").and_then(Value::as_i64) {
        Some(ACTIVE) => {}
        Some(state) => lacks.push(Lack::AccountState(state)),
        None => return vec![Lack::NoAccount],
    }
    match answer.get("currency").and_then(Value::as_str) {
        Some(theirs) if theirs == currency => {}
        theirs => lacks.push(Lack::Currency(theirs.unwrap_or("none").to_owned())),
    }
    lacks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_needs_both_permissions_and_one_of_two() {
        let answer =
            |scopes: &[&str]| json!({"data": {"is_valid": true, "app_id": "4", "scopes": scopes}});
        let all = ["ads_management", "pages_messaging", "marketing_messages_messenger"];
        assert_eq!(of_token(&answer(&all), "4"), []);
        assert_eq!(of_token(&answer(&all), "5"), [Lack::BadToken]);
        assert_eq!(
            of_token(&answer(&all[1..2]), "4"),
            [Lack::Scopes(vec![
                "ads_management".to_owned(),
                "paid_marketing_messages or marketing_messages_messenger".to_owned(),
            ])]
        );
        let dead = json!({"data": {"is_valid": false, "app_id": "4", "scopes": all}});
        assert_eq!(of_token(&dead, "4"), [Lack::BadToken]);
        assert_eq!(of_token(&json!([]), "4"), [Lack::BadToken]);
    }

    #[test]
    fn an_account_must_be_able_to_spend_in_the_currency_that_was_declared() {
        let account =
            |state: i64, currency: &str| json!({"account_status": state, "currency": currency});
        assert_eq!(of_account(&account(1, "TWD"), "TWD"), []);
        assert_eq!(of_account(&account(2, "TWD"), "TWD"), [Lack::AccountState(2)]);
        assert_eq!(of_account(&account(1, "USD"), "TWD"), [Lack::Currency("USD".to_owned())]);
        assert_eq!(of_account(&json!({"id": "act_1"}), "TWD"), [Lack::NoAccount]);
    }
}
