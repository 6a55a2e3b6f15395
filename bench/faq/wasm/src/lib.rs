//! The matcher behind functions that need no bindings: `room` for bytes, `train` a model from them
//! or `load` one, `ask` a question. What was made is read back out of the same room.

// Not everything that the library shows is used here.
#[allow(dead_code, unused_imports)]
#[path = "../../../../src/faq/mod.rs"]
mod faq;

#[allow(dead_code)]
#[path = "../../../../src/meta/ids.rs"]
mod ids;

mod meta {
    pub(crate) use crate::ids;
}

/// What the matcher takes from `shop::model`, which would bring the rest along.
#[allow(dead_code)]
mod shop {
    pub mod model {
        use std::collections::BTreeMap;

        use crate::meta::ids::FaqId;

        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct Lang(pub String);

        #[derive(Clone, Copy)]
        pub enum Eagerness {
            Cautious,
            Normal,
            Eager,
        }

        #[derive(Debug, PartialEq)]
        pub struct FaqEntry {
            pub id: FaqId,
            pub ask: BTreeMap<Lang, Vec<String>>,
            pub keywords: BTreeMap<Lang, Vec<String>>,
        }
    }
}

use std::cell::RefCell;

use faq::{Example, Match, Model};
use meta::ids::FaqId;
use shop::model::{Eagerness, Lang};

thread_local! {
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static MODEL: RefCell<Option<Model>> = const { RefCell::new(None) };
    static FOUND: RefCell<Option<Match>> = const { RefCell::new(None) };
}

/// Makes room for `length` bytes, and says where it is.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    ROOM.with_borrow_mut(|room| {
        room.clear();
        room.resize(length, 0);
        room.as_mut_ptr()
    })
}

/// Loads the model in the room; 1 when it is one.
#[unsafe(no_mangle)]
pub extern "C" fn load() -> usize {
    let model = Model::load(ROOM.with_borrow(Clone::clone)).ok();
    let loaded = usize::from(model.is_some());
    MODEL.set(model);
    loaded
}

/// Trains on the lines in the room, `entry, tab, language, tab, text` each, and puts the model in
/// their place; says how long it is.
#[unsafe(no_mangle)]
pub extern "C" fn train() -> usize {
    let lines = ROOM.with_borrow(|room| String::from_utf8_lossy(room).into_owned());
    let rows: Vec<(FaqId, Option<Lang>, &str)> = lines
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, '\t');
            let (entry, lang) = (parts.next()?, parts.next()?);
            Some((FaqId::new(entry).ok()?, some(lang), parts.next()?))
        })
        .collect();
    let rows = rows.iter();
    put(faq::train(rows.map(|(entry, lang, text)| Example { entry, lang: lang.as_ref(), text })))
}

/// Asks what is in the room: the person's language or nothing, a line's end, the question.
#[unsafe(no_mangle)]
pub extern "C" fn ask() {
    let found = ROOM.with_borrow(|room| {
        let (lang, text) = std::str::from_utf8(room).ok()?.split_once('\n')?;
        let lang = some(lang);
        MODEL.with_borrow(|model| {
            Some(model.as_ref()?.answer(text, lang.as_ref(), Eagerness::Normal))
        })
    });
    FOUND.set(found);
}

/// Puts what was found last into the room, to the bit; says how long it is.
#[unsafe(no_mangle)]
pub extern "C" fn found() -> usize {
    let bits = FOUND.with_borrow(|found| found.as_ref().map(Match::bits));
    put(bits.unwrap_or_default().into_bytes())
}

fn put(bytes: Vec<u8>) -> usize {
    let length = bytes.len();
    ROOM.set(bytes);
    length
}

fn some(lang: &str) -> Option<Lang> {
    (!lang.is_empty()).then(|| Lang(lang.to_owned()))
}

/// Where the room is.
#[unsafe(no_mangle)]
pub extern "C" fn place() -> *const u8 {
    ROOM.with_borrow(Vec::as_ptr)
}
