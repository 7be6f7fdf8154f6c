//! Leavers × spend: what only a product can answer that knows the directory and the expenses. Who has left and still
//! expenses an app, and which apps are expensed by people whom the directory does not know.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use matcher::Dictionary;
use serde::Serialize;
use store::{
    Store,
    ids::AccountId,
    lines::{By, Filter, Sum},
    people::{self, InConcur, Member},
};
use utoipa::ToSchema;

use super::apps::CurrencyTotal;
use crate::Error;

/// How an owner of expenses stands in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Deactivated or deleted by the identity provider.
    Left,
    /// Never sent by the identity provider, and inactive in Concur.
    InactiveInConcur,
    /// Never sent by the identity provider, though it sends others.
    NotInDirectory,
}

/// Somebody who expenses apps and is not an active member of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Leaver {
    /// Login of the owner, as it stands on the lines.
    pub owner: String,
    /// Why the person is listed.
    pub standing: Standing,
    /// When the person left, where the directory says so.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub left_at: Option<Timestamp>,
    /// Lines for apps that are dated after that day.
    pub lines_after: u64,
    /// The apps, those of the most recent purchase first.
    pub apps: Vec<AppUse>,
}

/// What one person spent on one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppUse {
    /// The app's id.
    pub app_id: String,
    /// Its name, where this dictionary still has it.
    pub app_name: Option<String>,
    /// Lines.
    pub lines: u64,
    /// Of them, dated after the person left.
    pub lines_after: u64,
    /// Day of the last purchase.
    #[schema(value_type = String, format = Date)]
    pub last: Date,
    /// Sums by currency.
    pub totals: Vec<CurrencyTotal>,
}

/// Everybody who expenses apps and is not an active member of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Leavers {
    /// Those who still spend first, then those who have left before those who were never there, then by login.
    pub leavers: Vec<Leaver>,
    /// Whether the identity provider has sent anybody: without, nobody can be missing from its directory.
    pub directory_known: bool,
}

/// Lines of owners after a day, by owner and app.
type After = HashMap<(String, String), u64>;

/// Who has left, or was never there, and expensed an app in the lines that pass the filter.
///
/// # Errors
/// The store refuses.
pub async fn leavers(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    filter: Filter,
) -> Result<Leavers, Error> {
    let by = By { app: true, owner: true, month: false };
    let (sums, standings, after, directory_known) = store
        .read(move |conn| {
            let (members, in_concur) = (people::directory(conn, account)?, people::in_concur(conn, account)?);
            let sums = store::lines::sums(conn, account, &filter, by)?;
            let standings = Standings::new(&members, &in_concur);
            let mut after = After::new();
            for (owner, day) in spent_after(&sums, &standings) {
                let later = Filter {
                    owner_login: Some(owner.clone()),
                    from: day.tomorrow().ok().max(filter.from),
                    ..filter.clone()
                };
                for sum in store::lines::sums(conn, account, &later, By { app: true, ..By::default() })? {
                    if let Some(app) = sum.app_id {
                        *after.entry((owner.clone(), app)).or_default() += sum.lines;
                    }
                }
            }
            Ok((sums, standings, after, !members.is_empty()))
        })
        .await?;
    Ok(Leavers { leavers: listed(sums, &standings, &after, dictionary), directory_known })
}

/// Who is not an active member, by folded login.
struct Standings {
    directory: HashMap<String, (bool, Option<Timestamp>)>,
    concur: HashMap<String, bool>,
}

impl Standings {
    fn new(members: &[Member], in_concur: &[InConcur]) -> Self {
        let directory = members.iter().map(|it| (it.user_name.to_lowercase(), (it.active, it.left_at)));
        let concur = in_concur.iter().map(|it| (it.user_name.to_lowercase(), it.active));
        Self { directory: directory.collect(), concur: concur.collect() }
    }

    /// `None` for an active member, and for an active user of Concur where there is no directory.
    fn of(&self, owner: &str) -> Option<(Standing, Option<Timestamp>)> {
        let owner = owner.to_lowercase();
        match (self.directory.get(&owner), self.concur.get(&owner)) {
            (Some((false, left_at)), _) => Some((Standing::Left, *left_at)),
            (None, Some(false)) => Some((Standing::InactiveInConcur, None)),
            (None, _) if !self.directory.is_empty() => Some((Standing::NotInDirectory, None)),
            _ => None,
        }
    }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// Owners with a line for an app after the day on which they left.
fn spent_after(sums: &[Sum], standings: &Standings) -> BTreeMap<String, Date> {
    let spent = sums.iter().filter(|sum| sum.app_id.is_some()).filter_map(|sum| {
        let left = day(standings.of(&sum.owner)?.1?);
        (sum.last > left).then(|| (sum.owner.clone(), left))
    });
    spent.collect()
}

fn listed(sums: Vec<Sum>, standings: &Standings, after: &After, dictionary: &Dictionary) -> Vec<Leaver> {
    let mut found: BTreeMap<String, (Leaver, BTreeMap<String, AppUse>)> = BTreeMap::new();
    for sum in sums {
        let Some(app_id) = sum.app_id else { continue };
        let Some((standing, left_at)) = standings.of(&sum.owner) else { continue };
        let (_, apps) = found.entry(sum.owner.clone()).or_insert_with(|| {
            let owner = sum.owner.clone();
            (Leaver { owner, standing, left_at, lines_after: 0, apps: Vec::new() }, BTreeMap::new())
        });
        let app = apps.entry(app_id.clone()).or_insert_with(|| AppUse {
            app_name: dictionary.app(&app_id).map(|app| app.name.clone()),
            lines: 0,
            lines_after: after.get(&(sum.owner.clone(), app_id.clone())).copied().unwrap_or_default(),
            last: sum.last,
            totals: Vec::new(),
            app_id,
        });
        app.lines += sum.lines;
        app.last = app.last.max(sum.last);
        app.totals.push(CurrencyTotal { currency: sum.currency, posted: sum.posted, lines: sum.lines });
    }
    let mut leavers: Vec<Leaver> = found
        .into_values()
        .map(|(mut leaver, apps)| {
            leaver.apps = apps.into_values().collect();
            leaver.apps.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.app_id.cmp(&b.app_id)));
            leaver.lines_after = leaver.apps.iter().map(|app| app.lines_after).sum();
            leaver
        })
        .collect();
    leavers.sort_by(|a, b| {
        let key = |leaver: &Leaver| (Reverse(leaver.lines_after), leaver.standing);
        key(a).cmp(&key(b)).then_with(|| a.owner.cmp(&b.owner))
    });
    leavers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, left: Option<&str>) -> Member {
        Member {
            user_name: name.to_owned(),
            active: left.is_none(),
            left_at: left.map(|at| at.parse().unwrap()),
        }
    }

    fn in_concur(name: &str, active: bool) -> InConcur {
        InConcur { user_name: name.to_owned(), active, raw: serde_json::Value::Null }
    }

    #[test]
    fn the_directory_has_the_first_word_and_concur_the_second() {
        let members = [member("Zoe@x", None), member("max@x", Some("2026-03-01T09:00:00Z"))];
        let concur = [in_concur("zoe@x", false), in_concur("old@x", false), in_concur("new@x", true)];
        let standings = Standings::new(&members, &concur);
        assert_eq!(standings.of("ZOE@x"), None, "active in the directory");
        assert_eq!(standings.of("max@x").map(|found| found.0), Some(Standing::Left));
        assert_eq!(standings.of("old@x").map(|found| found.0), Some(Standing::InactiveInConcur));
        assert_eq!(standings.of("new@x").map(|found| found.0), Some(Standing::NotInDirectory));
        assert_eq!(standings.of("nobody@x").map(|found| found.0), Some(Standing::NotInDirectory));
        let without = Standings::new(&[], &concur);
        assert_eq!(without.of("new@x"), None, "nobody is missing from a directory that there is not");
        assert_eq!(without.of("old@x").map(|found| found.0), Some(Standing::InactiveInConcur));
    }

    #[test]
    fn who_still_spends_comes_first_then_who_has_left_then_who_was_never_there() {
        let spent = |owner: &str| Sum {
            app_id: Some("figma".to_owned()),
            month: String::new(),
            owner: owner.to_owned(),
            currency: "EUR".to_owned(),
            lines: 1,
            posted: rust_decimal::Decimal::ONE,
            first: Date::constant(2026, 3, 5),
            last: Date::constant(2026, 3, 5),
        };
        let gone = Some("2026-03-01T09:00:00Z");
        let members = [member("yet@x", gone), member("left@x", gone)];
        let standings = Standings::new(&members, &[in_concur("idle@x", false)]);
        let sums = ["a-stranger@x", "idle@x", "left@x", "yet@x"].map(spent).to_vec();
        let after = After::from([(("yet@x".to_owned(), "figma".to_owned()), 1)]);
        let dictionary = Dictionary::from_jsonl("").unwrap();
        let listed = listed(sums, &standings, &after, &dictionary);
        let order: Vec<&str> = listed.iter().map(|leaver| leaver.owner.as_str()).collect();
        assert_eq!(order, ["yet@x", "left@x", "idle@x", "a-stranger@x"]);
    }
}
