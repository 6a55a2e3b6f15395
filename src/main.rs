//! The `shopbell` command.

fn main() {}
