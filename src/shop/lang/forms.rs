//! What a form says and understands in each language. The words are in the language's own file.

/// What a form says by itself. `{form}`, `{title}`, `{min}`, `{max}`, `{day}` and the like are
/// filled in by [`fill`]; everything else is printed as it stands.
#[derive(Clone, Copy, Debug)]
pub struct FormTexts {
    /// Asks whether to go on with `{form}`.
    pub resume: &'static str,
    /// Goes on. Buttons have at most 20 characters.
    pub resume_button: &'static str,
    /// Begins from the first question.
    pub restart_button: &'static str,
    /// Gives the form up.
    pub cancel_button: &'static str,
    /// To the question before.
    pub back_button: &'static str,
    /// Leaves a question out.
    pub skip_button: &'static str,
    /// Takes the summary as it is.
    pub confirm_button: &'static str,
    /// The form was given up.
    pub cancelled: &'static str,
    /// Above the summary.
    pub check: &'static str,
    /// The form is done.
    pub done: &'static str,
    /// The one reminder of `{form}`.
    pub reminder: &'static str,
    /// This question cannot be skipped.
    pub needed: &'static str,
    /// None of the options.
    pub wrong_choice: &'static str,
    /// Longer than `{max}` characters.
    pub wrong_text: &'static str,
    /// No number.
    pub wrong_number: &'static str,
    /// A fraction where none may be.
    pub not_whole: &'static str,
    /// Less than `{min}`.
    pub too_small: &'static str,
    /// More than `{max}`.
    pub too_big: &'static str,
    /// No day.
    pub wrong_date: &'static str,
    /// A day before today.
    pub date_past: &'static str,
    /// A day after today.
    pub date_future: &'static str,
    /// No time of day.
    pub wrong_time: &'static str,
    /// No phone number.
    pub wrong_phone: &'static str,
    /// No mail address.
    pub wrong_email: &'static str,
    /// No picture.
    pub wrong_photo: &'static str,
    /// How many pictures: `{count}`.
    pub photos: &'static str,
    /// Which day? Booking.
    pub pick_day: &'static str,
    /// Which time on `{day}`?
    pub pick_time: &'static str,
    /// More days.
    pub other_day: &'static str,
    /// More times of the same day.
    pub other_time: &'static str,
    /// Nothing is free on `{day}`.
    pub day_full: &'static str,
    /// Nothing is free at all.
    pub all_full: &'static str,
    /// Somebody else was quicker.
    pub slot_taken: &'static str,
    /// `{time}` is not offered; others follow.
    pub time_not_free: &'static str,
    /// What the slot is called in a summary.
    pub slot: &'static str,
    /// A booking for `{when}` is made.
    pub booked: &'static str,
    /// There is a booking for `{when}` already.
    pub have_booking: &'static str,
    /// The booking was cancelled, or is over.
    pub no_booking: &'static str,
    /// A booking is cancelled.
    pub booking_cancelled: &'static str,
    /// It begins soon: `{when}`.
    pub booking_reminder: &'static str,
    /// Moves a booking.
    pub move_button: &'static str,
    /// Cancels a booking.
    pub drop_button: &'static str,
    /// Adds a booking to a calendar.
    pub calendar_button: &'static str,
    /// To the owner, before what was booked.
    pub told_booked: &'static str,
    /// To the owner, before the new time.
    pub told_moved: &'static str,
    /// To the owner, before what was given up.
    pub told_dropped: &'static str,
    /// To the owner, what a form's answers count for: `{count}`.
    pub points: &'static str,
    /// Above the products that fit.
    pub found: &'static str,
    /// Why a product fits: `{reasons}`.
    pub fits: &'static str,
    /// No product fits.
    pub nothing_fits: &'static str,
    /// No product comes near.
    pub nothing_close: &'static str,
    /// Opens a product's page.
    pub look_button: &'static str,
    /// A day: `{w}` the weekday, `{d}` and `{m}` or with two digits `{dd}` and `{mm}`, `{b}` the
    /// month in letters, `{y}`.
    pub date: &'static str,
    /// A day on a button.
    pub short_date: &'static str,
    /// Weekdays as they stand in these two, Monday first.
    pub days: [&'static str; 7],
}

/// What is understood while a form is open. Phrases are compared whole, without case and
/// diacritics; an entry that ends with `*` is the beginning of a word.
#[derive(Clone, Copy, Debug)]
pub struct FormWords {
    /// Gives the form up.
    pub cancel: &'static [&'static str],
    /// To the question before.
    pub back: &'static [&'static str],
    /// Leaves a question out.
    pub skip: &'static [&'static str],
    /// Goes on with a suspended form.
    pub resume: &'static [&'static str],
    /// Takes the summary.
    pub confirm: &'static [&'static str],
    /// This day.
    pub today: &'static [&'static str],
    /// The next.
    pub tomorrow: &'static [&'static str],
    /// The one after.
    pub day_after: &'static [&'static str],
    /// Monday first.
    pub weekdays: [&'static [&'static str]; 7],
    /// January first.
    pub months: [&'static [&'static str]; 12],
    /// Twelve o'clock.
    pub noon: &'static [&'static str],
    /// Before noon.
    pub am: &'static [&'static str],
    /// After noon.
    pub pm: &'static [&'static str],
    /// One to ten in words.
    pub numbers: [&'static [&'static str]; 10],
    /// Signs between two numbers of which the first is the month.
    pub month_first: &'static [char],
    /// A comma begins decimals, a dot groups thousands.
    pub decimal_comma: bool,
}

/// A text with its places filled: `{name}` for each name that is given.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('{') {
        out.push_str(before);
        match from.split_once('}') {
            Some((name, after)) => {
                let value = values.iter().find(|(known, _)| *known == name);
                out.push_str(value.map_or("", |(_, value)| value));
                rest = after;
            }
            None => {
                out.push('{');
                rest = from;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use super::*;

    #[test]
    fn places_are_filled_once_and_values_are_not_texts() {
        assert_eq!(fill("a {x} {y} {z} {", &[("x", "{y}"), ("y", "b")]), "a {y} b  {");
    }

    #[test]
    fn what_a_button_says_is_understood_when_it_is_typed() {
        use crate::faq::same_words;
        for language in all() {
            let (texts, words) = (&language.forms, &language.form_words);
            for (button, words) in [
                (texts.cancel_button, words.cancel),
                (texts.back_button, words.back),
                (texts.skip_button, words.skip),
            ] {
                let known = words.iter().any(|word| same_words(button, word));
                assert!(known, "{} {button}", language.code);
            }
        }
    }

    #[test]
    fn every_button_fits_and_every_place_is_known() {
        for language in all() {
            let t = &language.forms;
            for button in [
                t.resume_button,
                t.restart_button,
                t.cancel_button,
                t.back_button,
                t.skip_button,
                t.confirm_button,
                t.other_day,
                t.other_time,
                t.look_button,
                t.move_button,
                t.drop_button,
                t.calendar_button,
                t.slot,
            ] {
                let length = button.encode_utf16().count();
                assert!((1..=20).contains(&length), "{} {button}", language.code);
            }
            for (text, place) in [
                (t.resume, "{form}"),
                (t.reminder, "{form}"),
                (t.wrong_text, "{max}"),
                (t.too_small, "{min}"),
                (t.too_big, "{max}"),
                (t.pick_time, "{day}"),
                (t.day_full, "{day}"),
                (t.booked, "{when}"),
                (t.have_booking, "{when}"),
                (t.booking_reminder, "{when}"),
                (t.fits, "{reasons}"),
                (t.points, "{count}"),
                (t.time_not_free, "{time}"),
                (t.photos, "{count}"),
                (t.date, "{w}"),
            ] {
                assert!(text.contains(place), "{} {text}", language.code);
            }
            let longest = fill(t.short_date, &[("w", t.days[2]), ("d", "23"), ("m", "11")]);
            assert!(longest.encode_utf16().count() <= 20, "{longest}");
        }
    }

    #[test]
    fn what_is_understood_in_a_form_means_one_thing_and_is_no_person_and_no_deletion() {
        for language in all() {
            let w = &language.form_words;
            let lists = [w.cancel, w.back, w.skip, w.resume, w.confirm];
            let mut seen = std::collections::BTreeSet::new();
            for word in lists.into_iter().flatten() {
                assert!(seen.insert(*word), "{} has {word:?} twice", language.code);
                assert!(!language.human.contains(word), "{word}");
                assert!(!language.delete.contains(word), "{word}");
            }
            assert!(lists.iter().all(|list| !list.is_empty()), "{}", language.code);
        }
    }
}
