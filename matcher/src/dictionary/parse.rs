//! From the lines of a file to the entries of a dictionary; a long file by several threads.

use super::{App, DictionaryError, limits};

/// Entries with their lines, or what is wrong with the first line that is none.
type Entries = Result<Vec<(usize, App)>, DictionaryError>;

/// Bytes from which on a file is read by several threads.
const SHARED_BYTES_MIN: usize = 4 * 1024 * 1024;

/// The entries of a file with their lines, in its order.
pub(super) fn entries(text: &str) -> Entries {
    let threads = if text.len() < SHARED_BYTES_MIN {
        1
    } else {
        std::thread::available_parallelism().map_or(1, usize::from)
    };
    let mut parts = Vec::with_capacity(threads);
    let mut rest = text;
    for left in (2..=threads).rev() {
        let middle = rest.floor_char_boundary(rest.len() / left);
        let end = rest[middle..].find('\n').map_or(rest.len(), |end| middle + end + 1);
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    let parsed: Vec<(usize, Entries)> = std::thread::scope(|scope| {
        let others: Vec<_> = parts[1..].iter().map(|part| scope.spawn(|| parse_part(part))).collect();
        let first = parse_part(parts[0]);
        // A thread that panicked does so again here.
        let joined = others
            .into_iter()
            .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        std::iter::once(first).chain(joined).collect()
    });
    let (mut entries, mut lines_before) = (Vec::new(), 0);
    for (lines, part) in parsed {
        match part {
            Ok(part) => entries.extend(part.into_iter().map(|(line, app)| (lines_before + line, app))),
            Err(error) => return Err(DictionaryError { line: lines_before + error.line, ..error }),
        }
        lines_before += lines;
    }
    Ok(entries)
}

/// How many lines a part has, and its entries by their lines in it, or the first that is none.
fn parse_part(text: &str) -> (usize, Entries) {
    let mut entries = Vec::new();
    let mut lines = 0;
    for raw in text.lines() {
        lines += 1;
        if raw.trim().is_empty() {
            continue;
        }
        match parse_line(raw) {
            Ok(app) => entries.push((lines, app)),
            Err(reason) => return (lines, Err(DictionaryError { line: lines, reason })),
        }
    }
    (lines, Ok(entries))
}

fn parse_line(raw: &str) -> Result<App, String> {
    if raw.len() > limits::LINE_BYTES_MAX {
        return Err(format!("{} bytes, more than {}; one app a line", raw.len(), limits::LINE_BYTES_MAX));
    }
    let app: App = serde_json::from_str(raw).map_err(|error| {
        // The line number in serde_json's message is always 1 here and would contradict ours.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        format!("{message} (column {}); expected one JSON object with the members of an app", error.column())
    })?;
    let text_in_bounds = |what: &str, text: &str, bytes_max: usize| {
        if text.trim().is_empty() {
            Err(format!("an empty {what}; give it a value or remove it"))
        } else if text.len() > bytes_max {
            Err(format!("a {what} of {} bytes, more than {bytes_max}; shorten it", text.len()))
        } else {
            Ok(())
        }
    };
    text_in_bounds("id", &app.id, limits::ID_BYTES_MAX)?;
    text_in_bounds("name", &app.name, limits::ALIAS_BYTES_MAX)?;
    if app.aliases.len() > limits::ALIASES_MAX {
        return Err(format!(
            "{} aliases, more than {}; split the app",
            app.aliases.len(),
            limits::ALIASES_MAX
        ));
    }
    for alias in app.aliases.iter().chain(&app.ambiguous_aliases) {
        text_in_bounds("alias", alias, limits::ALIAS_BYTES_MAX)?;
    }
    if app.negative_words.len() > limits::NEGATIVE_WORDS_MAX {
        return Err(format!(
            "{} negative words, more than {}; keep those that occur",
            app.negative_words.len(),
            limits::NEGATIVE_WORDS_MAX
        ));
    }
    for word in &app.negative_words {
        text_in_bounds("negative word", word, limits::ALIAS_BYTES_MAX)?;
    }
    if let Some(domain) = &app.domain {
        text_in_bounds("domain", domain, limits::ALIAS_BYTES_MAX)?;
    }
    Ok(app)
}
