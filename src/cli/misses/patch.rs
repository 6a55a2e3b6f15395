//! The change to `shop.toml`: phrasings for the entries they are close to, and a sketch of an
//! entry, as a comment, for what is like nothing.

use std::path::Path;

use similar::TextDiff;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use super::groups::{Group, Groups, plain};
use super::patch_name;
use crate::faq::normalise::normalise;

/// Lines around a change, as `diff -u` has them.
const CONTEXT: usize = 3;
/// At most so many phrasings are added at once for one entry and language; more teach little.
const MOST_ADDED: usize = 10;

/// Why the file cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is not TOML.
    #[error("shop.toml cannot be read: {0}")]
    Syntax(#[from] toml_edit::TomlError),
}

/// The text of a `shop.toml` with the groups' questions in it. Comments and layout stay.
///
/// # Errors
/// [`ChangeError`].
pub fn changed(source: &str, groups: &Groups) -> Result<String, ChangeError> {
    let mut file: DocumentMut = source.parse()?;
    for group in &groups.groups {
        if let Some(id) = &group.entry
            && let Some(entry) = entry(&mut file, id.as_str())
        {
            add(entry, group);
        }
    }
    let mut text = file.to_string();
    let sketches: Vec<String> =
        groups.groups.iter().filter(|group| group.entry.is_none()).map(sketch).collect();
    if !sketches.is_empty() {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text += "\n# Asked in vain. Give each an id, a title and an answer, and take the # away.\n";
        text += &sketches.concat();
    }
    Ok(text)
}

/// The change as a patch; empty when there is none.
#[must_use]
pub fn unified(old: &str, new: &str, path: &Path) -> String {
    let name = patch_name(path);
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string()
}

fn entry<'f>(file: &'f mut DocumentMut, id: &str) -> Option<&'f mut dyn TableLike> {
    let is = |table: &dyn TableLike| table.get("id").and_then(Item::as_str) == Some(id);
    match file.get_mut("faq")? {
        Item::ArrayOfTables(tables) => {
            tables.iter_mut().find(|table| is(*table)).map(|table| table as &mut dyn TableLike)
        }
        // faq = [{ … }] is the same to TOML.
        Item::Value(Value::Array(tables)) => tables
            .iter_mut()
            .filter_map(Value::as_inline_table_mut)
            .find(|table| is(*table))
            .map(|table| table as &mut dyn TableLike),
        _ => None,
    }
}

/// Adds a group's questions to `ask` of its language.
fn add(entry: &mut dyn TableLike, group: &Group) {
    let ask = entry.entry("ask").or_insert_with(|| {
        let mut table = Table::new();
        table.set_dotted(true);
        Item::Table(table)
    });
    let Some(ask) = ask.as_table_like_mut() else { return };
    let list = ask
        .entry(&group.lang.0)
        .or_insert_with(|| Item::Value(Value::Array(Array::new())))
        .as_array_mut();
    let Some(list) = list else { return };
    let mut known: Vec<String> = list.iter().filter_map(Value::as_str).map(normalise).collect();
    let mut added = 0_usize;
    for question in &group.questions {
        let text = plain(&question.text);
        let folded = normalise(&text);
        if known.contains(&folded) || added == MOST_ADDED {
            continue;
        }
        known.push(folded);
        added = added.saturating_add(1);
        push(list, &text);
    }
}

/// Adds a text in the way the list is laid out.
fn push(list: &mut Array, text: &str) {
    let before = list.iter().last().and_then(|last| last.decor().prefix()).and_then(|p| p.as_str());
    // A comment before the last one is not the next one's.
    let indent = before.and_then(|prefix| prefix.rsplit_once('\n'));
    let indent = indent.map(|(_, indent)| indent.to_owned());
    let mut value = Value::from(text);
    match indent {
        Some(indent) => {
            // A comment behind the last one stays there.
            let behind = list.trailing().as_str().unwrap_or_default().trim_end().to_owned();
            value.decor_mut().set_prefix(format!("{behind}\n{indent}"));
            list.set_trailing("\n");
        }
        None => value.decor_mut().set_prefix(if list.is_empty() { "" } else { " " }),
    }
    list.push_formatted(value);
}

/// An entry that the owner has to finish.
fn sketch(group: &Group) -> String {
    let lang = &group.lang.0;
    let mut lines = vec![
        "#".to_owned(),
        "# [[faq]]".to_owned(),
        "# id = \"\"".to_owned(),
        format!("# title.{lang} = \"\""),
        format!("# ask.{lang} = ["),
    ];
    let texts = group.questions.iter().map(|question| plain(&question.text)).take(MOST_ADDED);
    lines.extend(texts.map(|text| format!("#     {},", Value::from(text))));
    lines.push("# ]".to_owned());
    lines.push(format!("# answer.{lang} = \"\""));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::misses::Question;
    use crate::meta::ids::FaqId;
    use crate::shop::model::Lang;
    use crate::time::UnixMs;

    fn group(entry: Option<&str>, lang: &str, texts: &[&str]) -> Group {
        Group {
            entry: entry.map(|id| FaqId::new(id).unwrap()),
            lang: Lang(lang.into()),
            times: 1,
            newest: UnixMs::new(0),
            nearest: None,
            questions: texts.iter().map(|t| Question { text: (*t).into(), times: 1 }).collect(),
        }
    }

    const SHOP: &str = r#"# A shop.
[[faq]]
id = "hours"
ask.lt = [
    "kada dirbate", # the first
    "iki kelių", # the second
]
ask.en = ["opening hours"] # one line

[[faq]]
id = "menu"
keywords.lt = ["meniu"]

[assistant]
pause_hours = 3
"#;

    #[test]
    fn phrasings_go_where_they_belong_and_nothing_else_changes() {
        let groups = Groups {
            groups: vec![
                group(Some("hours"), "lt", &["kada \"atidarot\" [number]", "KADA DIRBATE?"]),
                group(Some("hours"), "en", &["are you open"]),
                group(Some("menu"), "lt", &["ką turit"]),
                group(Some("gone"), "lt", &["x"]),
                group(None, "lt", &["ar nuomojat dviračius", "dviraciu nuoma…"]),
            ],
            answered: 0,
        };
        let new = changed(SHOP, &groups).unwrap();
        let file: toml::Table = new.parse().unwrap();
        assert_eq!(file["faq"][0]["ask"]["lt"].as_array().unwrap().len(), 3);
        assert_eq!(file["faq"][1]["ask"]["lt"][0].as_str(), Some("ką turit"));
        let patch = unified(SHOP, &new, Path::new("./examples/cafe/shop.toml"));
        let lines: Vec<&str> = patch.lines().collect();
        assert_eq!(
            lines,
            [
                "--- a/examples/cafe/shop.toml",
                "+++ b/examples/cafe/shop.toml",
                "@@ -4,12 +4,25 @@",
                " ask.lt = [",
                "     \"kada dirbate\", # the first",
                "     \"iki kelių\", # the second",
                "+    'kada \"atidarot\"',",
                " ]",
                "-ask.en = [\"opening hours\"] # one line",
                "+ask.en = [\"opening hours\", \"are you open\"] # one line",
                " ",
                " [[faq]]",
                " id = \"menu\"",
                " keywords.lt = [\"meniu\"]",
                "+ask.lt = [\"ką turit\"]",
                " ",
                " [assistant]",
                " pause_hours = 3",
                "+",
                "+# Asked in vain. Give each an id, a title and an answer, and take the # away.",
                "+#",
                "+# [[faq]]",
                "+# id = \"\"",
                "+# title.lt = \"\"",
                "+# ask.lt = [",
                "+#     \"ar nuomojat dviračius\",",
                "+#     \"dviraciu nuoma\",",
                "+# ]",
                "+# answer.lt = \"\"",
            ]
        );
        // What the sketch says is TOML once the # are gone.
        let sketch =
            new.rsplit_once("take the # away.\n").unwrap().1.replace("# ", "").replace('#', "");
        let sketch: toml::Table = sketch.parse().unwrap();
        assert_eq!(sketch["faq"][0]["ask"]["lt"][1].as_str(), Some("dviraciu nuoma"));
    }

    #[test]
    fn without_questions_there_is_no_patch() {
        let new = changed(SHOP, &Groups::default()).unwrap();
        assert_eq!(new, SHOP);
        assert_eq!(unified(SHOP, &new, Path::new("shop.toml")), "");
    }

    #[test]
    fn a_patch_names_the_file_as_it_is_found_from_here() {
        for (path, name) in [
            ("shop.toml", "shop.toml"),
            ("./a/shop.toml", "a/shop.toml"),
            ("/home/x/shop.toml", "shop.toml"),
            ("../x/shop.toml", "shop.toml"),
        ] {
            assert_eq!(patch_name(Path::new(path)), name);
        }
    }
}
