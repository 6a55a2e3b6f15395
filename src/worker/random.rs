//! Randomness. The pure rooms have none: it goes in as an argument.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(into: &Uint8Array) -> Result<JsValue, JsValue>;
}

/// 128 bits that nobody can guess. Zeros only if the runtime has none to give, which it always
/// has inside a request.
pub fn bits128() -> [u8; 16] {
    let array = Uint8Array::new_with_length(16);
    let mut bits = [0; 16];
    if get_random_values(&array).is_ok() {
        array.copy_to(&mut bits);
    }
    bits
}
