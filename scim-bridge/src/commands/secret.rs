//! Secrets from a file, standard input or the environment; never from a flag, which `ps` shows to everyone.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use secrecy::SecretString;

use super::Usage;

/// Reads a secret: from `file` (`-` is standard input) if given, else from the variable. Line ends are cut off.
pub(super) fn read(
    what: &str,
    file: Option<&Path>,
    flag: &str,
    variable: &str,
) -> anyhow::Result<SecretString> {
    let text = match file {
        Some(path) if path == Path::new("-") => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .with_context(|| format!("cannot read the {what} from standard input"))?;
            text
        }
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the {what} from {}", path.display()))?,
        None => std::env::var(variable).map_err(|_| {
            Usage(format!("the {what} is missing: give {flag} FILE (- for standard input) or set {variable}"))
        })?,
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Usage(format!("the {what} is empty")).into());
    }
    Ok(SecretString::from(text.to_owned()))
}
