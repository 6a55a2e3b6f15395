//! An answer, read by the kind of its question.

use jiff::civil::Date;

use super::tokens::languages;
use super::{Wrong, contact, date, number, time};
use crate::faq::normalise::normalise;
use crate::shop::forms::{Choice, Decimal, FieldValue, Kind, Question};
use crate::shop::model::{Lang, Shop};
use crate::time::UnixMs;

/// What an answer is read with.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub shop: &'a Shop,
    pub lang: &'a Lang,
    pub now: UnixMs,
}

impl Reader<'_> {
    /// Today, by the shop's clock.
    pub fn today(&self) -> Date {
        self.shop.zone().to_datetime(self.now.timestamp()).date()
    }

    /// What was typed, as an answer to this question.
    pub fn typed(&self, question: &Question, text: &str) -> Result<FieldValue, Wrong> {
        let languages = languages(self.shop, self.lang);
        match &question.kind {
            Kind::Choice { options } => {
                choice(options, text).map(|option| FieldValue::Choice(option.id.clone()))
            }
            Kind::Text { max } => {
                let text = text.trim();
                if text.is_empty() || text.chars().count() > usize::from(*max) {
                    return Err(Wrong::Text(*max));
                }
                Ok(FieldValue::Text(text.to_owned()))
            }
            Kind::Number { min, max, whole, .. } => {
                number::read(text, &languages, (*min, *max, *whole)).map(FieldValue::Number)
            }
            Kind::Date { side } => {
                date::read(text, &languages, self.today(), *side).map(FieldValue::Date)
            }
            Kind::Time => {
                time::read(text, &languages, true).map(FieldValue::Time).ok_or(Wrong::Time)
            }
            Kind::Phone => contact::phone(text).map(FieldValue::Phone).ok_or(Wrong::Phone),
            Kind::Email => contact::email(text).map(FieldValue::Email).ok_or(Wrong::Email),
            Kind::Photo => Err(Wrong::Photo),
            // A slot is read with the diary: `slot`.
            Kind::Slot { .. } => Err(Wrong::Date),
        }
    }

    /// The time of day that stands beside a day: "tomorrow at 18:00".
    pub fn time_beside(&self, text: &str) -> Option<FieldValue> {
        time::read(text, &languages(self.shop, self.lang), false).map(FieldValue::Time)
    }

    /// What a quick reply of ours carries, as an answer to this question.
    pub fn tapped(&self, question: &Question, value: &str) -> Result<FieldValue, Wrong> {
        match &question.kind {
            Kind::Choice { options } => {
                let known = options.iter().any(|option| option.id == value);
                known.then(|| FieldValue::Choice(value.to_owned())).ok_or(Wrong::Choice)
            }
            Kind::Number { min, max, .. } => {
                let number: i64 = value.parse().map_err(|_| Wrong::Number)?;
                if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
                    return Err(Wrong::Number);
                }
                Ok(FieldValue::Number(Decimal::whole(number)))
            }
            _ => self.typed(question, value),
        }
    }
}

/// The option a message means: its title in any language, its number in the list, or the only
/// one whose title stands in the message, or begins with it.
fn choice<'o>(options: &'o [Choice], text: &str) -> Result<&'o Choice, Wrong> {
    let said = normalise(text);
    if said.is_empty() {
        return Err(Wrong::Choice);
    }
    let titles = |option: &Choice| -> Vec<String> {
        option.title.0.values().map(|title| normalise(title)).filter(|t| !t.is_empty()).collect()
    };
    let only = |test: &dyn Fn(&str) -> bool| {
        let mut fitting = options.iter().filter(|o| titles(o).iter().any(|t| test(t)));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    };
    if let Some(option) = only(&|title| title == said) {
        return Ok(option);
    }
    if let Ok(place) = said.parse::<usize>() {
        return place.checked_sub(1).and_then(|at| options.get(at)).ok_or(Wrong::Choice);
    }
    let padded = format!(" {said} ");
    let joined = said.replace(' ', "");
    let holds = |title: &str| {
        if title.chars().all(is_spaced) {
            padded.contains(&format!(" {title} "))
        } else {
            joined.contains(&title.replace(' ', ""))
        }
    };
    let begins = |title: &str| said.chars().count() >= 2 && title.starts_with(&said);
    only(&holds).or_else(|| only(&begins)).ok_or(Wrong::Choice)
}

/// Whether words of this letter's script stand between spaces.
fn is_spaced(c: char) -> bool {
    !matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::forms::Also;
    use crate::shop::model::Localized;

    fn option(id: &str, en: &str, zh: &str) -> Choice {
        let titles = [("en", en), ("zh-TW", zh)];
        let titles = titles.map(|(tag, title)| (Lang(tag.into()), title.to_owned()));
        let title = Localized(titles.into());
        Choice { id: id.into(), title, points: 0, prices: None, also: Also::default() }
    }

    #[test]
    fn an_option_is_understood_by_title_number_mention_and_beginning() {
        let options = [
            option("s", "Small", "小"),
            option("m", "Medium", "中杯"),
            option("xl", "Extra large", "特大"),
        ];
        for (text, expected) in [
            ("small", Some("s")),
            ("MEDIUM!", Some("m")),
            ("2", Some("m")),
            ("the extra large one please", Some("xl")),
            ("med", Some("m")),
            ("我要中杯", Some("m")),
            ("4", None),
            ("0", None),
            ("small or medium", None),
            ("", None),
            ("no idea", None),
        ] {
            assert_eq!(choice(&options, text).ok().map(|o| o.id.as_str()), expected, "{text:?}");
        }
    }
}
