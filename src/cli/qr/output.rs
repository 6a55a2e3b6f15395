//! Drawings as files: PDF for printers, SVG for designers, PNG for everybody else.

use std::sync::Arc;

use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt as _, SvgSettings};
use png::{BitDepth, ColorType, Encoder, PixelDimensions, Unit};
use resvg::tiny_skia::{Pixmap, Transform};
use usvg::fontdb::Database;

use super::sheet::Sheet;

/// Points in a millimetre.
const POINTS: f64 = 72.0 / 25.4;

/// A drawing could not be written. None of ours should come to this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the drawing could not be written ({0}): this is a fault of Shopbell, please report it")]
pub struct OutputError(String);

impl OutputError {
    fn of(why: impl std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

fn tree(svg: &str, fonts: &Arc<Database>) -> Result<usvg::Tree, OutputError> {
    let options = usvg::Options { fontdb: Arc::clone(fonts), ..usvg::Options::default() };
    usvg::Tree::from_str(svg, &options).map_err(OutputError::of)
}

/// The sheets as one PDF, with the letters that are used of each font in it. The same sheets give
/// the same bytes.
///
/// # Errors
/// [`OutputError`].
pub fn pdf(
    sheets: &[Sheet],
    fonts: &Arc<Database>,
    title: &str,
    lang: &str,
) -> Result<Vec<u8>, OutputError> {
    let mut document = krilla::Document::new();
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .language(lang.to_owned())
            .creator("Shopbell".to_owned()),
    );
    for sheet in sheets {
        let tree = tree(&sheet.svg, fonts)?;
        let (width, height) = ((sheet.size.0 * POINTS) as f32, (sheet.size.1 * POINTS) as f32);
        let settings =
            PageSettings::from_wh(width, height).ok_or_else(|| OutputError::of("size"))?;
        let size =
            krilla::geom::Size::from_wh(width, height).ok_or_else(|| OutputError::of("size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let drawn = surface.draw_svg(&tree, size, SvgSettings::default());
        surface.finish();
        page.finish();
        drawn.ok_or_else(|| OutputError::of("a drawing without size"))?;
    }
    document.finish().map_err(|error| OutputError::of(format!("{error:?}")))
}

/// An SVG with the letters as outlines: it looks the same where none of the fonts is.
///
/// # Errors
/// [`OutputError`].
pub fn outlined(sheet: &Sheet, fonts: &Arc<Database>) -> Result<String, OutputError> {
    let svg = tree(&sheet.svg, fonts)?.to_string(&usvg::WriteOptions::default());
    // Its size in millimetres, so that it comes out as big as it was meant.
    let (width, height) = sheet.size;
    let plain = tree(&sheet.svg, fonts)?.size();
    let pixels = format!("width=\"{}\" height=\"{}\"", plain.width(), plain.height());
    let view = format!(
        "width=\"{width:.3}mm\" height=\"{height:.3}mm\" viewBox=\"0 0 {} {}\"",
        plain.width(),
        plain.height()
    );
    Ok(svg.replacen(&pixels, &view, 1))
}

/// A PNG with so many pixels for each millimetre.
///
/// # Errors
/// [`OutputError`].
pub fn png(sheet: &Sheet, fonts: &Arc<Database>, per_mm: f64) -> Result<Vec<u8>, OutputError> {
    let tree = tree(&sheet.svg, fonts)?;
    let pixels = |mm: f64| (mm * per_mm).round() as u32;
    let (width, height) = (pixels(sheet.size.0), pixels(sheet.size.1));
    let mut pixmap =
        Pixmap::new(width, height).ok_or_else(|| OutputError::of("a picture without size"))?;
    pixmap.fill(resvg::tiny_skia::Color::WHITE);
    let scale = (sheet.size.0 * per_mm) as f32 / tree.size().width();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    // Nothing shines through a white ground.
    let rgb: Vec<u8> =
        pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();

    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    let per_metre = (per_mm * 1_000.0).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(OutputError::of)?;
    writer.write_image_data(&rgb).map_err(OutputError::of)?;
    writer.finish().map_err(OutputError::of)?;
    Ok(bytes)
}
