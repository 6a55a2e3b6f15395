//! Which wording of a notification somebody gets: always the same one, by a hash of the person and
//! the notification. No chance, and no table.

use sha2::{Digest, Sha256};

use crate::meta::ids::Psid;
use crate::shop::model::Notification;

/// The number of a person's wording, of [`Notification::wordings`].
#[must_use]
pub fn number(notification: &Notification, person: &Psid) -> usize {
    let digest = Sha256::digest(format!("{}\n{person}", notification.id));
    let hash = digest.iter().take(8).fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
    let wordings = u64::try_from(notification.wordings()).unwrap_or(1);
    let number = hash.checked_rem(wordings).unwrap_or(0);
    usize::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wordings_are_shared_out_evenly_and_stay_with_their_people() {
        let shop = crate::shop::source::compile(
            "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\ncountry = \"LT\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n[[poster]]\ncode = \"D\"\ntopic = \"t\"\n\
             [[topic]]\nid = \"t\"\ntitle.en = \"T\"\npromise = \"daily\"\n\
             [privacy]\ncontroller = \"A\"\ncontact = \"a\"\nlegal_basis = \"consent\"\n\
             keep_receipts_months = 1\n[[notification]]\nid = \"n\"\ntopic = \"t\"\n\
             text.en = \"A.\"\nschedule = { every = \"day\", at = \"09:00\" }\n\
             [[notification.variant]]\nname = \"b\"\ntext.en = \"B.\"\n\
             [[notification.variant]]\nname = \"c\"\ntext.en = \"C.\"\n",
        );
        assert!(!shop.has_errors(), "{:?}", shop.diagnostics);
        let notification = &shop.shops[0].notifications[0];
        let mut counts = [0_u32; 3];
        for n in 0..3_000 {
            let person = Psid::new(format!("7000{n}")).unwrap();
            let its = number(notification, &person);
            assert_eq!(its, number(notification, &person));
            counts[its] += 1;
        }
        // 1000 each, within five standard deviations (26).
        assert!(counts.iter().all(|count| (870..=1_130).contains(count)), "{counts:?}");
        let names: Vec<_> = (0..3).map(|n| notification.said(n).variant.unwrap()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
