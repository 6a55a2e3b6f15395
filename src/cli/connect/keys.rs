//! Secrets of the Worker's own, made here from the randomness of the operating system.

/// Bytes of a key; twice as many hexadecimal digits.
const BYTES: usize = 32;

/// 32 random bytes in hexadecimal digits.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_are_the_same_and_each_is_long_enough_for_an_admin_token() {
        let (one, other) = (super::random().unwrap(), super::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
    }
}
