//! CSV with a header.

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::{LABEL, Labelled, Problem, SENTENCE};

/// The rows of a table, in order. Other columns are ignored.
pub(super) fn rows(text: &str) -> Result<Vec<Labelled>, Problem> {
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader.headers().map_err(broken)?.clone();
    let sentence = column(&header, &SENTENCE)?;
    let label = column(&header, &LABEL)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |at: usize| record.get(at).unwrap_or_default();
        let label = field(label).trim();
        if label.is_empty() {
            return Err(Problem::NoLabel { line });
        }
        if label.contains('\n') {
            return Err(Problem::OpenQuote { line });
        }
        rows.push(Labelled { text: field(sentence).to_owned(), label: label.to_owned() });
    }
    Ok(rows)
}

fn column(header: &StringRecord, names: &[&str]) -> Result<usize, Problem> {
    let named = |name: &&str| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    names.iter().find_map(named).ok_or_else(|| Problem::NoColumn {
        wanted: names.join(" or "),
        found: header.iter().collect::<Vec<_>>().join(", "),
    })
}

fn broken(error: csv::Error) -> Problem {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => Problem::Fields {
            line: pos.as_ref().map_or(0, csv::Position::line),
            found: *len,
            wanted: *expected_len,
        },
        _ => Problem::Csv(error),
    }
}
