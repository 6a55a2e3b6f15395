//! Which font has the letters of a text, and how wide a text is in it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ttf_parser::Face;
use usvg::fontdb::{Database, Family, ID, Query, Stretch, Style, Weight};

use crate::shop::model::Lang;

/// Families looked for first, best first: those made for print and signs, then what systems bring.
const LATIN: [&str; 12] = [
    "Noto Sans",
    "Source Sans 3",
    "Open Sans",
    "Inter",
    "Roboto",
    "Lato",
    "Segoe UI",
    "Helvetica Neue",
    "Arial",
    "Liberation Sans",
    "DejaVu Sans",
    "FreeSans",
];
/// The same sign is drawn differently in each of these places, so each has fonts of its own.
const TRADITIONAL: [&str; 6] = [
    "Noto Sans TC",
    "Noto Sans CJK TC",
    "Source Han Sans TC",
    "PingFang TC",
    "Microsoft JhengHei",
    "Droid Sans Fallback",
];
const SIMPLIFIED: [&str; 8] = [
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
];
const JAPANESE: [&str; 5] =
    ["Noto Sans JP", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", "Droid Sans Fallback"];
const KOREAN: [&str; 4] =
    ["Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic"];

/// Why a text cannot be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    /// There is nothing to print with.
    #[error("{} no font: {}", .searched, GET_FONTS)]
    None {
        /// Where was looked.
        searched: Searched,
    },
    /// The owner asked for a family that is not there.
    #[error(
        "{searched} no font family {family:?}: leave --font out, or write a name from `fc-list : family`"
    )]
    NoFamily {
        /// As asked.
        family: String,
        /// Where was looked.
        searched: Searched,
    },
    /// No font has this sign.
    #[error("{searched} no font with {sign:?}, which stands in {text:?} ({lang}): {}", advice(*.sign))]
    NoSign {
        /// The first sign that is missing.
        sign: char,
        /// Where it stands.
        text: String,
        /// Whose language it is.
        lang: String,
        /// Where was looked.
        searched: Searched,
    },
}

const GET_FONTS: &str =
    "install one (Debian: apt install fonts-noto-core), or name a folder of fonts with --fonts DIR";

/// Where fonts were looked for, as the beginning of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched(Option<PathBuf>);

impl std::fmt::Display for Searched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(folder) => write!(f, "{} has", folder.display()),
            None => f.write_str("this computer has"),
        }
    }
}

/// What to install for a sign.
fn advice(sign: char) -> &'static str {
    match u32::from(sign) {
        0x1_F000..=0x1_FAFF | 0xFE0F => "pictures are not printed, so leave it out of the text",
        0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF | 0x2_0000.. => {
            "install one for Chinese, Japanese and Korean (Debian: apt install fonts-noto-cjk; \
             elsewhere the family Noto Sans TC or SC), or name a folder of fonts with --fonts DIR"
        }
        _ => GET_FONTS,
    }
}

/// A stretch of text in one font.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The font's family.
    pub family: String,
    /// The text.
    pub text: String,
}

/// A line of text with its fonts.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// In the order of the text.
    pub runs: Vec<Run>,
    /// In ems: times the font size it is the width in that unit. Without kerning, so that it
    /// errs on the wide side.
    pub ems: f64,
    /// Whether it is bold.
    pub bold: bool,
}

/// What may be printed with.
pub struct Fonts {
    database: Arc<Database>,
    searched: Searched,
    own: Option<String>,
    /// Each sign that was asked for, and whether bold. [`ID`]s are cheap, faces are not.
    known: Mutex<HashMap<(char, bool, Script), Found>>,
}

/// Font and width, in ems, of a sign; none where no font has it.
type Found = Option<(ID, f64)>;

/// Which families come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Script {
    Other,
    Traditional,
    Simplified,
    Japanese,
    Korean,
}

impl Script {
    fn of(lang: &Lang) -> Self {
        match lang.primary().to_ascii_lowercase().as_str() {
            "zh" => {
                let known = crate::shop::lang::find(lang).map(|language| language.code);
                if known == Some("zh-CN") { Self::Simplified } else { Self::Traditional }
            }
            "ja" => Self::Japanese,
            "ko" => Self::Korean,
            _ => Self::Other,
        }
    }

    const fn families(self) -> &'static [&'static str] {
        match self {
            Self::Other => &[],
            Self::Traditional => &TRADITIONAL,
            Self::Simplified => &SIMPLIFIED,
            Self::Japanese => &JAPANESE,
            Self::Korean => &KOREAN,
        }
    }
}

impl Fonts {
    /// The fonts of this computer, or of one folder and nothing else. `own` is the family the
    /// owner wants, where it has the letters.
    ///
    /// # Errors
    /// [`FontError::None`] and [`FontError::NoFamily`].
    pub fn find(folder: Option<&Path>, own: Option<&str>) -> Result<Self, FontError> {
        let searched = Searched(folder.map(Path::to_owned));
        let mut database = Database::new();
        match folder {
            Some(folder) => database.load_fonts_dir(folder),
            None => database.load_system_fonts(),
        }
        if database.is_empty() {
            return Err(FontError::None { searched });
        }
        if let Some(family) = own
            && !database.faces().any(|face| face.families.iter().any(|(name, _)| name == family))
        {
            return Err(FontError::NoFamily { family: family.to_owned(), searched });
        }
        Ok(Self {
            database: Arc::new(database),
            searched,
            own: own.map(str::to_owned),
            known: Mutex::default(),
        })
    }

    /// What the drawing finds its fonts in.
    #[must_use]
    pub fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database)
    }

    /// A text on one line: which font draws which part of it, and how wide it gets.
    ///
    /// # Errors
    /// [`FontError::NoSign`].
    pub fn line(&self, text: &str, lang: &Lang, bold: bool) -> Result<Line, FontError> {
        let script = Script::of(lang);
        let mut line = Line { runs: Vec::new(), ems: 0.0, bold };
        for sign in text.chars().filter(|sign| !sign.is_control()) {
            let (id, ems) = self.sign(sign, bold, script).ok_or_else(|| FontError::NoSign {
                sign,
                text: text.to_owned(),
                lang: lang.0.clone(),
                searched: self.searched.clone(),
            })?;
            line.ems += ems;
            let family = self.family(id);
            match line.runs.last_mut() {
                // A space belongs to the word before it.
                Some(run) if sign == ' ' || run.family == family => run.text.push(sign),
                _ => line.runs.push(Run { family, text: sign.into() }),
            }
        }
        Ok(line)
    }

    /// The font that draws a sign, and its width.
    fn sign(&self, sign: char, bold: bool, script: Script) -> Option<(ID, f64)> {
        let key = (sign, bold, script);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&key) {
            return *found;
        }
        let own = self.own.as_deref().into_iter();
        let families = own.chain(LATIN).chain(script.families().iter().copied());
        let preferred = families.filter_map(|family| self.query(family, bold));
        let found =
            preferred.chain(self.others(bold)).find_map(|id| Some((id, self.advance(id, sign)?)));
        known().insert(key, found);
        found
    }

    fn query(&self, family: &str, bold: bool) -> Option<ID> {
        self.database.query(&Query {
            families: &[Family::Name(family)],
            weight: if bold { Weight::BOLD } else { Weight::NORMAL },
            stretch: Stretch::Normal,
            style: Style::Normal,
        })
    }

    /// Every other font that could stand in, in an order that does not depend on the disk's.
    fn others(&self, bold: bool) -> impl Iterator<Item = ID> + '_ {
        let upright = self.database.faces().filter(|face| face.style == Style::Normal);
        let mut families: Vec<&str> = upright
            .filter_map(|face| Some(face.families.first()?.0.as_str()))
            // Fonts of the system's own: one has a box for every sign there is.
            .filter(|name| !name.starts_with('.') && !name.contains("LastResort"))
            .collect();
        families
            .sort_unstable_by_key(|name| (name.contains("Serif"), name.contains("Mono"), *name));
        families.dedup();
        families.into_iter().filter_map(move |family| self.query(family, bold))
    }

    /// How wide a sign is in a font, in ems; none if it is not in there.
    fn advance(&self, id: ID, sign: char) -> Option<f64> {
        self.database.with_face_data(id, |data, index| {
            let face = Face::parse(data, index).ok()?;
            let glyph = face.glyph_index(sign).filter(|glyph| glyph.0 != 0)?;
            let units = f64::from(face.glyph_hor_advance(glyph)?);
            Some(units / f64::from(face.units_per_em()))
        })?
    }

    fn family(&self, id: ID) -> String {
        let face = self.database.face(id);
        let name = face.and_then(|face| face.families.first()).map(|(name, _)| name.clone());
        name.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_of_fonts_is_an_error_that_says_what_to_do() {
        let folder = std::env::temp_dir().join(format!("shopbell-no-fonts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let error = Fonts::find(Some(&folder), None).err().unwrap();
        std::fs::remove_dir(&folder).unwrap();
        let said = error.to_string();
        assert!(said.starts_with(&folder.display().to_string()), "{said}");
        assert!(said.contains("--fonts DIR") && said.contains("apt install"), "{said}");
    }

    #[test]
    fn what_is_advised_fits_the_sign() {
        for (sign, says) in [
            ('掃', "fonts-noto-cjk"),
            ('ж', "fonts-noto-core"),
            ('☕', "core"),
            ('🍰', "leave it out"),
        ] {
            assert!(advice(sign).contains(says), "{sign}");
        }
    }

    #[test]
    fn each_way_to_write_chinese_has_its_own_fonts() {
        for (tag, script) in [
            ("zh-TW", Script::Traditional),
            ("zh-HK", Script::Traditional),
            ("zh-CN", Script::Simplified),
            ("zh-SG", Script::Simplified),
            ("ja", Script::Japanese),
            ("lt", Script::Other),
        ] {
            assert_eq!(Script::of(&Lang(tag.to_owned())), script, "{tag}");
        }
    }
}
