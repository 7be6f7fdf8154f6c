//! `scim-bridge query apps|totals|leavers|lines`: the answers of the API, from the database, for people and for scripts.
//! How they are written is in `rows`.

mod changes;
mod rows;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use matcher::Dictionary;
use store::Store;
use store::ids::AccountId;
use store::matches::{Band, Status};
use sync::query::{self, Dimensions, Filter, PageRequest, State};

use self::rows::{Format, Rows};
use super::{Settings, Usage, account, output};
use crate::clock::{self, Clock};
use crate::serve;

/// What to ask.
#[derive(Debug, Subcommand)]
pub(super) enum Query {
    /// What each app costs, by currency; the app with the most lines first.
    Apps(Question),
    /// What was spent, told apart by any of app, month, owner and department.
    Totals {
        #[command(flatten)]
        question: Question,
        /// Names with commas between them: app, month, owner, department.
        #[arg(long, default_value = "app,month")]
        by: String,
    },
    /// People who have left, or are not in the directory, and expense apps; those who still do first.
    Leavers(Question),
    /// What is paid again and again, what a year of it costs, when its price changed, and whether it goes on.
    Subscriptions {
        #[command(flatten)]
        question: Question,
        /// Only those that are active, overdue or stopped.
        #[arg(long, value_parser = state)]
        state: Option<State>,
    },
    /// Lines of different sources (a file, Concur) that may be one purchase.
    Duplicates(Question),
    /// Expense lines with their apps, newest first; all of them.
    Lines(Question),
    /// Lines that came, changed, were decided otherwise or went since a cursor, each once, as JSON lines.
    Changes(changes::Changes),
}

/// Of which lines, and how to show it.
#[derive(Debug, Args)]
pub(super) struct Question {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Only lines matched to this app.
    #[arg(long)]
    app: Option<String>,
    /// Only lines decided so: matched, unmatched, ignored or archived.
    #[arg(long)]
    status: Option<Status>,
    /// Only lines decided this surely: certain, likely, possible or none.
    #[arg(long)]
    band: Option<Band>,
    /// Only lines of this owner's login.
    #[arg(long)]
    owner: Option<String>,
    /// Only purchases on this day or later.
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<Date>,
    /// Only purchases on this day or earlier.
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<Date>,
    /// As it was then: a time like 2026-03-31T12:00:00Z, or the end of a day.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<Timestamp>,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Where answers come from.
pub(super) struct Source {
    store: Store,
    account: AccountId,
    dictionary: Dictionary,
}

impl Query {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let question = match &self {
            Self::Apps(question)
            | Self::Leavers(question)
            | Self::Lines(question)
            | Self::Duplicates(question)
            | Self::Subscriptions { question, .. }
            | Self::Totals { question, .. } => question,
            Self::Changes(changes) => return changes.run(settings).await,
        };
        let source = tokio::task::block_in_place(|| Source::open(settings, question.account.as_deref()))?;
        let (filter, mut rows) = (question.filter(), Rows::new(question.format)?);
        let Source { store, account, dictionary } = &source;
        let mut page = PageRequest { cursor: None, limit: Some(query::LIMIT_MAX) };
        loop {
            let filter = filter.clone();
            page.cursor = match &self {
                Self::Apps(_) => {
                    let found = query::apps(store, *account, dictionary, filter, &page).await?;
                    rows.add(&found.apps)?;
                    found.next_cursor
                }
                Self::Totals { by, .. } => {
                    let found =
                        query::totals(store, *account, dictionary, filter, dimensions(by)?, &page).await?;
                    rows.add(&found.totals)?;
                    found.next_cursor
                }
                Self::Leavers(_) => {
                    let found = query::leavers(store, *account, dictionary, filter).await?;
                    rows.add(&found.leavers)?;
                    if !found.directory_known {
                        output::note(
                            "no identity provider has sent anybody to this account: listed are users that are inactive in Concur",
                        );
                    }
                    None
                }
                Self::Lines(_) => {
                    let found = query::lines(store, *account, dictionary, filter, &page).await?;
                    rows.add(&found.lines)?;
                    found.next_cursor
                }
                Self::Subscriptions { state, .. } => {
                    let now = filter.as_of.unwrap_or_else(|| Clock::system().now());
                    let today = now.to_zoned_datetime(TimeZone::UTC).date();
                    let found =
                        query::subscriptions(store, *account, dictionary, filter, *state, today, &page)
                            .await?;
                    rows.add(&found.subscriptions)?;
                    found.next_cursor
                }
                Self::Duplicates(_) => {
                    let found = query::duplicates(store, *account, dictionary, filter, &page).await?;
                    rows.add(&found.duplicates)?;
                    found.next_cursor
                }
                Self::Changes(_) => None,
            };
            if page.cursor.is_none() {
                return rows.end();
            }
        }
    }
}

/// A time, or the end of a day (UTC).
fn moment(text: &str) -> Result<Timestamp, String> {
    clock::moment(text).ok_or_else(|| "write a time, like 2026-03-31T12:00:00Z, or a date".to_owned())
}

fn state(name: &str) -> Result<State, String> {
    let known = State::ALL.iter().find(|(known, _)| *known == name).map(|(_, state)| *state);
    known.ok_or_else(|| "write active, overdue or stopped".to_owned())
}

fn dimensions(text: &str) -> anyhow::Result<Dimensions> {
    let known = Dimensions::NAMES.join(", ");
    Dimensions::parse(text).ok_or_else(|| Usage(format!("--by {text}: there are {known}")).into())
}

impl Source {
    fn open(settings: &Settings, name: Option<&str>) -> anyhow::Result<Self> {
        let config = settings.load()?;
        let store = serve::open_store(&config)?;
        let account = account::named_or_only(&store, name)?.id;
        Ok(Self { store, account, dictionary: serve::load_dictionary(config.dictionary_file())? })
    }
}

impl Question {
    fn filter(&self) -> Filter {
        Filter {
            app_id: self.app.clone(),
            status: self.status,
            band: self.band,
            owner_login: self.owner.clone(),
            from: self.from,
            to: self.to,
            as_of: self.as_of,
            ..Filter::default()
        }
    }
}
