//! `shop.toml` to compiled shops.
//!
//! - [`compile`]: the front door. It finds every problem, not the first one.
//! - [`diagnostic`]: what a problem is. [`render`]: how people and machines see it.
//! - [`schema`]: the JSON Schema of the file, for editors. [`reference`]: the same for people.
//! - `syntax`: what is no TOML. `format`: the format as one table, which both the check and the schema follow. `values`: what
//!   may stand between quotation marks. `shape` and `wording`: each value by itself. `rules`, `schedule`,
//!   `phrases`, `forms`, `booking`, `products`, `segments`, `coupons`, `paid`, `doors`, `sent` and `sequences`: what values have to do with each other. `build`: the shop itself.
//! - `walk`: every table of a file with its format, for what holds wherever something stands.
//! - `follow_up`: what is left out because it only follows from another mistake.
//! - [`written`]: single values as the check reads them, for what asks before there is a file.
//! - [`places`]: where the FAQ's phrasings and expectations stand, for checks that need it trained.

mod booking;
mod build;
mod coupons;
pub mod diagnostic;
mod doors;
mod follow_up;
mod format;
mod forms;
mod paid;
mod phrases;
pub mod places;
mod posters;
mod products;
mod read;
pub mod reference;
pub mod render;
mod rules;
mod schedule;
pub mod schema;
mod segments;
mod sent;
mod sequences;
mod shape;
mod syntax;
mod values;
mod walk;
mod wording;
pub mod written;

use toml::de::DeTable;

use super::model::Shop;
use diagnostic::{Diagnostic, Severity};
use places::Places;

/// What became of a `shop.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// One per `[[page]]`; none if there is any error.
    pub shops: Vec<Shop>,
    /// Everything worth saying, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the FAQ's phrasings and expectations stand; empty if there is any error.
    pub places: Places,
}

impl Compiled {
    /// Whether anything keeps it from being published.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Checks and compiles the text of a `shop.toml`.
///
/// The shops are not sealed yet ([`Shop::seal`]): their model is trained elsewhere.
#[must_use]
pub fn compile(source: &str) -> Compiled {
    let (file, errors) = DeTable::parse_recoverable(source);
    let mut found = syntax::mistakes(source, &errors);
    let mut shops = Vec::new();
    let mut places = Places::default();
    // What was saved from a broken file would only lead to complaints that are not true.
    if found.is_empty() {
        let file = file.get_ref();
        let names = shape::Names::of(file);
        let lost = shape::check(file, &names, &mut found);
        if lost.head {
            // Nothing is where it belongs: what the lines have to do with each other comes later.
            found.retain(|diagnostic| diagnostic.code != "unknown-reference");
        } else {
            relations(file, &names, &mut found);
        }
        follow_up::leave_out(&mut found, &lost);
        if !found.iter().any(|d| d.severity == Severity::Error) {
            shops = build::shops(file);
            places = Places::of(file);
            if shops.is_empty() {
                // A value that the checks let pass and the model refused: ours to mend, and
                // nothing to publish.
                found.push(
                    Diagnostic::error(
                        "internal",
                        0..0,
                        "this shop passed every check and still could not be compiled",
                    )
                    .help("this is a fault in Shopbell; please report it with the file"),
                );
            }
        }
    }
    for diagnostic in &mut found {
        diagnostic.span = within(source, &diagnostic.span);
    }
    found.sort_by_key(|d| (d.span.start, d.severity));
    Compiled { shops, diagnostics: found, places }
}

/// What values have to do with each other.
fn relations(file: &DeTable<'_>, names: &shape::Names<'_>, found: &mut Vec<Diagnostic>) {
    rules::check(file, names, found);
    phrases::check(file, found);
    schedule::check(file, found);
    forms::check(file, found);
    booking::check(file, found);
    products::check(file, found);
    segments::check(file, found);
    sent::check(file, found);
    doors::check(file, found);
    sequences::check(file, found);
    paid::check(file, found);
    coupons::check(file, found);
}

/// The span, moved onto edges of characters inside the source.
fn within(source: &str, span: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = source.floor_char_boundary(span.start);
    let end = source.ceil_char_boundary(span.end.max(span.start));
    start..end
}
