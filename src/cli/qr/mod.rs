//! `shopbell qr`: the codes of posters as pictures and as sheets to print.
//!
//! - [`wording`]: what is printed around a code; [`colour`]: whether it can be read in the shop's
//!   colours; [`proof`]: draws a code and reads it back.
//! - [`fonts`], [`text`]: letters and lines. [`panel`], [`sheet`]: where everything stands.
//! - [`draw`], [`output`]: the drawing, and the files made of it.
//!
//! Nothing here asks anybody but with `--made`: a code holds an address of the owner's Worker, and what
//! a scan does is decided there.

pub mod colour;
pub mod draw;
pub mod fonts;
pub mod output;
pub mod panel;
pub mod proof;
pub mod sheet;
pub mod text;
pub mod wording;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::colour::{Colour, ColourError, Colours};
use self::draw::{Canvas, Logo};
use self::fonts::{FontError, Fonts};
use self::output::OutputError;
use self::panel::{PanelError, Placed, Print};
use self::proof::ProofError;
use self::sheet::{Labels, Sheet};
use self::wording::Wording;
use super::check::made_up::{self, MadeUp};
use super::check::{self, SHOP_FILE};
use super::doctor::http::{BadBase, Base};
use super::owner::{AskError, Owner};
use super::said;
use crate::entry::qr::Level;
use crate::meta::ids::PosterCode;
use crate::shop::colour::Brand;
use crate::shop::model::{Lang, Poster, Shop};
use crate::shop::source::diagnostic::nearest;

/// The smallest module that printers of offices and phones agree on, mm: five dots at 300 dpi.
const LEAST_MODULE: f64 = 0.4;
/// How far a module can be read from, in modules. A camera that takes 1,920 pixels of 65 degrees
/// has 1,500 for each unit of distance; a reader wants three on a module, and half of that is left
/// for shaking hands and evening light.
const READING_DISTANCE: f64 = 250.0;
/// The width of a picture by itself, mm.
const PICTURE_WIDTH: f64 = 80.0;
/// The width of a PNG that is at least aimed at, pixels: 80 mm at 400 dpi.
const PICTURE_PIXELS: usize = 1_260;

/// What is made of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A picture for a designer, with letters as outlines.
    Svg,
    /// A picture for everybody else.
    Png,
    /// A poster on A4, as PDF.
    A4,
    /// Two table tents on A4, as PDF: cut in the middle, fold across.
    Tent,
    /// A sheet of labels, as PDF.
    Labels,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::A4 => "a4",
            Self::Tent => "tent",
            Self::Labels => "labels",
        }
    }

    const fn is_picture(self) -> bool {
        matches!(self, Self::Svg | Self::Png)
    }

    /// How much of a code may get lost: tents are handled all day and posters hang in the sun; on a
    /// label fewer and bigger modules matter more.
    const fn level(self) -> Level {
        match self {
            Self::Labels => Level::Medium,
            _ => Level::Quartile,
        }
    }
}

/// Draws the codes of posters: sheets to print, table tents, labels, pictures.
///
/// Every code is read back before it is written, also small, blurred, turned and stained. Nothing
/// is asked over the network, but with --made.
#[derive(clap::Args)]
pub struct QrArgs {
    /// Codes of posters, and the folder with the shop.toml. Without a code: every poster.
    #[arg(value_name = "CODE|FOLDER")]
    what: Vec<String>,
    /// What to make.
    #[arg(long = "as", value_enum, default_value = "a4", value_name = "KIND")]
    kind: Kind,
    /// The file to write; with several pictures the folder.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The Worker's address, as it will be printed: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// What modules and words are printed in: #rrggbb. Left out: what [brand] says, or black.
    #[arg(long, value_name = "COLOUR", value_parser = Colour::parse)]
    ink: Option<Colour>,
    /// What they stand on. Left out: what [brand] says, or white.
    #[arg(long, value_name = "COLOUR", value_parser = Colour::parse)]
    background: Option<Colour>,
    /// A picture (SVG, PNG, JPEG) for the middle of the code. Left out: the logo of [brand].
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Leaves the logo of [brand] out.
    #[arg(long, conflicts_with = "logo")]
    no_logo: bool,
    /// Prints posters that were made or aimed with `shopbell poster`, too: asks the Worker at --url,
    /// with ADMIN_TOKEN from the environment.
    #[arg(long)]
    made: bool,
    /// Prints only this language; several in the order they are given.
    #[arg(long = "language", value_name = "TAG", value_parser = said::language)]
    languages: Vec<Lang>,
    /// With --as labels: columns x rows, such as 3x8; or with the size of a label and the gaps in
    /// mm: 3x7:63.5x38.1+2.5x0.
    #[arg(long, value_name = "FORMAT", default_value = "3x8")]
    labels: Labels,
    /// Refuses what cannot be read from so many centimetres.
    #[arg(long, value_name = "CM")]
    distance: Option<u16>,
    /// A font family of this computer.
    #[arg(long, value_name = "FAMILY")]
    font: Option<String>,
    /// Takes the fonts of this folder, and none of this computer's.
    #[arg(long, value_name = "DIR")]
    fonts: Option<PathBuf>,
}

/// Why there is no print.
#[derive(Debug, thiserror::Error)]
enum QrArgsError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error("nothing is printed for a Page that is made up: {0}")]
    MadeUp(#[from] MadeUp),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Made(#[from] super::poster::PosterError),
    #[error("the shop has no poster {code:?}{near}: {known}")]
    NoPoster { code: String, near: String, known: String },
    #[error("the shop has no posters that still lead anywhere: write a [[poster]] in shop.toml")]
    NoPosters,
    #[error(
        "poster {0} is revoked: a scan leads to the page with your phone number. Print another code, or take revoked = true out of shop.toml"
    )]
    Revoked(String),
    #[error(
        "--url: {0}; write the Worker's address as `shopbell deploy` said it: https://shopbell.<you>.workers.dev"
    )]
    Address(BadBase),
    #[error("--url: `{0}` is not https, and phones warn of it; print the https address")]
    Open(String),
    #[error(transparent)]
    Colour(#[from] ColourError),
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is no SVG, PNG or JPEG picture: save the logo as one of these", .0.display())]
    NoLogo(PathBuf),
    #[error(transparent)]
    Font(#[from] FontError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Panel(#[from] PanelError),
    #[error(
        "{code}: {kind} is too small for its code: a module would be {module:.2} mm wide, and most \
         printers smear below {LEAST_MODULE} mm. Take bigger labels, or a shorter address"
    )]
    TooSmall { code: String, kind: String, module: f64 },
    #[error(
        "{code} can be read from {reach} cm and not from {wanted} cm: its modules are {module:.2} mm \
         wide, and {needed:.2} mm are needed. Print it bigger (--as a4), or have the A4 poster \
         enlarged {times:.1} times"
    )]
    TooFar { code: String, reach: u32, wanted: u16, module: f64, needed: f64, times: f64 },
    #[error("{} would be {is}: call it .{is}, or say what it is to be with --as {meant}", path.display())]
    Name { path: PathBuf, is: &'static str, meant: &'static str },
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("cannot write {}: {source}", .path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
}

/// Draws and writes.
#[must_use]
pub fn run(args: &QrArgs) -> ExitCode {
    super::printed(print(args))
}

fn print(args: &QrArgs) -> Result<String, QrArgsError> {
    fitting(args)?;
    let (dir, codes) = folder_and_codes(&args.what);
    if let Some(last) = no_folder(&dir, &codes) {
        let dir = PathBuf::from(last);
        return Err(check::LoadError::None { dir }.into());
    }
    let base = Base::new(&args.url).map_err(|error| match error {
        BadBase::Open(url) => QrArgsError::Open(url),
        other => QrArgsError::Address(other),
    })?;
    let mut shops = check::load(&dir)?;
    // Nobody else can open what leads to this computer.
    if !base.is_loopback() {
        made_up::real(&shops, &check::read(&dir)?.1)?;
    }
    if args.made {
        put_up(&mut shops, &args.url)?;
    }
    let colours = colours(args, &shops)?;
    let chosen = posters(&shops, &codes, args.made)?;
    let only = &args.languages;
    let speaks = |shop: &Shop, lang: &Lang| shop.languages.iter().any(|own| own.same_tag(lang));
    for lang in only.iter().filter(|lang| !chosen.iter().any(|(shop, _)| speaks(shop, lang))) {
        eprintln!(
            "warning: the shop does not speak {}: whoever scans is answered in another language",
            lang.0
        );
    }
    let of_shop = shops.iter().find_map(|shop| shop.brand.as_ref()?.logo.as_ref());
    let of_shop = of_shop.filter(|_| !args.no_logo).map(|name| check::beside(&dir, name));
    let logo = args.logo.clone().or(of_shop).as_deref().map(logo).transpose()?;
    let fonts = Fonts::find(args.fonts.as_deref(), args.font.as_deref())?;

    let mut drawn = Vec::new();
    for (shop, poster) in &chosen {
        let target = base.join(&format!("/q/{}", poster.code));
        let code = proof::code(&target, args.kind.level(), logo.as_ref(), colours)?;
        let print = Print { code, wording: Wording::of(shop, poster, only) };
        let (sheet, placed) = draw(args, &fonts, &print, colours)?;
        big_enough(args, &print.wording.code, placed)?;
        drawn.push(Drawn { sheet, placed, print });
    }
    let mut told = write(args, &fonts, &drawn)?;
    for drawn in &drawn {
        told += &told_of(drawn);
    }
    if base.is_loopback() {
        eprintln!(
            "warning: {} is this computer: nobody else can open what is printed",
            base.as_str()
        );
    }
    Ok(told)
}

/// What is asked for, else what the shop says, else black on white.
fn colours(args: &QrArgs, shops: &[Shop]) -> Result<Colours, ColourError> {
    let brand = shops.iter().find_map(|shop| shop.brand.as_ref());
    let plain = Colours { ink: Colour::BLACK, background: Colour::WHITE };
    let own = brand.map_or(plain, Brand::colours);
    colour::readable(Colours {
        ink: args.ink.unwrap_or(own.ink),
        background: args.background.unwrap_or(own.background),
    })
}

/// Puts up the posters that were made or aimed without `shop.toml`, as the Worker has them.
fn put_up(shops: &mut [Shop], url: &str) -> Result<(), QrArgsError> {
    let owner = Owner::of(url)?;
    for shop in shops {
        let made = super::poster::made(&owner, &shop.page.id)?;
        shop.put_up(made);
    }
    Ok(())
}

/// A code with everything around it.
struct Drawn {
    sheet: Sheet,
    placed: Placed,
    print: Print,
}

/// The folder that is meant where none is named.
const HERE: &str = ".";

/// The last of the arguments is the folder, if there is a shop in it; the others are codes.
fn folder_and_codes(what: &[String]) -> (PathBuf, Vec<String>) {
    if let [codes @ .., last] = what {
        let path = Path::new(last);
        if path.is_file() || path.join(SHOP_FILE).is_file() || last.contains(['/', '.']) {
            return (path.to_owned(), codes.to_vec());
        }
    }
    (PathBuf::from(HERE), what.to_vec())
}

/// A file's name says what is in it.
fn fitting(args: &QrArgs) -> Result<(), QrArgsError> {
    let Some(path) = &args.out else { return Ok(()) };
    let is = match args.kind {
        Kind::Svg => "svg",
        Kind::Png => "png",
        Kind::A4 | Kind::Tent | Kind::Labels => "pdf",
    };
    let named = path.extension().and_then(|ext| ext.to_str()).map(str::to_ascii_lowercase);
    let meant = match named.as_deref() {
        Some("svg") => "svg",
        Some("png") => "png",
        Some("pdf") => "a4",
        _ => return Ok(()),
    };
    // A folder may be called anything.
    if named.as_deref() == Some(is) || path.is_dir() {
        return Ok(());
    }
    Err(QrArgsError::Name { path: path.clone(), is, meant })
}

/// What was said in the place of a code, where no folder was named and there is no shop here: most
/// likely a folder.
fn no_folder<'a>(dir: &Path, codes: &'a [String]) -> Option<&'a str> {
    let here = Path::new(HERE);
    let nowhere = dir == here && !here.join(SHOP_FILE).is_file();
    codes.last().map(String::as_str).filter(|_| nowhere)
}

/// The posters with these codes, or all that still lead anywhere.
fn posters<'s>(
    shops: &'s [Shop],
    codes: &[String],
    made: bool,
) -> Result<Vec<(&'s Shop, &'s Poster)>, QrArgsError> {
    // A poster may hang for several Pages.
    let mut seen = BTreeSet::new();
    let all: Vec<_> = shops
        .iter()
        .flat_map(|shop| shop.posters.iter().map(move |poster| (shop, poster)))
        .filter(|(_, poster)| seen.insert(poster.code.as_str()))
        .collect();
    if codes.is_empty() {
        let live: Vec<_> = all.into_iter().filter(|(_, poster)| !poster.revoked).collect();
        return if live.is_empty() { Err(QrArgsError::NoPosters) } else { Ok(live) };
    }
    let found = codes.iter().map(|text| {
        let code = PosterCode::new(text.clone()).ok();
        let found =
            code.and_then(|code| shops.iter().find_map(|shop| Some((shop, shop.poster(&code)?))));
        let Some((shop, poster)) = found else {
            let known: Vec<&str> = all.iter().map(|(_, poster)| poster.code.as_str()).collect();
            return Err(QrArgsError::NoPoster {
                code: text.clone(),
                near: nearest(text, known.iter().copied())
                    .map(|near| format!(" (do you mean {near}?)"))
                    .unwrap_or_default(),
                known: match (known.is_empty(), made) {
                    (true, _) => "write a [[poster]] in shop.toml".to_owned(),
                    (false, true) => format!("it has {}", known.join(", ")),
                    (false, false) => format!(
                        "it has {}; --made asks the Worker for what `shopbell poster` made",
                        known.join(", ")
                    ),
                },
            });
        };
        if poster.revoked {
            return Err(QrArgsError::Revoked(poster.code.to_string()));
        }
        Ok((shop, poster))
    });
    found.collect()
}

fn logo(path: &Path) -> Result<Logo, QrArgsError> {
    let bytes = std::fs::read(path)
        .map_err(|source| QrArgsError::Unreadable { path: path.to_owned(), source })?;
    Logo::of(&bytes).ok_or_else(|| QrArgsError::NoLogo(path.to_owned()))
}

fn draw(
    args: &QrArgs,
    fonts: &Fonts,
    print: &Print,
    colours: Colours,
) -> Result<(Sheet, Placed), PanelError> {
    match args.kind {
        Kind::A4 => sheet::poster(fonts, print, colours),
        Kind::Tent => sheet::tents(fonts, print, colours),
        Kind::Labels => args.labels.sheet(fonts, print, colours),
        Kind::Svg | Kind::Png => {
            let mut canvas = Canvas::new(colours);
            let (height, placed) = panel::picture(&mut canvas, fonts, print, PICTURE_WIDTH)?;
            let svg = canvas.svg(PICTURE_WIDTH, height);
            Ok((Sheet { size: (PICTURE_WIDTH, height), svg }, placed))
        }
    }
}

/// How far away a module can be read, in centimetres.
fn reach(module: f64) -> u32 {
    (module * READING_DISTANCE / 10.0) as u32
}

fn big_enough(args: &QrArgs, code: &str, placed: Placed) -> Result<(), QrArgsError> {
    let module = placed.module;
    if module < LEAST_MODULE {
        let kind = match args.kind {
            Kind::Labels => format!("a label of {}", args.labels),
            kind => kind.name().to_owned(),
        };
        return Err(QrArgsError::TooSmall { code: code.to_owned(), kind, module });
    }
    // A picture by itself can be printed in any size.
    let Some(wanted) = args.distance.filter(|_| !args.kind.is_picture()) else { return Ok(()) };
    let needed = f64::from(wanted) * 10.0 / READING_DISTANCE;
    if module < needed {
        return Err(QrArgsError::TooFar {
            code: code.to_owned(),
            reach: reach(module),
            wanted,
            module,
            needed,
            times: needed / module,
        });
    }
    Ok(())
}

fn write(args: &QrArgs, fonts: &Fonts, drawn: &[Drawn]) -> Result<String, QrArgsError> {
    let database = fonts.database();
    let name = args.kind.name();
    if !args.kind.is_picture() {
        let (Some(first), sheets) =
            (drawn.first(), drawn.iter().map(|drawn| drawn.sheet.clone()).collect::<Vec<_>>())
        else {
            return Ok(String::new());
        };
        let wording = &first.print.wording;
        let usual = match drawn {
            [one] => format!("{}-{name}.pdf", one.print.wording.code),
            _ => format!("posters-{name}.pdf"),
        };
        let path = args.out.clone().unwrap_or_else(|| PathBuf::from(usual));
        let bytes = output::pdf(&sheets, &database, &wording.name, &wording.lang.0)?;
        save(&path, &bytes)?;
        return Ok(format!("wrote {}: {}\n", path.display(), check::counted(sheets.len(), "page")));
    }
    let mut told = String::new();
    for one in drawn {
        let file = format!("{}.{name}", one.print.wording.code);
        let path = match (&args.out, drawn) {
            (Some(out), [_]) if !out.is_dir() => out.clone(),
            (Some(out), _) => {
                std::fs::create_dir_all(out)
                    .map_err(|source| QrArgsError::Unwritable { path: out.clone(), source })?;
                out.join(file)
            }
            (None, _) => PathBuf::from(file),
        };
        let bytes = match args.kind {
            Kind::Svg => output::outlined(&one.sheet, &database)?.into_bytes(),
            _ => {
                // Whole pixels for each module: edges stay sharp.
                let modules = one.print.code.symbol.side();
                let pixels = PICTURE_PIXELS.div_ceil(modules) * modules;
                output::png(&one.sheet, &database, pixels as f64 / PICTURE_WIDTH)?
            }
        };
        save(&path, &bytes)?;
        let _ = writeln!(told, "wrote {}", path.display());
    }
    Ok(told)
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), QrArgsError> {
    std::fs::write(path, bytes)
        .map_err(|source| QrArgsError::Unwritable { path: path.to_owned(), source })
}

/// "WINDOW: modules of 3.9 mm, read from up to 97 cm".
fn told_of(drawn: &Drawn) -> String {
    let (wording, module) = (&drawn.print.wording, drawn.placed.module);
    let mut told = format!(
        "{}: modules of {module:.2} mm, read from up to {} cm",
        wording.code,
        reach(module)
    );
    if let Some((_, size)) = &drawn.print.code.logo {
        let _ = write!(told, "; logo {:.0} mm wide", *size as f64 * module);
    }
    let left: Vec<&str> = wording
        .spoken
        .iter()
        .skip(drawn.placed.languages)
        .map(|spoken| spoken.lang.0.as_str())
        .collect();
    if !left.is_empty() {
        let _ = write!(told, "; no room for {}", left.join(", "));
    }
    told + "\n"
}
