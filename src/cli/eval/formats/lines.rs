//! Formats read line by line: Rasa's training data and xSID's CoNLL.

use super::{Labelled, Problem};

/// Rasa's training data. Only intents are read: synonyms, lookups, stories and the rest are not
/// questions.
pub(super) fn rasa(text: &str) -> Vec<Labelled> {
    if text.lines().any(|line| line.starts_with("## ")) { markdown(text) } else { yaml(text) }
}

/// `## intent:name`, then a list of examples.
fn markdown(text: &str) -> Vec<Labelled> {
    let mut rows = Vec::new();
    let mut intent = None;
    for line in text.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix("##") {
            let heading = heading.trim_start_matches('#').trim();
            intent = heading.strip_prefix("intent:").map(str::trim).filter(|name| !name.is_empty());
        } else if let (Some(label), Some(example)) = (intent, line.strip_prefix(['-', '*', '+'])) {
            rows.extend(row(example, label));
        }
    }
    rows
}

/// `- intent: name`, then `examples: |` and deeper lines with a dash. Rasa writes no other shape,
/// so this is read line by line and not as YAML in general.
fn yaml(text: &str) -> Vec<Labelled> {
    let mut rows = Vec::new();
    let mut intent: Option<&str> = None;
    let mut depth = None;
    for line in text.lines() {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        let item = trimmed.strip_prefix('-').map(str::trim);
        if let (Some(label), Some(deep), Some(example)) = (intent, depth, item)
            && indent > deep
        {
            rows.extend(row(example, label));
        } else if let Some(name) = item.and_then(|item| item.strip_prefix("intent:")) {
            intent = Some(name.trim().trim_matches(['"', '\'']));
            depth = None;
        } else if trimmed.starts_with("examples:") {
            depth = Some(indent);
        } else if !trimmed.is_empty() && !trimmed.starts_with('#') {
            // Another key or section ends the examples; "- synonym:" and the like end the intent.
            depth = None;
            intent = intent.filter(|_| item.is_none() && indent > 0);
        }
    }
    rows
}

fn row(example: &str, label: &str) -> Option<Labelled> {
    let text = without_annotations(example.trim());
    (!text.is_empty()).then(|| Labelled { text, label: label.to_owned() })
}

/// `fly to [Berlin](city)` and `[Berlin]{"entity": "city"}` as a person writes them. Brackets
/// that annotate nothing stay.
fn without_annotations(example: &str) -> String {
    let mut plain = String::with_capacity(example.len());
    let mut rest = example;
    while let Some((before, opened)) = rest.split_once('[') {
        plain += before;
        let annotated = opened.split_once(']').and_then(|(text, after)| {
            let close = match after.chars().next()? {
                '(' => ')',
                '{' => '}',
                _ => return None,
            };
            let (_, after) = after.split_once(close)?;
            Some((text, after))
        });
        if let Some((text, after)) = annotated {
            plain += text;
            rest = after;
        } else {
            plain.push('[');
            rest = opened;
        }
    }
    plain + rest
}

/// Blocks parted by empty lines; `# text = …` and `# intent = …` of each, in either order. The
/// words and slots below them are not needed.
pub(super) fn conll(text: &str) -> Result<Vec<Labelled>, Problem> {
    let mut rows = Vec::new();
    let mut sentence: Option<(u64, &str)> = None;
    let mut intent: Option<&str> = None;
    // One empty line more ends the last block.
    for (number, line) in (1_u64..).zip(text.lines().chain([""])) {
        let value = |key: &str| {
            let comment = line.strip_prefix('#')?.trim_start().strip_prefix(key)?;
            comment.trim_start().strip_prefix('=').map(str::trim)
        };
        if let Some(text) = value("text") {
            sentence = Some((number, text));
        } else if let Some(label) = value("intent") {
            intent = Some(label).filter(|label| !label.is_empty());
        } else if line.trim().is_empty() {
            match (sentence.take(), intent.take()) {
                (Some((_, text)), Some(label)) => {
                    rows.push(Labelled { text: text.to_owned(), label: label.to_owned() });
                }
                (Some((line, _)), None) => return Err(Problem::NoLabel { line }),
                (None, _) => {}
            }
        }
    }
    Ok(rows)
}
