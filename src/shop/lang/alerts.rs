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
    /// Meta had stopped sending the Page's messages.
    pub unsubscribed: &'static str,
    /// The Page's token ends soon.
    pub token_ends: &'static str,
    /// The token may not do what the shop needs.
    pub permissions: &'static str,
    /// The Page is not published.
    pub hidden: &'static str,
    /// The day takes nearly all that the plan gives.
    pub quota: &'static str,
    /// A rule of Meta's ends soon.
    pub rule_ends: &'static str,
    /// The version of the Graph API ends soon.
    pub version_ends: &'static str,
    /// The previous signing key ends soon.
    pub key_ends: &'static str,
    /// The scheduled trigger does not come.
    pub cron: &'static str,
    /// Comes before one of these when it is over.
    pub over: &'static str,
}
