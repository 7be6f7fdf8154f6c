//! Tells webhooks of people who have left and still expense apps, once for each app and new line, at the end of a pass.
//!
//! What was told is remembered as counts of lines. A pass that dies before it has told leaves that to the next one.

use std::collections::BTreeMap;

use matcher::Dictionary;
use serde::Deserialize as _;
use serde_json::json;
use store::lines::Filter;
use store::webhooks::{self, Topic};
use store::{Conn, cursors};

use crate::query::{self, Leaver};
use crate::{Company, Error};

const DATA_TYPE: &str = "leavers";
const NAME: &str = "told";

/// People that one message names: a message is a hint, the whole list is a question away.
const NAMED_MAX: usize = 100;

/// Lines for apps dated after the owner left, by owner and app.
type Told = BTreeMap<String, BTreeMap<String, u64>>;

/// Compares who spends after leaving with what was told, where a webhook wants to know, and tells what has come to it.
///
/// # Errors
/// The store refuses; nothing is told then.
pub(crate) async fn tell(company: &Company, dictionary: &Dictionary) -> Result<(), Error> {
    let (account, now) = (company.account, company.now());
    let look = move |conn: &mut Conn| {
        if !webhooks::wanted(conn, account, Topic::LeaversSpending)? {
            return Ok(None);
        }
        let told = cursors::get(conn, account, DATA_TYPE, NAME)?;
        Ok(Some(told.and_then(|told| Told::deserialize(told).ok()).unwrap_or_default()))
    };
    let Some(told) = company.store.read(look).await? else { return Ok(()) };
    let found = query::leavers(&company.store, account, dictionary, Filter::default()).await?;
    let mut now_told = Told::new();
    for leaver in &found.leavers {
        for app in leaver.apps.iter().filter(|app| app.lines_after > 0) {
            now_told.entry(leaver.owner.clone()).or_default().insert(app.app_id.clone(), app.lines_after);
        }
    }
    if now_told == told {
        return Ok(());
    }
    let news = news(found.leavers, &told);
    let value = serde_json::to_value(&now_told)?;
    let write = move |conn: &mut Conn| {
        if !news.is_empty() {
            let more = news.len().saturating_sub(NAMED_MAX);
            let named = &news[..news.len() - more];
            let data = json!({"leavers": named, "more": more});
            webhooks::publish(conn, account, Topic::LeaversSpending, now, |_| Ok(data))?;
        }
        cursors::put(conn, account, DATA_TYPE, NAME, &value, now)
    };
    Ok(company.store.write(write).await?)
}

/// People who spend after leaving, with those of their apps for which there are more such lines than were told.
fn news(leavers: Vec<Leaver>, told: &Told) -> Vec<Leaver> {
    let with_news = leavers.into_iter().map(|mut leaver| {
        let told = told.get(&leaver.owner);
        leaver.apps.retain(|app| {
            let told = told.and_then(|apps| apps.get(&app.app_id)).copied().unwrap_or_default();
            app.lines_after > told
        });
        leaver
    });
    with_news.filter(|leaver| !leaver.apps.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::query::{AppUse, Standing};

    fn uses(app_id: &str, lines_after: u64) -> AppUse {
        let (app_id, last) = (app_id.to_owned(), date(2026, 11, 1));
        AppUse { app_id, app_name: None, lines: 9, lines_after, last, totals: Vec::new() }
    }

    #[test]
    fn an_app_is_told_again_when_there_are_more_lines_than_were_told() {
        let apps = vec![uses("figma", 3), uses("miro", 2), uses("github", 0)];
        let owner = "zoe@x".to_owned();
        let zoe = Leaver { owner, standing: Standing::Left, left_at: None, lines_after: 5, apps };
        let told = |figma: u64, miro: u64| -> Told {
            let apps = BTreeMap::from([("figma".to_owned(), figma), ("miro".to_owned(), miro)]);
            BTreeMap::from([("zoe@x".to_owned(), apps)])
        };
        let apps = |told: &Told| -> Vec<String> {
            let found = news(vec![zoe.clone()], told).pop();
            found.map(|it| it.apps.into_iter().map(|app| app.app_id).collect()).unwrap_or_default()
        };
        assert_eq!(apps(&Told::new()), ["figma", "miro"]);
        assert_eq!(apps(&told(2, 2)), ["figma"]);
        assert_eq!(apps(&told(3, 2)), [""; 0]);
        assert_eq!(apps(&told(4, 3)), [""; 0], "lines that went are no news");
    }
}
