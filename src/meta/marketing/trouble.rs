//! Whom an error of the Marketing Message API is about.
//!
//! Meta gives 2300053 to 2300079 two lists of meanings (the changelog of 31 March 2026 differs from
//! the reference of 24 April), so nothing hangs on those numbers alone: they count as trouble of the
//! campaign, which is tried again later, and the class decides the rest.

use crate::meta::graph_error::{Class, Failure};

/// Whom an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This person or this message: nobody else has to wait.
    Person,
    /// The campaign: it is not ready, or its pace or budget is used up. Everything that is paid
    /// waits.
    Campaign,
    /// The account, the token or the terms: only the owner can mend it. What is paid is off until
    /// the doctor has proved it again; what is free goes on.
    Account,
}

/// Codes that are about one person or one message though their class could be anybody's: too soon
/// for this person, and the caps on how much one person gets (Meta, Marketing Message API error
/// codes, 24 April 2026).
const OF_PERSON: [u32; 5] = [2_300_034, 2_300_035, 2_300_042, 2_300_043, 2_300_044];

/// Whom a failure is about.
#[must_use]
pub fn trouble(failure: &Failure) -> Trouble {
    let of_person = |code: &u32| OF_PERSON.contains(code);
    if failure.code.as_ref().is_some_and(of_person)
        || failure.subcode.as_ref().is_some_and(of_person)
    {
        return Trouble::Person;
    }
    match failure.class {
        Class::Permission | Class::TokenInvalid | Class::PageRestricted => Trouble::Account,
        Class::NotYet | Class::SlowPage => Trouble::Campaign,
        _ => Trouble::Person,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::graph_error::{Reply, Verdict, judge};

    #[test]
    fn each_error_is_about_somebody() {
        for (code, expected) in [
            (2_300_000, Trouble::Campaign),
            (2_300_003, Trouble::Campaign),
            (2_300_004, Trouble::Person),
            (2_300_011, Trouble::Account),
            (2_300_012, Trouble::Campaign),
            (2_300_015, Trouble::Campaign),
            (2_300_019, Trouble::Account),
            (2_300_026, Trouble::Person),
            (2_300_028, Trouble::Campaign),
            (2_300_030, Trouble::Account),
            (2_300_034, Trouble::Person),
            (2_300_035, Trouble::Person),
            (2_300_037, Trouble::Person),
            (2_300_043, Trouble::Person),
            (2_300_055, Trouble::Campaign),
            (2_300_078, Trouble::Campaign),
            (190, Trouble::Account),
            (200, Trouble::Account),
            (613, Trouble::Campaign),
            (100, Trouble::Person),
            (999_999, Trouble::Person),
        ] {
            let body = format!(r#"{{"error":{{"message":"x","code":{code}}}}}"#);
            let reply = Reply { status: 400, retry_after_s: None, body: body.as_bytes() };
            let Verdict::Failed(failure) = judge(&reply) else { panic!("{code}") };
            assert_eq!(trouble(&failure), expected, "{code}");
        }
    }
}
