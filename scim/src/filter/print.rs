//! Writing filters so that reading them again gives the same filter.

use std::fmt;

use super::{Comparison, Filter};

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Comparison::ALL.iter().find(|(op, _)| op == self).map_or("", |(_, word)| word);
        f.write_str(word)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Compare { path, op, value } => write!(f, "{path} {op} {value}"),
            Filter::Present(path) => write!(f, "{path} pr"),
            Filter::Any(path) => write!(f, "{path}"),
            Filter::Not(inner) => write!(f, "not ({inner})"),
            Filter::And(terms) => join(f, terms, " and "),
            Filter::Or(terms) => join(f, terms, " or "),
        }
    }
}

fn join(f: &mut fmt::Formatter<'_>, terms: &[Filter], word: &str) -> fmt::Result {
    for (i, term) in terms.iter().enumerate() {
        if i > 0 {
            f.write_str(word)?;
        }
        // Brackets around every nested list, needed or not: they keep `(a and b) and c` what it was.
        match term {
            Filter::And(_) | Filter::Or(_) => write!(f, "({term})")?,
            _ => write!(f, "{term}")?,
        }
    }
    Ok(())
}
