//! How the demo speaks: calm lines for a person, or one JSON document for a machine. Progress goes to standard
//! error: a bar on a terminal, a line now and then where it is piped.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sync::query::AppTotals;
use sync::{Progress, Snapshot};

use super::memory::Told;

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Lines as they happen.
    Person,
    /// Nothing until the document at the end.
    Machine,
}

/// Says what happens.
#[derive(Debug)]
pub(super) struct Voice {
    audience: Audience,
    conversation: Mutex<String>,
}

#[expect(clippy::print_stdout, reason = "speaking is what this is for")]
impl Voice {
    pub(super) fn new(audience: Audience) -> Voice {
        Voice { audience, conversation: Mutex::new(String::new()) }
    }

    pub(super) fn line(&self, text: &str) {
        if self.audience == Audience::Person {
            println!("{text}");
        }
    }

    /// One step of the story, under the heading of its conversation.
    pub(super) fn step(&self, told: &Told) {
        if let Ok(mut conversation) = self.conversation.lock()
            && *conversation != told.conversation
        {
            conversation.clone_from(&told.conversation);
            self.line(&format!("\n{}", told.conversation));
        }
        let mark = if told.differences.is_empty() { "✓" } else { "✗" };
        self.line(&format!("  {mark} {}  {}", told.status, told.sent));
        for write in &told.concur {
            self.line(&format!("         → Concur: {write}"));
        }
        for difference in &told.differences {
            self.line(&format!("         not as recorded: {difference}"));
        }
    }

    /// The apps that most lines pay for.
    pub(super) fn apps(&self, totals: &AppTotals) {
        for app in &totals.apps {
            let sums: Vec<String> =
                app.totals.iter().map(|sum| format!("{} {}", sum.posted.round(), sum.currency)).collect();
            let name = app.name.as_deref().unwrap_or(&app.app_id);
            self.line(&format!("  {name:<28} {:>5} lines   {}", app.lines, sums.join(" · ")));
        }
    }

    /// The document of `--json`.
    pub(super) fn document(&self, document: &serde_json::Value) {
        if self.audience == Audience::Machine {
            println!("{document:#}");
        }
    }
}

/// Shows a sync's progress on standard error.
#[derive(Debug)]
pub(super) struct Bar {
    drawn: ProgressBar,
    plain: bool,
    windows_said: Mutex<usize>,
}

impl Bar {
    pub(super) fn new(audience: Audience) -> Bar {
        let visible = audience == Audience::Person && std::io::stderr().is_terminal();
        let bar = if visible { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("  [{bar:32}] {pos}/{len} fortnights  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar { drawn: bar, plain: audience == Audience::Person && !visible, windows_said: Mutex::new(0) }
    }

    pub(super) fn finish(&self) {
        self.drawn.finish_and_clear();
    }
}

impl Progress for Bar {
    #[expect(clippy::print_stderr, reason = "plain progress where standard error is piped")]
    fn update(&self, snapshot: &Snapshot) {
        let figures = format!(
            "{} reports, {} lines, {} decided, {} matched",
            snapshot.reports, snapshot.lines, snapshot.decided, snapshot.matched
        );
        self.drawn.set_length(snapshot.windows_total as u64);
        self.drawn.set_position(snapshot.windows_done as u64);
        if let (true, Ok(mut said)) = (self.plain, self.windows_said.lock())
            && snapshot.windows_done >= *said + 5
        {
            *said = snapshot.windows_done;
            eprintln!("  {}/{} fortnights  {figures}", snapshot.windows_done, snapshot.windows_total);
        }
        self.drawn.set_message(figures);
    }
}
