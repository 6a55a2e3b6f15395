//! The matcher behind three functions that need no bindings: `room` for bytes, `load` a model from
//! them, `ask` a question from them. What `ask` found is read back out of the same room.

use std::cell::RefCell;

use shopbell::faq::{Match, Model};
use shopbell::shop::model::Eagerness;

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

/// Asks what is in the room.
#[unsafe(no_mangle)]
pub extern "C" fn ask() {
    let found = ROOM.with_borrow(|room| {
        let text = std::str::from_utf8(room).unwrap_or_default();
        MODEL.with_borrow(|model| Some(model.as_ref()?.answer(text, None, Eagerness::Normal)))
    });
    FOUND.set(found);
}

/// Puts what was found last into the room, as `bench/faq.rs answers` prints it; says how long it is.
#[unsafe(no_mangle)]
pub extern "C" fn found() -> usize {
    let found = FOUND.with_borrow(|found| {
        let Some(found) = found else { return String::new() };
        let candidates = found.candidates.iter();
        let bits = candidates.map(|one| format!("{} {:08x}", one.entry.as_str(), one.p.to_bits()));
        let bits: Vec<String> = bits.collect();
        format!("{:?} {:?} {}", found.decision, found.doubt, bits.join(" "))
    });
    let length = found.len();
    ROOM.set(found.into_bytes());
    length
}

/// Where the room is.
#[unsafe(no_mangle)]
pub extern "C" fn place() -> *const u8 {
    ROOM.with_borrow(Vec::as_ptr)
}
