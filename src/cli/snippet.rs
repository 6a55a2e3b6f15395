//! `shopbell snippet`: a link, a button and a QR picture for a web site. Nothing of Meta's is
//! loaded, and there is no script.

use std::path::PathBuf;
use std::process::ExitCode;

use super::check;
use super::doctor::http::{BadBase, Base};
use super::said;
use crate::entry::page_words::words;
use crate::entry::pages::escaped;
use crate::entry::qr;
use crate::meta::ids::PosterCode;
use crate::shop::model::{Lang, Platform};

/// Prints a link, a button and a QR picture for your web site, as HTML.
///
/// They lead through your Worker, so visits are counted as the poster's, and what they open can
/// change later. No script, nothing of Meta's is loaded, no cookie.
#[derive(clap::Args)]
pub struct SnippetArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The poster that stands for the web site.
    #[arg(long, value_name = "CODE")]
    poster: String,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The language of the words; the shop's first, if nothing is said.
    #[arg(long, value_name = "TAG", value_parser = said::language)]
    language: Option<Lang>,
    /// Leads to Instagram.
    #[arg(long)]
    instagram: bool,
}

/// Why there is no snippet.
#[derive(Debug, thiserror::Error)]
enum SnippetError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error("shop.toml has no poster `{0}`: add a [[poster]] with the code \"WEB\", for instance")]
    NoPoster(String),
    #[error("the poster `{0}` is revoked: it would lead to your contact page")]
    Revoked(PosterCode),
    #[error(
        "--url: {0}; write the Worker's address as `shopbell deploy` said it: https://shopbell.<you>.workers.dev"
    )]
    Address(#[from] BadBase),
    #[error("the shop has no Instagram name: add instagram_username to its [[page]]")]
    NoInstagram,
    #[error("the picture cannot be drawn: {0}")]
    Picture(#[from] qr::QrError),
}

/// Prints it.
#[must_use]
pub fn run(args: &SnippetArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &SnippetArgs) -> Result<String, SnippetError> {
    let base = Base::new(&args.url)?;
    let shops = check::load(&args.dir)?;
    let unknown = || SnippetError::NoPoster(args.poster.clone());
    let code = PosterCode::new(args.poster.as_str()).map_err(|_| unknown())?;
    let found = shops.iter().find_map(|shop| Some((shop, shop.poster(&code)?)));
    let (shop, poster) = found.ok_or_else(unknown)?;
    if poster.revoked {
        return Err(SnippetError::Revoked(poster.code.clone()));
    }
    if args.instagram && shop.page.instagram_username.is_none() {
        return Err(SnippetError::NoInstagram);
    }
    let lang = args.language.clone();
    let lang = lang.as_ref().or(poster.language.as_ref()).unwrap_or_else(|| shop.default_lang());
    Ok(html(base.as_str(), &poster.code, lang, args.instagram.then_some(Platform::Instagram))?)
}

fn html(
    url: &str,
    code: &PosterCode,
    lang: &Lang,
    to: Option<Platform>,
) -> Result<String, qr::QrError> {
    let words = words(lang);
    let address = format!("{url}/q/{code}");
    let asks = if to == Some(Platform::Instagram) { "?to=instagram" } else { "" };
    let link = escaped(&format!("{address}{asks}"));
    let (chat, scan) = (escaped(words.chat), escaped(words.scan));
    // The picture is for print and for other people's phones: it is drawn for the plain address.
    let picture = qr::svg(&address, None, qr::PLAIN)?;
    let picture = picture.split_once("<svg").map_or(picture.as_str(), |(_, rest)| rest);
    let tag = escaped(&lang.0);
    Ok(format!(
        "<!-- a link -->\n\
         <a href=\"{link}\" rel=\"nofollow\" lang=\"{tag}\">{chat}</a>\n\n\
         <!-- a button -->\n\
         <a href=\"{link}\" rel=\"nofollow\" lang=\"{tag}\" style=\"display:inline-block;\
         padding:.75em 1.25em;border-radius:999px;background:#0b57d0;color:#fff;\
         font:600 1rem/1.2 system-ui,sans-serif;text-decoration:none\">{chat}</a>\n\n\
         <!-- a QR picture -->\n\
         <figure style=\"display:inline-block;margin:0;text-align:center\" lang=\"{tag}\">\
         <div style=\"width:12rem\"><svg{picture}</div><figcaption>{scan}</figcaption></figure>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_has_no_script_and_nothing_from_elsewhere() {
        let code = PosterCode::new("WEB").unwrap();
        for language in crate::shop::lang::all() {
            let lang = Lang(language.code.to_owned());
            let text = html("https://bell.example", &code, &lang, None).unwrap();
            assert_eq!(text.matches("href=\"https://bell.example/q/WEB\"").count(), 2, "{text}");
            assert!(text.contains("<svg") && text.contains("</svg>"));
            let elsewhere = text
                .replace("https://bell.example/q/WEB", "")
                .replace("http://www.w3.org/2000/svg", "");
            for part in ["<script", "javascript:", "src=", "http", "facebook", "m.me", "onclick"] {
                assert!(!elsewhere.contains(part), "{part} in {text}");
            }
        }
        let lang = Lang("lt".to_owned());
        let text = html("https://bell.example", &code, &lang, Some(Platform::Instagram)).unwrap();
        assert!(text.contains("/q/WEB?to=instagram\"") && text.contains("Susirašykime"));
    }
}
