//! The figures as a picture: precision over recall, and the share of right claims over the score.

use std::fmt::Write as _;

use ::matcher::Band;
use ::matcher::evaluate::Report;

/// Side of a plot's square, and the room around it for axes and words.
const SIDE: f64 = 360.0;
const MARGIN: f64 = 60.0;
const INK: &str = "#1f2933";
const BLUE: &str = "#2563eb";
const GREY: &str = "#9aa5b1";

/// A picture of 2 plots side by side, on white, with words that screen readers find too.
pub(super) fn svg(report: &Report) -> String {
    let (width, height) = (2.0 * (SIDE + 2.0 * MARGIN), SIDE + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>Precision, recall and calibration on {} lines</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        report.n
    );
    precision_over_recall(report, &mut out);
    calibration(report, &mut out);
    out.push_str("</svg>\n");
    out
}

/// Where a plot lies in the picture, and what its axes mean.
struct Axes {
    left: f64,
    /// What the beginning of both axes stands for; their end is 1.
    from: f64,
}

impl Axes {
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let along = |share: f64| (share.clamp(self.from, 1.0) - self.from) / (1.0 - self.from) * SIDE;
        (self.left + along(x), MARGIN + SIDE - along(y))
    }

    fn draw(&self, title: &str, x_axis: &str, y_axis: &str, out: &mut String) {
        let middle = self.left + SIDE / 2.0;
        let _ = write!(
            out,
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"15\" fill=\"{INK}\">{title}</text>\n\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"{INK}\">{x_axis}</text>\n\
             <text transform=\"translate({} {}) rotate(-90)\" text-anchor=\"middle\" fill=\"{INK}\">{y_axis}</text>\n\
             <rect x=\"{}\" y=\"{MARGIN}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"{INK}\"/>\n",
            MARGIN - 22.0,
            MARGIN + SIDE + 40.0,
            self.left - 42.0,
            MARGIN + SIDE / 2.0,
            self.left,
        );
        for step in 0..=5_u8 {
            let share = self.from + (1.0 - self.from) * f64::from(step) / 5.0;
            let (x, y) = self.place(share, share);
            let bottom = MARGIN + SIDE;
            let _ = write!(
                out,
                "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"{INK}\">{share:.2}</text>\n\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{INK}\">{share:.2}</text>\n\
                 <line x1=\"{x:.1}\" y1=\"{MARGIN}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"{GREY}\" stroke-width=\"0.3\"/>\n",
                bottom + 18.0,
                self.left - 6.0,
                y + 4.0,
            );
        }
    }
}

fn precision_over_recall(report: &Report, out: &mut String) {
    let axes = Axes { left: MARGIN, from: 0.5 };
    axes.draw(&format!("Average precision {:.4}", report.pr_auc), "recall", "precision", out);
    let points: Vec<String> = report
        .curve
        .iter()
        .map(|point| {
            let (x, y) = axes.place(point.recall, point.precision);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{BLUE}\" stroke-width=\"2\"/>",
        points.join(" ")
    );
    for (least, name) in
        [(Band::CERTAIN_MIN, "certain"), (Band::LIKELY_MIN, "likely"), (Band::POSSIBLE_MIN, "possible")]
    {
        if let Some(point) = report.curve.iter().rev().find(|point| point.threshold >= least) {
            let (x, y) = axes.place(point.recall, point.precision);
            let _ = write!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{BLUE}\"><title>{name} or better: recall {:.4}, precision {:.4}</title></circle>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{INK}\">{name}</text>\n",
                point.recall,
                point.precision,
                x - 4.0,
                y + 18.0,
            );
        }
    }
}

fn calibration(report: &Report, out: &mut String) {
    let axes = Axes { left: SIDE + 3.0 * MARGIN, from: 0.5 };
    let error = report.ece.unwrap_or_default();
    axes.draw(&format!("Calibration error {error:.4}"), "mean score of claims", "share of right claims", out);
    let ((x1, y1), (x2, y2)) = (axes.place(axes.from, axes.from), axes.place(1.0, 1.0));
    let _ = writeln!(
        out,
        "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{GREY}\" stroke-dasharray=\"4 4\"/>"
    );
    let most = report.calibration.iter().map(|bin| bin.n).max().unwrap_or(1);
    for bin in &report.calibration {
        let (x, y) = axes.place(bin.score, bin.accuracy);
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let radius = 3.0 + 9.0 * (count(bin.n) / count(most)).sqrt();
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"{BLUE}\" fill-opacity=\"0.6\">\
             <title>{} claims: mean score {:.4}, {:.4} right</title></circle>",
            bin.n, bin.score, bin.accuracy
        );
    }
}
