//! Who somebody is, as Meta tells it, on the real bundle: asked once, waited for by greetings
//! only, and never for long.

use crate::common::{CAFE, Setup, Stage, alone, until};
use shopbell::cli::sandbox::{Act, Call, Fault, FaultKind, ProfileAccess};

/// The questions that were asked about a person.
fn questions(stage: &Stage, psid: &str) -> Vec<Call> {
    let about = |call: &Call| call.method == "GET" && call.path == psid;
    stage.sandbox.calls_for(psid).into_iter().filter(about).collect()
}

fn named(stage: &Stage, name: &str, access: ProfileAccess) -> String {
    let psid = stage.person(CAFE);
    stage.sandbox.change_person(&psid, |person| {
        person.name = name.to_owned();
        person.profile = access;
    });
    psid
}

#[test]
fn names_are_asked_for_once_and_held_up_by_nothing() {
    alone(Setup::cafe("profile"), async |stage| {
        // The very first words greet by name.
        let ona = named(stage, "Ona Petrauskė", ProfileAccess::Open);
        let said = stage.does(&ona, Act::GetStarted).await;
        assert!(said[0].contains("Ona"), "{said:?}");
        assert!(!said[0].contains('\u{e000}'), "{said:?}");
        let asked = questions(stage, &ona);
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(asked[0].query["fields"].contains("first_name"));
        let said = stage.does(&ona, Act::GetStarted).await;
        assert!(said[0].contains("Ona"), "{said:?}");
        assert_eq!(questions(stage, &ona).len(), 1, "once");

        // Nobody told a name: the greeting does without, and nobody asks again.
        for access in [ProfileAccess::Denied, ProfileAccess::Empty] {
            let silent = named(stage, "Tom Becker", access);
            for _ in 0..2 {
                let said = stage.does(&silent, Act::GetStarted).await;
                assert!(!said[0].contains("Tom") && !said[0].contains('{'), "{said:?}");
            }
            assert_eq!(questions(stage, &silent).len(), 1, "{access:?}");
        }

        // Meta is slow: the greeting leaves after a second, the name is there for the next one.
        let kate = named(stage, "Kate Byrne", ProfileAccess::Open);
        stage.sandbox.fault(Fault {
            all_calls: true,
            person: Some(kate.clone()),
            ms: 2_000,
            ..Fault::next(FaultKind::Slow, 1)
        });
        let said = stage.does(&kate, Act::GetStarted).await;
        assert!(!said[0].contains("Kate"), "{said:?}");
        until("the name", || async { stage.count(CAFE, "profile.known").await == 2 }).await;
        let said = stage.does(&kate, Act::GetStarted).await;
        assert!(said[0].contains("Kate"), "{said:?}");

        // Whoever asks to be forgotten is not asked about any more.
        stage.says(&kate, "delete my data").await;
        let yes =
            Act::QuickReply { title: "Yes".to_owned(), payload: Some("sb:delete".to_owned()) };
        stage.does(&kate, yes).await;
        let said = stage.does(&kate, Act::GetStarted).await;
        assert!(!said[0].contains("Kate"), "{said:?}");
        assert_eq!(questions(stage, &kate).len(), 1);
        for name in ["Ona", "Kate", "Petrauskė"] {
            assert!(!stage.worker.log().contains(name), "names are not logged");
        }
    });
}
