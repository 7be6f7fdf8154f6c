//! The figures as tables.

use ::matcher::evaluate::{Case, Counts, Report, Strictness};
use ::matcher::{Band, Dictionary};

use super::super::super::output;

pub(super) fn print(report: &Report, dictionary: &Dictionary) -> anyhow::Result<()> {
    output::result(&format!(
        "{} lines, {} pay for an app, {} for none; dictionary {} with {} entries\n",
        report.n,
        report.lenient.pos,
        report.lenient.neg,
        &dictionary.version()[..12],
        dictionary.len()
    ))?;
    let mut rows = vec![row("acceptable ids", &report.lenient), row("label alone", &report.strict)];
    rows.extend(report.by_class.iter().map(|(class, counts)| row(class, counts)));
    output::table(&["lines by class", "lines", "precision", "recall", "F1", "false claims"], &rows)?;
    output::result(&format!(
        "\naverage precision {:.4}; precision {} at recall 0.90; recall {:.4} at precision 0.95; calibration error {}\n",
        report.pr_auc,
        share(report.precision_at_recall_90),
        report.recall_at_precision_95,
        share(report.ece)
    ))?;
    let meaning = |band: Band| match band {
        Band::Certain => Band::CERTAIN_MIN,
        Band::Likely => Band::LIKELY_MIN,
        Band::Possible | Band::None => Band::POSSIBLE_MIN,
    };
    let bands: Vec<Vec<String>> = report
        .bands
        .iter()
        .rev()
        .map(|(band, counts)| {
            vec![
                band.to_string(),
                counts.n.to_string(),
                format!("{:.4}", counts.accuracy),
                format!("{:.2}", meaning(*band)),
                if counts.accuracy >= meaning(*band) { "kept" } else { "missed" }.to_owned(),
            ]
        })
        .collect();
    output::table(&["band", "claims", "right", "promised", ""], &bands)
}

fn row(name: &str, counts: &Counts) -> Vec<String> {
    let of_positives = |figure: Option<f64>| if counts.pos > 0 { share(figure) } else { "-".to_owned() };
    vec![
        name.to_owned(),
        (counts.pos + counts.neg).to_string(),
        of_positives(counts.precision),
        of_positives(counts.recall),
        of_positives(Some(counts.f1)),
        counts.fpr.map_or("-".to_owned(), |rate| format!("{rate:.4}")),
    ]
}

fn share(figure: Option<f64>) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.4}"))
}

/// Every line that was decided wrongly, with what was expected.
pub(super) fn print_errors<'c>(
    lines: impl Iterator<Item = (&'c Case, &'c str, &'c str)>,
) -> anyhow::Result<()> {
    let none = || "none".to_owned();
    let rows: Vec<Vec<String>> = lines
        .filter(|(case, ..)| {
            !case.label.outcome(case.prediction.app_id.as_deref(), Strictness::Lenient).is_right()
        })
        .map(|(case, vendor, purpose)| {
            vec![
                case.prediction.id.clone(),
                case.label.class.clone().unwrap_or_default(),
                vendor.to_owned(),
                purpose.to_owned(),
                case.label.label.clone().unwrap_or_else(none),
                case.prediction.app_id.as_deref().map_or_else(none, str::to_owned),
                case.prediction.candidate.as_deref().map_or_else(none, str::to_owned),
                format!("{:.4}", case.prediction.score),
            ]
        })
        .collect();
    output::result("")?;
    output::table(&["id", "class", "vendor", "purpose", "expected", "decided", "candidate", "score"], &rows)
}
