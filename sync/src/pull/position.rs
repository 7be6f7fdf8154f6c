//! How far the reports of an account have been read, and which pass is due next. Pure; stored as JSON with every page.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::window::{self, Window};

/// Days read again before the watermark: at least one whole day is needed, since zone and boundary are not stated.
const LOOK_BACK_DAYS: i32 = 2;

/// How far the reports of an account have been read. Stored with every page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Windows still to be read, the one at hand first.
    pub(super) windows: Vec<Window>,
    /// Where the page after the last stored one begins, in the first of `windows`.
    pub(super) page: Option<String>,
    /// Windows of this pass that are completely stored.
    pub(super) windows_done: usize,
    /// When this pass began, by Concur's clock where it tells: the next pass starts here.
    pub(super) began: Option<Date>,
    /// Whether something of the window at hand could not be read.
    #[serde(default)]
    pub(super) has_gap: bool,
    /// Windows that were left with gaps: they are read again, by the next pass or when this one is taken up by another run.
    #[serde(default)]
    pub(super) again: Vec<Window>,
    /// Where the pass before this one began; `None` until the first year is complete.
    pub(super) watermark: Option<Date>,
}

impl Position {
    /// Goes on with an unfinished pass, or plans a new one.
    pub(super) fn next_pass(stored: Option<Position>, first_day: Date, today: Date) -> Position {
        match stored {
            // The run that met the gaps has not ended, so nobody was told of them.
            Some(mut position) if !position.windows.is_empty() => {
                position.windows.append(&mut position.again);
                position
            }
            Some(Position { watermark: Some(watermark), mut again, .. }) => {
                let from = watermark.checked_sub(LOOK_BACK_DAYS.days()).unwrap_or(Date::MIN).max(first_day);
                let mut position = Position::plan(from, today, Some(watermark));
                position.windows.append(&mut again);
                position
            }
            _ => Position::plan(first_day, today, None),
        }
    }

    fn plan(from: Date, to: Date, watermark: Option<Date>) -> Position {
        Position { watermark, ..Position::over(window::newest_first(from, to)) }
    }

    /// At the beginning of these windows.
    pub(super) fn over(windows: Vec<Window>) -> Position {
        Position {
            windows,
            page: None,
            windows_done: 0,
            began: None,
            has_gap: false,
            again: Vec::new(),
            watermark: None,
        }
    }

    /// The window at hand is read to its end, or cannot be.
    pub(super) fn leave_window(&mut self) {
        let window = self.windows.remove(0);
        if std::mem::take(&mut self.has_gap) {
            self.again.push(window);
        }
        self.windows_done += 1;
        self.page = None;
    }

    /// The pass is complete: the next one begins where this one did.
    pub(super) fn finish(&mut self, today: Date) {
        self.watermark = Some(self.began.take().unwrap_or(today));
        self.windows_done = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const FIRST: Date = date(2025, 11, 23);
    const TODAY: Date = date(2026, 11, 23);

    #[test]
    fn the_first_pass_covers_the_year() {
        let position = Position::next_pass(None, FIRST, TODAY);
        assert_eq!(position.windows.first().unwrap().to, TODAY);
        assert_eq!(position.windows.last().unwrap().from, FIRST);
        assert_eq!(position.watermark, None);
    }

    #[test]
    fn an_unfinished_pass_goes_on_where_it_stopped() {
        let mut position = Position::next_pass(None, FIRST, TODAY);
        position.leave_window();
        position.page = Some("after page 3".to_owned());
        let resumed = Position::next_pass(Some(position.clone()), FIRST, TODAY.tomorrow().unwrap());
        assert_eq!(resumed, position);
    }

    #[test]
    fn a_window_with_a_gap_is_read_again_by_the_next_pass_or_when_this_one_is_taken_up() {
        let mut position = Position::next_pass(None, FIRST, TODAY);
        let windows = position.windows.clone();
        position.has_gap = true;
        position.leave_window();
        position.leave_window();
        let taken_up = Position::next_pass(Some(position.clone()), FIRST, TODAY);
        assert_eq!(taken_up.windows, [&windows[2..], &windows[..1]].concat());
        assert_eq!(taken_up.again, []);

        position.windows.clear();
        position.finish(TODAY);
        let next = Position::next_pass(Some(position), FIRST, TODAY);
        assert_eq!(next.windows.last(), windows.first(), "after what is new");
        assert!(next.windows.len() > 1 && next.again.is_empty());
    }

    #[test]
    fn a_later_pass_reads_from_the_watermark_less_the_look_back() {
        let done = Position {
            windows: vec![],
            watermark: Some(date(2026, 11, 20)),
            ..Position::plan(FIRST, FIRST, None)
        };
        let position = Position::next_pass(Some(done), FIRST, TODAY);
        assert_eq!(position.windows, [Window { from: date(2026, 11, 18), to: TODAY }]);
        assert_eq!(position.watermark, Some(date(2026, 11, 20)));
    }

    #[test]
    fn a_later_pass_never_reaches_back_before_the_year() {
        let done = Position { windows: vec![], watermark: Some(FIRST), ..Position::plan(FIRST, FIRST, None) };
        assert_eq!(
            Position::next_pass(Some(done), FIRST, FIRST).windows,
            [Window { from: FIRST, to: FIRST }]
        );
    }
}
