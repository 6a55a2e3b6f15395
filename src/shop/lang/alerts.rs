//! What the owner is told when something is wrong; what is known of it follows in brackets.

/// What is wrong, in sentences for the owner.
#[derive(Debug)]
pub struct AlertTexts {
    /// Meta refuses the Page's token, a permission or the Page.
    pub halted: &'static str,
    /// KV takes no writes.
    pub kv_refuses: &'static str,
    /// The quota of the day is nearly used up.
    pub kv_quota: &'static str,
    /// Meta's list of tokens cannot be trusted.
    pub token_list: &'static str,
    /// Comes before one of these when it is over.
    pub over: &'static str,
}
