//! Builds this crate again when the web page was built anew.

use std::path::Path;

fn main() {
    let page = Path::new("../dashboard/dist");
    // Cargo takes a missing path as changed at every build, so an empty folder stands in for the page.
    // Where the sources cannot be written the crate is only built more often than needed.
    let _ = std::fs::create_dir_all(page);
    println!("cargo:rerun-if-changed={}", page.display());
}
