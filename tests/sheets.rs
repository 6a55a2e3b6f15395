//! `shopbell qr`: everything it makes is read back by programs that share no code with it. PDFium
//! draws the pages and ZBar reads the codes (`scripts/lib/read-prints`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const URL: &str = "https://shopbell.kavine-prie-vilneles.workers.dev";

/// The same fonts on every machine.
static FONTS: LazyLock<String> = LazyLock::new(|| {
    let lines = read_prints(["fonts"]);
    lines.trim().to_owned()
});

fn read_prints<A: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = A>) -> String {
    let output = Command::new(Path::new(ROOT).join("scripts/lib/read-prints"))
        .args(args)
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/lib/read-prints failed: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("shopbell-sheets-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), bytes).unwrap();
        self.file(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn qr(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
    command.arg("qr").args(args).env_remove("PUBLIC_URL").current_dir(ROOT);
    if !args.contains(&"--url") {
        command.args(["--url", URL]);
    }
    if !args.contains(&"--fonts") {
        command.args(["--fonts", &FONTS]);
    }
    command.output().expect("shopbell runs")
}

fn drawn(args: &[&str]) -> String {
    let output = qr(args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(args: &[&str]) -> String {
    let output = qr(args);
    assert!(!output.status.success(), "{args:?} was taken");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// A page as PDFium draws it.
struct Page {
    file: String,
    points: (f64, f64),
    text: String,
}

fn pages(pdf: &str, dpi: u32, folder: &Folder) -> Vec<Page> {
    let into = folder.file(&format!("pages-{dpi}"));
    let lines = read_prints(["pages", pdf, &dpi.to_string(), &into]);
    let page = |line: Value| Page {
        file: line["file"].as_str().unwrap().to_owned(),
        points: (line["points"][0].as_f64().unwrap(), line["points"][1].as_f64().unwrap()),
        // However the page breaks its lines.
        text: line["text"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" "),
    };
    json_lines(&lines).into_iter().map(page).collect()
}

/// What ZBar reads in each picture.
fn codes(files: &[String]) -> Vec<Vec<String>> {
    let lines = read_prints(std::iter::once("codes").chain(files.iter().map(String::as_str)));
    let read = |line: Value| {
        let codes = line["codes"].as_array().unwrap();
        codes.iter().map(|code| code["text"].as_str().unwrap().to_owned()).collect()
    };
    json_lines(&lines).into_iter().map(read).collect()
}

/// Labels in the middle of an A4 page, in mm.
#[derive(Clone, Copy)]
struct Grid {
    columns: usize,
    rows: usize,
    /// Of a label.
    size: (f64, f64),
    /// Between columns.
    gap: f64,
}

/// The labels of a sheet one by one, as people scan them, each with a little of its neighbours: a
/// reader that is shown dozens of codes at once may miss some.
fn labels(sheet: &str, grid: Grid) -> Vec<String> {
    let bytes = fs::read(sheet).unwrap();
    let header = String::from_utf8_lossy(&bytes[..40]).lines().next().unwrap().to_owned();
    let sides: Vec<usize> =
        header.split(' ').skip(1).take(2).map(|side| side.parse().unwrap()).collect();
    let (width, height) = (sides[0], sides[1]);
    let pixels = &bytes[header.len() + 1..];
    // Around the label `at` of so many along a side of the page.
    let part = |at: usize, of: usize, label: f64, gap: f64, page: f64, pixels: usize| {
        let all = label * of as f64 + gap * (of - 1) as f64;
        let begin = (page - all) / 2.0 + at as f64 * (label + gap);
        let place = |mm: f64| (mm.clamp(0.0, page) / page * pixels as f64) as usize;
        place(begin - 2.0)..place(begin + label + 2.0)
    };
    let mut files = Vec::new();
    for row in 0..grid.rows {
        for column in 0..grid.columns {
            let across = part(column, grid.columns, grid.size.0, grid.gap, 210.0, width);
            let down = part(row, grid.rows, grid.size.1, 0.0, 297.0, height);
            let mut cut = format!("P6 {} {} 255\n", across.len(), down.len()).into_bytes();
            for y in down {
                let line = y * width * 3;
                cut.extend_from_slice(&pixels[line + across.start * 3..line + across.end * 3]);
            }
            let file = format!("{sheet}-{row}-{column}.ppm");
            fs::write(&file, cut).unwrap();
            files.push(file);
        }
    }
    files
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\">\
    <circle cx=\"50\" cy=\"50\" r=\"50\" fill=\"#0b3d2e\"/>\
    <path d=\"M25 40h40v12a20 20 0 0 1-40 0z\" fill=\"none\" stroke=\"#fff\" stroke-width=\"6\"/></svg>";

/// The posters of the examples that still lead anywhere, with a text on each in each language.
const SHOPS: [(&str, &[&str], &[&str]); 3] = [
    (
        "examples/cafe",
        &["TABLE", "WINDOW", "HOSTEL", "BILL", "BEANS"],
        &["Nuskenuokite ir parašykite mums", "Scan and write to us"],
    ),
    (
        "examples/tea",
        &["COUNTER", "TIN", "MRT-EXIT2", "GUESTHOUSE", "SHELF", "RECEIPT"],
        &["掃碼聯絡我們", "Scan and write to us"],
    ),
    (
        "examples/atelier",
        &["MIRROR", "LABEL", "BRIDAL-FAIR", "BAZAAR", "STUDENTS"],
        &["Aponte a câmera e fale com a gente", "Scan and write to us"],
    ),
];
const ONE_LANGUAGE: [(&str, &str); 3] =
    [("HOSTEL", "Scan"), ("GUESTHOUSE", "Scan"), ("STUDENTS", "Aponte")];

/// Where the code of a poster is expected.
#[derive(Clone, Copy)]
enum Each {
    /// So many times on its page, which is read as a whole.
    Page(usize),
    /// On each label, which are read one by one.
    Label(Grid),
}

/// Draws the posters of every example and reads each page back at these resolutions, and the words
/// of all its languages as text.
fn sheets_are_read_back(name: &str, args: &[&str], each: Each, dpis: &[u32]) {
    for (dir, posters, words) in SHOPS {
        let folder = Folder::new(&format!("{name}-{}", dir.replace('/', "-")));
        let logo = folder.write("logo.svg", LOGO);
        let pdf = folder.file("sheets.pdf");
        let mut all = vec![dir, "--out", &pdf];
        all.extend(args.iter().map(|arg| if *arg == "LOGO" { logo.as_str() } else { arg }));
        drawn(&all);
        for dpi in dpis {
            let pages = pages(&pdf, *dpi, &folder);
            assert_eq!(pages.len(), posters.len(), "{dir}");
            for (page, poster) in pages.iter().zip(posters) {
                let target = format!("{URL}/q/{poster}");
                let right = |read: &[String]| read.iter().all(|text| *text == target);
                match each {
                    Each::Page(number) => {
                        let read = codes(std::slice::from_ref(&page.file)).remove(0);
                        assert!(right(&read) && read.len() == number, "{poster}, {dpi}: {read:?}");
                    }
                    Each::Label(grid) => {
                        for (at, read) in codes(&labels(&page.file, grid)).iter().enumerate() {
                            assert!(right(read) && !read.is_empty(), "{poster}, {at}: {read:?}");
                        }
                    }
                }
                // A4, in points.
                let (width, height) = page.points;
                assert!((width - 595.28).abs() < 0.1 && (height - 841.89).abs() < 0.1);
                let text = without_spaces(&page.text);
                assert!(text.contains(poster), "{text}");
                match ONE_LANGUAGE.iter().find(|(code, _)| code == poster) {
                    Some((_, says)) => assert!(text.contains(says), "{text}"),
                    None => {
                        for words in words {
                            let words = without_spaces(words);
                            assert!(text.contains(&words), "{words} is not on {poster}: {text}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn posters_on_a4_are_read_back_near_and_from_afar() {
    // 40 dpi: four pixels a module, as from some metres.
    sheets_are_read_back("a4", &["--as", "a4"], Each::Page(1), &[150, 40]);
}

#[test]
fn both_sides_of_table_tents_are_read_back() {
    sheets_are_read_back("tent", &["--as", "tent"], Each::Page(4), &[200]);
}

#[test]
fn every_label_of_a_sheet_is_read_back() {
    let grid = Grid { columns: 3, rows: 8, size: (70.0, 36.0), gap: 0.0 };
    sheets_are_read_back(
        "labels",
        &["--as", "labels", "--labels", "3x8"],
        Each::Label(grid),
        &[200],
    );
}

#[test]
fn sheets_with_the_shops_colours_and_its_logo_are_read_back() {
    let look = ["--ink", "#0b3d2e", "--background", "#fff8ea", "--logo", "LOGO"];
    let with = |kind: [&'static str; 2]| [kind.as_slice(), look.as_slice()].concat();
    sheets_are_read_back("a4-look", &with(["--as", "a4"]), Each::Page(1), &[150, 50]);
    sheets_are_read_back("tent-look", &with(["--as", "tent"]), Each::Page(4), &[200]);
}

#[test]
fn the_smallest_common_labels_are_read_back() {
    let folder = Folder::new("small");
    let pdf = folder.file("small.pdf");
    drawn(&["TABLE", "examples/cafe", "--as", "labels", "--labels", "5x13", "--out", &pdf]);
    let sheet = pages(&pdf, 300, &folder).remove(0).file;
    let grid = Grid { columns: 5, rows: 13, size: (38.1, 21.2), gap: 2.5 };
    let read = codes(&labels(&sheet, grid));
    assert_eq!(read.len(), 65);
    for (at, read) in read.iter().enumerate() {
        let right = read.iter().all(|text| *text == format!("{URL}/q/TABLE"));
        assert!(right && !read.is_empty(), "label {at}: {read:?}");
    }
}

#[test]
fn cyrillic_and_both_kinds_of_chinese_stand_on_one_sheet() {
    let folder = Folder::new("scripts");
    let pdf = folder.file("scripts.pdf");
    let mut args = vec!["WINDOW", "examples/cafe", "--out", pdf.as_str()];
    for tag in ["lt", "ru", "zh-TW", "pl"] {
        args.extend(["--language", tag]);
    }
    drawn(&args);
    let pages = pages(&pdf, 100, &folder);
    let text = without_spaces(&pages[0].text);
    for words in
        ["Nuskenuokiteirparašykitemums", "Наведитекамеру", "掃碼聯絡我們", "Zeskanujinapiszdonas"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(codes(&[pages[0].file.clone()]), [[format!("{URL}/q/WINDOW")]]);
}

#[test]
fn the_same_sheet_is_the_same_file() {
    let folder = Folder::new("same");
    let files = ["one.pdf", "two.pdf"].map(|name| folder.file(name));
    for file in &files {
        drawn(&["TABLE", "examples/cafe", "--out", file]);
    }
    let [one, two] = files.map(|file| std::fs::read(file).unwrap());
    assert!(one == two);
    assert!(one.len() < 200_000, "whole fonts are in it: {} bytes", one.len());
}

/// A grey picture.
#[derive(Clone)]
struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Grey {
    fn of_png(bytes: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let grey = |rgb: &[u8]| {
            let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
            ((299 * r + 587 * g + 114 * b) / 1_000) as u8
        };
        Self {
            width: info.width as usize,
            height: info.height as usize,
            pixels: pixels.chunks_exact(3).map(grey).collect(),
        }
    }

    /// White outside.
    fn at(&self, x: isize, y: isize) -> f64 {
        let inside =
            (0..self.width as isize).contains(&x) && (0..self.height as isize).contains(&y);
        if inside { f64::from(self.pixels[y as usize * self.width + x as usize]) } else { 255.0 }
    }

    fn made(width: usize, height: usize, pixel: impl Fn(usize, usize) -> f64) -> Self {
        let at = |at: usize| pixel(at % width, at / width).round().clamp(0.0, 255.0) as u8;
        Self { width, height, pixels: (0..width * height).map(at).collect() }
    }

    /// Each pixel the mean of `by` times `by`.
    fn smaller(&self, by: usize) -> Self {
        Self::made(self.width / by, self.height / by, |x, y| {
            let around = (0..by).flat_map(|dy| (0..by).map(move |dx| (dx, dy)));
            let sum: f64 = around
                .map(|(dx, dy)| self.at((x * by + dx) as isize, (y * by + dy) as isize))
                .sum();
            sum / (by * by) as f64
        })
    }

    fn turned(&self, degrees: f64) -> Self {
        let side = ((self.width.pow(2) + self.height.pow(2)) as f64).sqrt().ceil() as usize;
        let (sin, cos) = degrees.to_radians().sin_cos();
        let middle = side as f64 / 2.0;
        Self::made(side, side, |x, y| {
            let (dx, dy) = (x as f64 - middle, y as f64 - middle);
            let x = cos * dx + sin * dy + self.width as f64 / 2.0;
            let y = cos * dy - sin * dx + self.height as f64 / 2.0;
            self.at(x.floor() as isize, y.floor() as isize)
        })
    }

    fn blurred(&self, radius: isize) -> Self {
        let mean = |pixel: &dyn Fn(isize) -> f64| {
            (-radius..=radius).map(pixel).sum::<f64>() / (2 * radius + 1) as f64
        };
        let across = Self::made(self.width, self.height, |x, y| {
            mean(&|d| self.at(x as isize + d, y as isize))
        });
        Self::made(self.width, self.height, |x, y| mean(&|d| across.at(x as isize, y as isize + d)))
    }

    /// As in a window in the evening: less light, and less of it on one side.
    fn dim(&self) -> Self {
        Self::made(self.width, self.height, |x, y| {
            let light = 0.25 + 0.35 * x as f64 / self.width as f64;
            30.0 + self.at(x as isize, y as isize) * light
        })
    }

    fn save(&self, folder: &Folder, name: &str) -> String {
        let mut bytes = format!("P5 {} {} 255\n", self.width, self.height).into_bytes();
        bytes.extend(&self.pixels);
        folder.write(name, bytes)
    }
}

/// A picture as people meet it.
fn states(picture: &Grey) -> Vec<(&'static str, Grey)> {
    let small = picture.smaller(4);
    vec![
        ("as it is", picture.clone()),
        ("a quarter", small.clone()),
        ("a tenth", picture.smaller(10)),
        ("turned by 7 degrees", small.turned(7.0)),
        ("turned by 45 degrees", picture.smaller(2).turned(45.0)),
        ("upside down", small.turned(180.0)),
        ("blurred", picture.blurred(8)),
        ("small and blurred", small.blurred(2)),
        ("turned and blurred", picture.smaller(2).turned(20.0).blurred(3)),
        ("dim", small.dim()),
    ]
}

#[test]
fn pictures_are_read_back_small_turned_blurred_dim_and_with_the_logo() {
    let folder = Folder::new("pictures");
    let logo = folder.write("logo.svg", LOGO);
    let looks: [&[&str]; 3] = [
        &[],
        &["--ink", "#7a1f2b", "--background", "#fff8ea"],
        &["--ink", "#0b3d2e", "--logo", &logo],
    ];
    let mut files = Vec::new();
    let mut names = Vec::new();
    for (number, look) in looks.into_iter().enumerate() {
        for kind in ["png", "svg"] {
            let out = folder.file(&format!("{number}.{kind}"));
            let mut args = vec!["window", "examples/cafe", "--as", kind, "--out", &out];
            args.extend(look);
            drawn(&args);
            let bytes = std::fs::read(&out).unwrap();
            let picture = Grey::of_png(&if kind == "svg" { rasterised(&bytes) } else { bytes });
            for (state, picture) in states(&picture) {
                files.push(picture.save(&folder, &format!("{number}-{kind}-{}.pgm", files.len())));
                names.push(format!("{kind} {look:?} {state}"));
            }
        }
    }
    for (name, read) in names.iter().zip(codes(&files)) {
        assert_eq!(read, [format!("{URL}/q/WINDOW")], "{name}");
    }
}

/// An SVG without any font at hand: its letters are outlines.
fn rasterised(svg: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(svg).unwrap();
    assert!(!text.contains("<text") && text.contains("width=\"80.000mm\""), "{text:.300}");
    let tree = usvg::Tree::from_str(text, &usvg::Options::default()).unwrap();
    let scale = 1_200.0 / tree.size().width();
    let height = (tree.size().height() * scale) as u32;
    let mut pixmap = resvg::tiny_skia::Pixmap::new(1_200, height).unwrap();
    let scale = resvg::tiny_skia::Transform::from_scale(scale, scale);
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1_200, height);
    encoder.set_color(png::ColorType::Rgb);
    let rgb: Vec<u8> =
        pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
    bytes
}

#[test]
fn the_reader_of_these_tests_does_not_read_what_is_spoilt() {
    let folder = Folder::new("spoilt");
    let out = folder.file("plain.png");
    drawn(&["WINDOW", "examples/cafe", "--as", "png", "--out", &out]);
    let picture = Grey::of_png(&std::fs::read(&out).unwrap());
    let without_a_corner = Grey::made(picture.width, picture.height, |x, y| {
        if x < picture.width / 3 && y < picture.width / 3 {
            255.0
        } else {
            picture.at(x as isize, y as isize)
        }
    });
    let files = [
        without_a_corner.save(&folder, "corner.pgm"),
        picture.blurred(60).save(&folder, "fog.pgm"),
    ];
    assert_eq!(codes(&files), [Vec::<String>::new(), Vec::new()]);
}

#[test]
fn without_a_code_every_poster_is_drawn_but_the_revoked() {
    let folder = Folder::new("every");
    let out = folder.file("pictures");
    let told = drawn(&["examples/cafe", "--as", "png", "--out", &out]);
    let mut files: Vec<String> = std::fs::read_dir(&out)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["BEANS.png", "BILL.png", "HOSTEL.png", "TABLE.png", "WINDOW.png"]);
    assert!(told.contains("WINDOW: modules of "), "{told}");
}

#[test]
fn what_cannot_be_printed_is_refused_and_says_what_to_do_instead() {
    let folder = Folder::new("refused");
    let page = folder.write("logo.html", "<html>");
    let latin = format!("{}/noto-sans", *FONTS);
    let out = folder.file("never.pdf");
    let cafe = |args: &[&'static str]| [&["WINDOW", "examples/cafe"], args].concat();
    for (args, says) in [
        (vec!["WINDOW2", "examples/cafe"], "do you mean WINDOW?"),
        (vec!["a b", "examples/cafe"], "it has TABLE, WINDOW"),
        (vec!["FLYER-2025", "examples/cafe"], "FLYER-2025 is revoked"),
        (cafe(&["--ink", "#f2c14e"]), "has a contrast of 1.7 : 1"),
        (cafe(&["--ink", "#f2c14e"]), "Take --ink #"),
        (cafe(&["--ink", "#fff", "--background", "#000"]), "Swap them"),
        (cafe(&["--ink", "green"]), "write it as #rrggbb"),
        (cafe(&["--url", "shopbell.example"]), "is not an address"),
        (cafe(&["--url", "http://shopbell.example"]), "is not https"),
        (cafe(&["--as", "labels", "--labels", "5x20:38x12"]), "Take bigger labels"),
        (cafe(&["--as", "labels", "--labels", "9x9"]), "3x8 (70 x 36 mm)"),
        (cafe(&["--as", "tent", "--distance", "500"]), "not from 500 cm"),
        (cafe(&["--font", "No Such Font"]), "no font family \"No Such Font\""),
        (cafe(&["--language", "l t"]), "there are no words in it"),
        (cafe(&["--logo", "no-such-file.svg"]), "cannot read no-such-file.svg"),
        (vec!["WINDOW", "examples/cafe", "--logo", &page], "save the logo as one of these"),
        (vec!["TIN", "examples/tea", "--fonts", &latin], "apt install fonts-noto-cjk"),
    ] {
        let mut args = args;
        args.extend(["--out", &out]);
        let said = refused(&args);
        assert!(said.contains(says), "{args:?}: {said}");
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn the_fonts_of_this_computer_print_or_it_says_which_to_install() {
    let folder = Folder::new("system");
    let pdf = folder.file("system.pdf");
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
    let args = ["qr", "WINDOW", "examples/cafe", "--url", URL, "--out", &pdf];
    let output = command.args(args).current_dir(ROOT).output().unwrap();
    if output.status.success() {
        let pages = pages(&pdf, 100, &folder);
        assert!(without_spaces(&pages[0].text).contains("parašykitemums"), "{}", pages[0].text);
        assert_eq!(codes(&[pages[0].file.clone()]), [[format!("{URL}/q/WINDOW")]]);
    } else {
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("this computer has no font"), "{said}");
        assert!(said.contains("apt install fonts-noto"), "{said}");
    }
}
