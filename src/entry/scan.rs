//! Whether a request for a poster's link is somebody's scan, and how many of one address count.
//!
//! What previews, crawls or prefetches a link has scanned nothing. It is redirected like anybody
//! else; it is only not counted. In doubt it counts: an owner would rather have one too many than a
//! customer whose phone is not believed.

use super::throttle::Allowance;
use crate::time::SECOND;

/// What a request says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `HEAD`: somebody looks where the link leads.
    pub head_only: bool,
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Purpose`, `Sec-Purpose`, `X-Purpose` and `X-Moz`, one after another.
    pub purpose: &'a str,
    /// `Sec-Fetch-Dest`; browsers send `document` for a page that is opened.
    pub destination: &'a str,
}

/// Programs that fetch links and are no phones: what their `User-Agent` holds, in small letters.
/// Meta's and the messengers' own previews, search engines, and tools.
const PROGRAMS: [&str; 31] = [
    "facebookexternalhit",
    "facebookcatalog",
    "facebot",
    "meta-external",
    "whatsapp/",
    "skypeuripreview",
    "slack-imgproxy",
    "viber/",
    "line-poker",
    "linespider",
    "kakaotalk-scrap",
    "snap url preview",
    "bingpreview",
    "google-inspectiontool",
    "google-safety",
    "mediapartners-google",
    "headlesschrome",
    "lighthouse",
    "curl/",
    "wget/",
    "python-",
    "go-http-client",
    "java/",
    "libwww",
    "axios/",
    "node-fetch",
    "undici",
    "crawler",
    "spider",
    "preview",
    "scraper",
];

/// Whether a person's phone or computer has opened the link.
#[must_use]
pub fn is_scan(request: &Request<'_>) -> bool {
    let purpose = request.purpose.to_ascii_lowercase();
    let ahead = ["prefetch", "prerender", "preview"].iter().any(|word| purpose.contains(word));
    let opened = matches!(request.destination, "" | "document" | "iframe");
    !request.head_only && !ahead && opened && !is_program(request.user_agent)
}

/// Whether a `User-Agent` is a program's. Browsers always send one.
fn is_program(user_agent: &str) -> bool {
    let agent = user_agent.to_ascii_lowercase();
    agent.trim().is_empty() || PROGRAMS.iter().any(|name| agent.contains(name)) || is_bot(&agent)
}

/// Whether a word of it ends in "bot" (`Twitterbot/1.0`, `bot;`). Cubot makes phones.
fn is_bot(agent: &str) -> bool {
    agent
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.ends_with("bot") && word != "cubot")
}

/// Scans of one address that count. A shop's own Wi-Fi is one address.
pub const COUNTED: Allowance = Allowance { at_once: 600, one_every_ms: 2 * SECOND };

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user_agent: &str) -> Request<'_> {
        Request { user_agent, ..Request::default() }
    }

    #[test]
    fn phones_scan() {
        for agent in [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Linux; Android 16; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/540.0.0;FBBV/1;FBDV/iPhone17,1]",
            "Mozilla/5.0 (Linux; Android 16; Pixel 9 Build/BP3A; wv) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36 Instagram 400.0.0.0 Android",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/15.1.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        ] {
            assert!(is_scan(&of(agent)), "{agent}");
            assert!(is_scan(&Request { destination: "document", ..of(agent) }));
        }
    }

    #[test]
    fn previews_crawlers_and_tools_do_not() {
        for agent in [
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "facebookexternalhit/1.1;line-poker/1.0",
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "WhatsApp/2.25.1 A",
            "TelegramBot (like TwitterBot)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
            "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/142.0.0.0 Safari/537.36",
            "Viber/24.0",
            "curl/8.9.1",
            "",
            "  ",
        ] {
            assert!(!is_scan(&of(agent)), "{agent}");
        }
        let phone = of("Mozilla/5.0 (iPhone)");
        assert!(is_scan(&phone));
        assert!(!is_scan(&Request { head_only: true, ..phone }));
        for purpose in ["prefetch", "prefetch;prerender", " Prefetch", "preview"] {
            assert!(!is_scan(&Request { purpose, ..phone }), "{purpose}");
        }
        for destination in ["image", "empty", "script"] {
            assert!(!is_scan(&Request { destination, ..phone }), "{destination}");
        }
    }
}
