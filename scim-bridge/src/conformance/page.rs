//! A run as one page of HTML for people: no script, nothing from elsewhere, every word escaped.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::report::{Outcome, Report, Told};

/// What was checked, and when.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    /// SCIM base address.
    pub url: &'a str,
    /// When the run ended.
    pub at: Timestamp,
}

/// The page.
pub fn html(report: &Report, checked: Checked<'_>) -> String {
    let (passed, not_offered, failed) = report.counts();
    let verdict = if failed == 0 {
        "Everything that is offered is as the RFCs and the identity providers ask.".to_owned()
    } else {
        format!("{failed} of {} checks failed.", report.told.len())
    };
    let order = |told: &&Told| match told.outcome {
        Outcome::Failed(_) => 0,
        Outcome::NotOffered(_) => 1,
        Outcome::Passed => 2,
    };
    let mut told: Vec<&Told> = report.told.iter().collect();
    told.sort_by_key(order);
    let rows: String = told.into_iter().map(row).collect();
    let mut left = String::new();
    if !report.left_behind.is_empty() {
        left.push_str(
            "<h2>Left behind</h2>\n<p>These could not be deleted again; delete them by hand.</p>\n<ul>\n",
        );
        for address in &report.left_behind {
            // Writing to a text cannot fail.
            let _ = writeln!(left, "<li><code>{}</code></li>", escaped(address));
        }
        left.push_str("</ul>\n");
    }
    include_str!("page.html")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{at}", &checked.at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .replace("{passed}", &passed.to_string())
        .replace("{not_offered}", &not_offered.to_string())
        .replace("{failed}", &failed.to_string())
        .replace("{verdict}", &verdict)
        .replace("{url}", &escaped(checked.url))
        .replace("{left}", &left)
        .replace("{rows}", &rows)
}

fn row(told: &Told) -> String {
    let (class, word, why) = match &told.outcome {
        Outcome::Failed(why) => ("failed", "failed", why.as_str()),
        Outcome::NotOffered(why) => ("absent", "not offered", why.as_str()),
        Outcome::Passed => ("passed", "passed", ""),
    };
    let why = if why.is_empty() { String::new() } else { format!("<p>{}</p>", escaped(why)) };
    format!(
        "<tr class=\"{class}\"><td>{word}</td><td>{}</td><td>{}{why}</td></tr>\n",
        escaped(told.section),
        escaped(&told.check.replace('_', " "))
    )
}

/// A text that stands for itself: servers say whatever they like, in braces too.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '{' => safe.push_str("&#123;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_come_first_and_what_a_server_says_stays_text() {
        let told = |check, outcome| Told { check, section: "RFC 7644 §3.3", covers: &[], outcome };
        let report = Report {
            told: vec![
                told("a_create_answers_201", Outcome::Passed),
                told("bulk_is_done", Outcome::NotOffered("501".to_owned())),
                told("a_patch_works", Outcome::Failed("<script>{rows}\"&".to_owned())),
            ],
            left_behind: vec!["https://x/Users/<b>".to_owned()],
        };
        let checked = Checked { url: "https://x/\"<i>", at: "2026-11-26T12:00:00Z".parse().unwrap() };
        let page = html(&report, checked);
        assert!(page.starts_with("<!doctype html>") && page.contains("default-src 'none'"), "{page}");
        assert!(page.contains("1 of 3 checks failed."), "{page}");
        assert!(page.contains("<p>&lt;script&gt;&#123;rows}&quot;&amp;</p>"), "{page}");
        assert!(page.contains("https://x/&quot;&lt;i&gt;") && page.contains("/Users/&lt;b&gt;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("{rows}") && !page.contains("{at}"), "{page}");
        let place = |word: &str| page.find(word).unwrap();
        assert!(place("a patch works") < place("bulk is done"));
        assert!(place("bulk is done") < place("a create answers 201"));
    }
}
