//! Figures that were computed by hand.

use super::*;

fn case(label: Option<&str>, acceptable: &[Option<&str>], app: Option<&str>, score: f64) -> Case {
    let owned = |id: Option<&str>| id.map(str::to_owned);
    Case {
        label: Label {
            label: owned(label),
            acceptable: Some(acceptable.iter().copied().map(owned).collect()),
            class: Some(if label.is_some() { "paid" } else { "unpaid" }.to_owned()),
            ..Label::default()
        },
        prediction: Prediction {
            id: String::new(),
            app_id: app.filter(|_| score >= 0.8).map(Into::into),
            score,
            band: Band::of_score(score),
            candidate: app.map(Into::into),
        },
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

#[test]
fn outcomes_are_counted_as_defined() {
    let cases = [
        case(Some("a"), &[Some("a")], Some("a"), 0.99),
        case(Some("a"), &[Some("a"), Some("b")], Some("b"), 0.9),
        case(Some("a"), &[Some("a")], Some("b"), 0.85),
        case(Some("a"), &[Some("a")], Some("a"), 0.5),
        case(None, &[None], None, 0.0),
        case(None, &[None, Some("p")], Some("p"), 0.9),
        case(None, &[None], Some("a"), 0.95),
    ];
    let report = evaluate(&cases);
    let lenient = report.lenient;
    assert_eq!((lenient.tp, lenient.wrong, lenient.missed, lenient.fp, lenient.tn), (2, 1, 1, 1, 2));
    assert!(
        close(lenient.precision.unwrap(), 0.5)
            && close(lenient.recall.unwrap(), 0.5)
            && close(lenient.f1, 0.5)
    );
    assert!(close(lenient.fpr.unwrap(), 1.0 / 3.0));
    assert_eq!((report.strict.tp, report.strict.fp, report.strict.tn), (1, 2, 1));
    assert_eq!(report.by_class["paid"].pos, 4);
    assert!(report.by_lang.is_empty());
    assert_eq!(report.bands[&Band::Likely].n, 1);
    assert!(close(report.bands[&Band::Possible].accuracy, 2.0 / 3.0));
}

#[test]
fn the_curve_goes_on_below_the_threshold() {
    let cases = [
        case(Some("a"), &[Some("a")], Some("a"), 0.9),
        case(None, &[None], Some("a"), 0.7),
        case(Some("a"), &[Some("a")], Some("a"), 0.6),
        case(Some("a"), &[Some("a")], None, 0.0),
    ];
    let report = evaluate(&cases);
    let points: Vec<(f64, f64, f64)> =
        report.curve.iter().map(|p| (p.threshold, p.precision, p.recall)).collect();
    assert_eq!(points.len(), 3);
    assert!(close(points[2].1, 2.0 / 3.0) && close(points[2].2, 2.0 / 3.0));
    assert!(close(report.pr_auc, 1.0 / 3.0 + 2.0 / 3.0 / 3.0));
    assert_eq!(report.precision_at_recall_90, None);
    assert!(close(report.recall_at_precision_95, 1.0 / 3.0));
}

#[test]
fn scores_are_compared_with_shares_of_right_claims() {
    let cases = [
        case(Some("a"), &[Some("a")], Some("a"), 0.9),
        case(Some("a"), &[Some("a")], Some("b"), 1.0),
        case(Some("a"), &[Some("a")], Some("a"), 0.8),
        case(Some("a"), &[Some("a")], Some("a"), 0.7),
    ];
    let report = evaluate(&cases);
    assert!(close(report.ece.unwrap(), (0.9 + 0.2) / 3.0), "{:?}", report.ece);
    assert_eq!(report.calibration.iter().map(|bin| bin.n).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(evaluate(&[]).ece, None);
}
