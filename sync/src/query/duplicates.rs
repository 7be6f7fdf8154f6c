//! Lines of different sources that may be one purchase told twice: by a file and by Concur (feature M27). A hint for a
//! person: nothing is left out of any total.

use std::collections::HashMap;

use matcher::Dictionary;
use matcher::patterns;
use matcher::patterns::duplicates::{self, SourceLine};
use serde::Serialize;
use store::{
    Store,
    ids::AccountId,
    lines::{Charge, Filter},
};
use utoipa::ToSchema;

use super::page::PageRequest;
use super::subscriptions::Reason;
use crate::Error;

/// Two lines that may be one purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PossibleDuplicate {
    /// The app that both pay for.
    pub app_id: String,
    /// Its name, where this dictionary still has it.
    pub app_name: Option<String>,
    /// The two lines by their ids.
    pub lines: Vec<String>,
    /// Where each was read.
    pub sources: Vec<String>,
    /// `same_person`, `same_day` or `near_day`: what they have in common, from the most to the least.
    #[schema(value_type = String)]
    pub hint: duplicates::Hint,
    /// Why this is a hint, and what speaks against it.
    pub why: Vec<Reason>,
}

/// A page of possible duplicates, the strongest hints first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PossibleDuplicates {
    /// The pairs.
    pub duplicates: Vec<PossibleDuplicate>,
    /// On all pages together.
    pub total: usize,
    /// Where the next page begins; absent on the last one.
    pub next_cursor: Option<String>,
}

/// Pairs among the lines that pass the filter. Lines without an app are not compared.
///
/// # Errors
/// [`Error::BadCursor`] for a cursor that is not one of ours; otherwise the store refuses.
pub async fn duplicates(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    filter: Filter,
    request: &PageRequest,
) -> Result<PossibleDuplicates, Error> {
    let charges = store.read(move |conn| store::lines::charges(conn, account, &filter)).await?;
    let found = find(&charges, dictionary);
    let slice = request.slice(found.len())?;
    Ok(PossibleDuplicates {
        total: found.len(),
        next_cursor: slice.next_cursor(found.len()),
        duplicates: slice.of(found).collect(),
    })
}

fn find(charges: &[Charge], dictionary: &Dictionary) -> Vec<PossibleDuplicate> {
    let ids: Vec<String> = charges.iter().map(|it| it.line_id.to_string()).collect();
    let lines: Vec<SourceLine<'_>> = charges
        .iter()
        .zip(&ids)
        .map(|(it, id)| SourceLine {
            charge: patterns::Charge { id, date: it.date, amount: it.amount, currency: &it.currency },
            source: &it.source,
            app: &it.app_id,
            // Files do not always say who.
            owner: Some(it.owner.as_str()).filter(|owner| !owner.is_empty()),
        })
        .collect();
    let apps: HashMap<&str, &str> =
        ids.iter().zip(charges).map(|(id, it)| (id.as_str(), it.app_id.as_str())).collect();
    duplicates::find(&lines)
        .into_iter()
        .map(|pair| {
            let app_id = apps.get(pair.lines[0]).copied().unwrap_or_default().to_owned();
            PossibleDuplicate {
                app_name: dictionary.app(&app_id).map(|app| app.name.clone()),
                app_id,
                lines: pair.lines.map(str::to_owned).to_vec(),
                sources: pair.sources.map(str::to_owned).to_vec(),
                hint: pair.hint,
                why: pair.why.into_iter().map(Reason::from).collect(),
            }
        })
        .collect()
}
