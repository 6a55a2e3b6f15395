//! JSON: named lists of rows, or one list.

use serde_json::Value;

use super::{LABEL, Labelled, Part, Problem, SENTENCE};

/// The rows of the lists that `part` means, in order, those out of scope last.
pub(super) fn rows(text: &str, part: Part) -> Result<Vec<Labelled>, Problem> {
    let lists = match serde_json::from_str(text).map_err(Problem::Json)? {
        Value::Array(list) => vec![("the list", list)],
        Value::Object(mut lists) => {
            let (wanted, choices): (_, &[[&str; 2]]) = match part {
                Part::Train => ("\"train\"", &[["train", "oos_train"]]),
                Part::Test => ("\"test\" or \"val\"", &[["test", "oos_test"], ["val", "oos_val"]]),
            };
            let mut take = |names: &[&'static str; 2]| -> Vec<(&'static str, Vec<Value>)> {
                let list = |name: &&'static str| match lists.remove(*name) {
                    Some(Value::Array(list)) => Some((*name, list)),
                    _ => None,
                };
                names.iter().filter_map(list).collect()
            };
            let found = choices.iter().map(&mut take).find(|found| !found.is_empty());
            found.ok_or_else(|| Problem::NoPart {
                wanted,
                found: lists.keys().cloned().collect::<Vec<_>>().join(", "),
            })?
        }
        _ => return Err(Problem::NoPart { wanted: "of rows", found: "a single value".into() }),
    };
    let mut rows = Vec::new();
    for (name, list) in &lists {
        for (number, value) in (1_usize..).zip(list) {
            let place = || Problem::NotARow { place: format!("row {number} of {name}") };
            rows.push(row(value).ok_or_else(place)?);
        }
    }
    Ok(rows)
}

fn row(value: &Value) -> Option<Labelled> {
    let (text, label) = match value {
        Value::Array(pair) => match pair.as_slice() {
            [text, label] => (text.as_str()?, label.as_str()?),
            _ => return None,
        },
        Value::Object(fields) => {
            let field = |names: &[&str]| {
                names.iter().find_map(|name| fields.get(*name)).and_then(Value::as_str)
            };
            (field(&SENTENCE)?, field(&LABEL)?)
        }
        _ => return None,
    };
    let label = label.trim();
    (!label.is_empty()).then(|| Labelled { text: text.to_owned(), label: label.to_owned() })
}
