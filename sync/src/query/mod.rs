//! Questions, answered from the store alone. Each answer is a plain value with the member names of the HTTP API and
//! of `--json`; amounts are decimal text, never binary floats, and never added over currencies.

mod apps;
mod changes;
mod duplicates;
mod explanation;
mod history;
mod leavers;
mod lines;
mod page;
pub(crate) mod schema;
mod subscriptions;
mod totals;

pub use apps::{AppTotal, AppTotals, CurrencyTotal, apps};
pub use changes::{Change, Changes, changes};
pub use duplicates::{PossibleDuplicate, PossibleDuplicates, duplicates};
pub use explanation::{LineExplanation, explanation};
pub use history::{History, Stood, history};
pub use leavers::{AppUse, Leaver, Leavers, Standing, leavers};
pub use lines::{Amount, Decision, LinePage, LineView, lines};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, PageRequest};
pub use store::lines::Filter;
pub use subscriptions::{PriceStep, Reason, State, Subscription, Subscriptions, subscriptions};
pub use totals::{Dimensions, TotalRow, Totals, totals};
