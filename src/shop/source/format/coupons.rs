//! Coupons, and the shop's own look.

use super::{
    COUPON_TITLE_LIMIT, COUPONS_LIMIT, Kind, Need, PEOPLE_LIMIT, TERMS_LIMIT, Table, may, must,
    said, title,
};

/// What a poster, an answer, a form or a topic gives.
pub(super) const GIVES_DOC: &str =
    "The [[coupon]] that is given then: each person gets a code of their own.";
/// What a message brings.
pub(super) const BRINGS_DOC: &str = "The [[coupon]] it brings: in the text {coupon} is the person's own code, {coupon_link} where it \
     can be shown, {coupon_until} its last day.";

pub(super) static COUPON: Table = Table {
    header: "[[coupon]]",
    doc: "Something that is given away, once for each code. A code is shown at the till and redeemed \
          there, or with `shopbell redeem`.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        must("title", title(COUPON_TITLE_LIMIT, Need::Default), "What one gets."),
        may(
            "text",
            said(Need::Wished),
            "What is said with the code; the title if nothing is said. What it leaves out of {coupon}, \
             {coupon_until} and {coupon_link} follows by itself.",
        ),
        may("terms", title(TERMS_LIMIT, Need::Wished), "The small print, on the coupon's page."),
        may("from", Kind::Date, "The first day it is given."),
        may("until", Kind::Date, "The last day it is given and taken."),
        may(
            "days",
            Kind::Number(0, 3_650),
            "For how many days after it was given a code is good; 0: to the end of that day.",
        ),
        may(
            "per_person",
            Kind::Number(1, COUPONS_LIMIT),
            "Codes for one person: 1 if nothing is said. For the same occasion (the same poster, the \
             same answer) somebody always gets the same code.",
        ),
        may(
            "total",
            Kind::Number(1, PEOPLE_LIMIT),
            "Codes for all together, at each Page; never more, whatever happens.",
        ),
        may(
            "tags",
            Kind::Tags,
            "Put on whoever redeems it: [\"bought\"] ends a sequence with that in stop_tags.",
        ),
    ],
};

pub(super) static BRAND: Table = Table {
    header: "[brand]",
    doc: "What makes prints, pictures and pages look like the shop's.",
    keys: &[
        must("colour", Kind::Colour, "The dark one: QR codes, headings, buttons."),
        may("background", Kind::Colour, "The light one they stand on: white if nothing is said."),
        may(
            "logo",
            Kind::Name,
            "A picture (SVG, PNG, JPEG) beside this file, at most 48 KiB: in the middle of printed \
             codes, and on pages.",
        ),
    ],
};
