//! Meta's pages that an owner has to visit, as data: Meta moves them (as of November 2026).

/// A page of Meta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetaPage {
    /// What it is called there.
    pub name: &'static str,
    /// Its address; `{app}` is the app's id, `{page}` the Page's.
    pub address: &'static str,
}

impl MetaPage {
    /// Its address for an app and a Page; with neither, a page that leads on.
    #[must_use]
    pub fn of(self, app: &str, page: &str) -> String {
        if self.address.contains("{app}") && app.is_empty() {
            return APPS.address.to_owned();
        }
        self.address.replace("{app}", app).replace("{page}", page)
    }
}

/// All apps of whoever is logged in; makes new ones.
pub const APPS: MetaPage =
    MetaPage { name: "Apps", address: "https://developers.facebook.com/apps/" };

/// The app's id and secret.
pub const APP_SETTINGS: MetaPage = MetaPage {
    name: "App settings > Basic",
    address: "https://developers.facebook.com/apps/{app}/settings/basic/",
};

/// Where a Page's token is made.
pub const MESSENGER: MetaPage = MetaPage {
    name: "Messenger > Settings",
    address: "https://developers.facebook.com/apps/{app}/messenger/settings/",
};

/// Where the app's webhooks are shown.
pub const WEBHOOKS: MetaPage =
    MetaPage { name: "Webhooks", address: "https://developers.facebook.com/apps/{app}/webhooks/" };

/// The Page's own accounts, Instagram's among them.
pub const LINKED: MetaPage = MetaPage {
    name: "Page settings > Linked accounts",
    address: "https://www.facebook.com/{page}/settings/?tab=linked_accounts",
};

/// Where system users and their tokens are made.
pub const SYSTEM_USERS: MetaPage = MetaPage {
    name: "Business settings > System users",
    address: "https://business.facebook.com/settings/system-users",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_complete_or_leads_to_the_list_of_apps() {
        for page in [APPS, APP_SETTINGS, MESSENGER, WEBHOOKS, LINKED] {
            for app in ["", "123"] {
                let address = page.of(app, "456");
                assert!(address.starts_with("https://") && !address.contains('{'), "{address}");
                assert!(!address.contains("//settings"), "{address}");
            }
        }
        assert!(MESSENGER.of("123", "").contains("/123/"));
        assert!(SYSTEM_USERS.of("", "").starts_with("https://business.facebook.com"));
    }
}
