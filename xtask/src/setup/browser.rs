//! The browser that the page is tried in: Debian's Chromium without a screen, unpacked, and what drives it, two packages of
//! the npm registry. Nothing is installed.

use super::{debian, unpacked};
use crate::error::Error;
use crate::{command, files, progress};
use std::process::Command;

/// The package of Debian's, and the script that starts its program.
const BROWSER: &str = "chromium-headless-shell";

/// Where the package has the program itself: that in `usr/bin` looks for it in the system.
const ITSELF: &str = "usr/lib/chromium/chromium-headless-shell";

/// What drives it, and what knows who cannot use a page.
const PACKAGES: [&str; 2] = ["playwright-core@1.65.1", "axe-core@4.14.1"];

/// The script that runs JavaScript with these at hand.
const DRIVER: &str = "node-for-the-page";

/// Sees to it that both are there.
pub fn ensure() -> Result<(), Error> {
    browser()?;
    packages()
}

fn browser() -> Result<(), Error> {
    if unpacked::folder()?.join(BROWSER).is_file() {
        return Ok(());
    }
    if !debian::is_here() {
        let what = format!("to try the page, {BROWSER} is");
        return Err(Error::not_debian(&what, "it comes from Debian's packages"));
    }
    unpacked::take_out(&[], BROWSER)?;
    let whole = unpacked::tools()?.join(BROWSER);
    unpacked::write_script(BROWSER, &unpacked::script(&whole, &whole.join(ITSELF)))
}

fn packages() -> Result<(), Error> {
    if unpacked::folder()?.join(DRIVER).is_file() {
        return Ok(());
    }
    let folder = unpacked::tools()?.join("node");
    files::create_folder(&folder)?;
    progress::note(&format!(
        "unpacked into {}, not installed: {}",
        folder.display(),
        PACKAGES.join(", ")
    ));
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--ignore-scripts"])
        .args(["--no-audit", "--no-fund", "--prefix"])
        .arg(&folder)
        .args(PACKAGES);
    let status = command::status(&mut npm)?;
    if !status.success() {
        return Err(Error::failed("npm install", status));
    }
    let modules = folder.join("node_modules");
    let start = format!("NODE_PATH='{}' exec node", modules.display());
    unpacked::write_script(DRIVER, &start)
}
