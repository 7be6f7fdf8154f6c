//! What a subject answered, and in which time.

use std::time::Duration;

use benches::workload::{Truth, Workload};

/// A subject's answers over some lines.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(crate) name: &'static str,
    pub(crate) lines: usize,
    pub(crate) busy: Duration,
    exact: (usize, usize),
    misspelt: (usize, usize),
    claims: (usize, usize),
    false_claims: (usize, usize),
    fuzzy: bool,
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^52")]
fn share((part, whole): (usize, usize)) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Answers {
    pub(crate) const HEADING: &'static str = "| subject | lines a processor second | us a line | ours is | exact found | misspelt found | precision | claims where none is |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

    /// Counts the answers, a vendor's number or none for each line from the first.
    pub(crate) fn of(
        name: &'static str,
        work: &Workload,
        busy: Duration,
        fuzzy: bool,
        decided: &[Option<usize>],
    ) -> Answers {
        let mut answers = Answers {
            name,
            lines: decided.len(),
            busy,
            exact: (0, 0),
            misspelt: (0, 0),
            claims: (0, 0),
            false_claims: (0, 0),
            fuzzy,
        };
        for (truth, vendor) in work.truths.iter().zip(decided) {
            let right = match truth {
                Truth::None => {
                    answers.false_claims.1 += 1;
                    answers.false_claims.0 += usize::from(vendor.is_some());
                    false
                }
                Truth::Exact(paid) => {
                    answers.exact.1 += 1;
                    answers.exact.0 += usize::from(*vendor == Some(*paid));
                    *vendor == Some(*paid)
                }
                Truth::Misspelt(paid) => {
                    answers.misspelt.1 += 1;
                    answers.misspelt.0 += usize::from(*vendor == Some(*paid));
                    *vendor == Some(*paid)
                }
            };
            answers.claims.1 += usize::from(vendor.is_some());
            answers.claims.0 += usize::from(right);
        }
        answers
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.lines as f64 / self.busy.as_secs_f64()
    }

    pub(crate) fn precision(&self) -> f64 {
        share(self.claims)
    }

    pub(crate) fn misspelt_recall(&self) -> f64 {
        share(self.misspelt)
    }

    pub(crate) fn exact_recall(&self) -> f64 {
        share(self.exact)
    }

    /// A row of the table. `ours` is the rate of the whole task.
    pub(crate) fn row(&self, ours: f64) -> String {
        let misspelt =
            if self.fuzzy { format!("{:.4}", share(self.misspelt)) } else { "not looked for".to_owned() };
        format!(
            "| {} | {:.0} | {:.3} | {:.2} x | {:.4} | {misspelt} | {:.4} | {:.5} |",
            self.name,
            self.rate(),
            1e6 / self.rate(),
            ours / self.rate(),
            share(self.exact),
            share(self.claims),
            share(self.false_claims)
        )
    }
}
