//! `[[coupon]]` and `[brand]`: what is wrong with them that their lines alone do not show, and what
//! becomes of them.

use jiff::civil::Date;
use toml::de::{DeTable, DeValue};

use super::build::{localized, named, number};
use super::diagnostic::Diagnostic;
use super::read::{self, checked, get, text};
use super::values::{self, quoted};
use crate::meta::ids::CouponId;
use crate::shop::colour::{Brand, Colour, Colours, Instead, LEAST_CONTRAST, Unreadable};
use crate::shop::coupons::Coupon;

/// Codes for one person, unless the owner says otherwise.
const PER_PERSON: i64 = 1;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let mut given = Vec::new();
    for (key, value) in file {
        if key.get_ref() != "coupon" {
            named_in(value.get_ref(), &mut given);
        }
    }
    for (coupon, _) in read::tables(file, "coupon") {
        days(coupon, found);
        let Some((id, span)) = get(coupon, "id").and_then(text) else { continue };
        if !given.contains(&id) {
            let message = format!("nothing gives the coupon {}", quoted(id));
            found.push(Diagnostic::warning("coupon-not-given", span, message).help(format!(
                "write coupon = {} in a [[poster]], [[topic]], [[faq]], [[form]] or [[notification]]",
                quoted(id)
            )));
        }
    }
    if let Some(brand) = read::table(file, "brand") {
        contrast(brand, found);
        logo(brand, found);
    }
}

/// Every coupon that something below gives.
fn named_in<'t>(value: &'t DeValue<'t>, given: &mut Vec<&'t str>) {
    match value {
        DeValue::Table(table) => {
            given.extend(get(table, "coupon").and_then(text).map(|(id, _)| id));
            table.values().for_each(|value| named_in(value.get_ref(), given));
        }
        DeValue::Array(array) => array.iter().for_each(|value| named_in(value.get_ref(), given)),
        _ => {}
    }
}

fn days(coupon: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let day = |name: &str| get(coupon, name).and_then(|value| Some((read::date(value)?, value)));
    if let (Some((from, _)), Some((until, value))) = (day("from"), day("until"))
        && until < from
    {
        found.push(
            Diagnostic::error("never-valid", value.span(), "this coupon is never valid")
                .label(format!("before it begins, on {from}"))
                .help("put `until` on the day of `from` or later"),
        );
    }
}

/// What no phone can read is refused, with the nearest that it can.
fn contrast(brand: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some(Colours { ink, background }) = colours(brand) else { return };
    let span = get(brand, "colour").map(toml::Spanned::span).unwrap_or_default();
    let diagnostic = match (Colours { ink, background }).readable() {
        Ok(_) => return,
        Err(Unreadable::Inverted) => {
            let message = format!("`colour` {ink} is lighter than `background` {background}");
            Diagnostic::error("light-on-dark", span, message)
                .label("many phones do not read a code that is light on dark")
                .help(format!("swap them: colour = \"{background}\" and background = \"{ink}\""))
        }
        Err(Unreadable::Faint { contrast, instead }) => {
            let message = format!("{ink} on {background} has a contrast of {contrast:.1} : 1");
            let help = match instead {
                Instead::Ink(ink) => format!("write colour = \"{ink}\", the same darker"),
                Instead::Both(Colours { ink, background }) => format!(
                    "write colour = \"{ink}\" and background = \"{background}\", the same further \
                     apart"
                ),
            };
            Diagnostic::error("low-contrast", span, message)
                .label(format!(
                    "below {LEAST_CONTRAST} : 1 phones miss the code in poor light, and people the \
                     words"
                ))
                .help(help)
        }
    };
    found.push(diagnostic);
}

fn logo(brand: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some((name, span)) = get(brand, "logo").and_then(text) else { return };
    let lower = name.to_ascii_lowercase();
    let picture = [".svg", ".png", ".jpg", ".jpeg"].iter().any(|end| lower.ends_with(end));
    let inside = !name.contains("..") && !name.starts_with('/') && !name.contains([':', '\\']);
    if !picture || !inside {
        found.push(
            Diagnostic::error("bad-logo", span, "this is no picture beside shop.toml").help(
                "write the name of an SVG, PNG or JPEG file in the same folder: \"logo.svg\"",
            ),
        );
    }
}

fn colours(brand: &DeTable<'_>) -> Option<Colours> {
    let background = match get(brand, "background") {
        Some(_) => checked(brand, "background", values::colour)?,
        None => Colour::WHITE,
    };
    Some(Colours { ink: checked(brand, "colour", values::colour)?, background })
}

/// The shop's look. Its picture is read from the file by whoever knows the folder.
pub(super) fn brand(table: &DeTable<'_>) -> Brand {
    let plain = Colours { ink: Colour::BLACK, background: Colour::WHITE };
    let Colours { ink, background } = colours(table).unwrap_or(plain);
    Brand { colour: ink, background, logo: checked(table, "logo", values::name), picture: None }
}

/// The coupons of the file; `None` when one cannot be read.
pub(super) fn coupons(file: &DeTable<'_>) -> Option<Vec<Coupon>> {
    read::tables(file, "coupon").into_iter().map(|(table, _)| coupon(table)).collect()
}

fn coupon(table: &DeTable<'_>) -> Option<Coupon> {
    let day = |name: &str| -> Option<Date> { read::date(get(table, name)?) };
    let whole = |name: &str| get(table, name).and_then(read::number);
    let tags = get(table, "tags").map(read::list).unwrap_or_default().into_iter();
    Some(Coupon {
        id: named::<CouponId>(table, "id")?,
        title: localized(table, "title"),
        text: localized(table, "text"),
        terms: localized(table, "terms"),
        from: day("from"),
        until: day("until"),
        days: whole("days").and_then(|days| u16::try_from(days).ok()),
        per_person: number(table, "per_person", PER_PERSON)?,
        total: whole("total").and_then(|total| u32::try_from(total).ok()),
        tags: tags.filter_map(text).map(|(tag, _)| tag.to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use crate::shop::colour::{Colour, Colours};
    use crate::shop::source::compile;

    fn codes(more: &str) -> Vec<&'static str> {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n[[page]]\nid = \"1\"\n\
             username = \"a\"\n{more}"
        );
        compile(&source).diagnostics.iter().map(|found| found.code).collect()
    }

    #[test]
    fn what_is_wrong_with_a_coupon_is_said() {
        let poster = "[[poster]]\ncode = \"D\"\ncoupon = \"soup\"\n";
        let coupon = "[[coupon]]\nid = \"soup\"\ntitle.en = \"Soup\"\n";
        for (source, expected) in [
            (format!("{poster}{coupon}"), vec![]),
            (coupon.to_owned(), vec!["coupon-not-given"]),
            (poster.to_owned(), vec!["unknown-reference"]),
            (
                format!("{poster}{coupon}from = 2026-12-02\nuntil = 2026-12-01\n"),
                vec!["never-valid"],
            ),
            (format!("{poster}{coupon}{coupon}"), vec!["duplicate"]),
            (format!("{poster}[[coupon]]\nid = \"soup\"\n"), vec!["missing-key"]),
        ] {
            let found = codes(&source);
            if expected == ["unknown-reference"] {
                assert_eq!(found.len(), 1, "{source}: {found:?}");
            } else {
                assert_eq!(found, expected, "{source}");
            }
        }
    }

    #[test]
    fn colours_that_cannot_be_read_are_refused_with_the_nearest_that_can() {
        let brand = |lines: &str| {
            let source = format!(
                "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n[[page]]\n\
                 id = \"1\"\nusername = \"a\"\n[brand]\n{lines}\n"
            );
            compile(&source)
        };
        let good = brand("colour = \"#0b3d2e\"\nlogo = \"logo.svg\"");
        assert!(!good.has_errors(), "{:?}", good.diagnostics);
        let look = good.shops[0].brand.clone().unwrap();
        assert_eq!(look.background, Colour::WHITE);
        for (lines, code) in [
            ("colour = \"#f2c14e\"", "low-contrast"),
            ("colour = \"#ffffff\"\nbackground = \"#101010\"", "light-on-dark"),
            ("colour = \"green\"", "bad-colour"),
            ("colour = \"#000\"\nlogo = \"../logo.svg\"", "bad-logo"),
            ("colour = \"#000\"\nlogo = \"logo.gif\"", "bad-logo"),
        ] {
            let found = brand(lines).diagnostics;
            assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [code], "{lines}");
        }
        // What is proposed passes.
        let faint = brand("colour = \"#f2c14e\"").diagnostics.remove(0);
        let help = faint.help.unwrap();
        let proposed = help.split('"').nth(1).unwrap();
        let ink = Colour::parse(proposed).unwrap();
        assert!(Colours { ink, background: Colour::WHITE }.readable().is_ok());
        assert!(!brand(&format!("colour = \"{proposed}\"")).has_errors());
    }
}
