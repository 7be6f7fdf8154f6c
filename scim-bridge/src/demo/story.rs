//! The day of a joiner, a mover and a leaver, as Okta and as Entra ID send it. Each step is remembered before and
//! after, so a day that was cut off goes on with the step at which it stopped.

use std::path::Path;

use fixtures::idp::{self, Conversation, Step, Variables};
use serde_json::Value;

use super::memory::{AtHand, Memory, Told};
use super::player::{Played, Player, Turn};
use super::voice::Voice;

/// The conversations of the day, by name, in order.
const DAY: [&str; 7] = [
    "Okta, catalogue app: joiner",
    "Okta, catalogue app: mover",
    "Okta, catalogue app: leaver",
    "Entra ID: joiner",
    "Entra ID: mover",
    "Entra ID: leaver",
    "Entra ID: delete",
];

/// Plays what is left of the day.
pub(super) async fn tell(
    idp: &Player<'_>,
    memory: &mut Memory,
    data_dir: &Path,
    company_uuid: &str,
    voice: &Voice,
) -> anyhow::Result<()> {
    let conversations = day();
    let steps: Vec<(&Conversation, &Step)> = conversations
        .iter()
        .flat_map(|conversation| conversation.steps.iter().map(move |step| (conversation, step)))
        .collect();
    for told in &memory.told {
        voice.step(told);
    }
    while let Some((conversation, step)) = steps.get(memory.told.len()).copied() {
        if memory.told.last().is_none_or(|told| told.conversation != conversation.name) {
            memory.variables = Variables::from([("company_uuid".to_owned(), company_uuid.to_owned())]);
        }
        let (mark, turn) = match memory.at_hand {
            Some(AtHand { mark }) => (mark, Turn::Repeat),
            None => (idp.mark(), Turn::First),
        };
        memory.at_hand = Some(AtHand { mark });
        memory.save(data_dir)?;
        let outcome = idp.play(step, &mut memory.variables, mark, turn).await?;
        let told = told(conversation, step, &memory.variables, &outcome)?;
        voice.step(&told);
        memory.told.push(told);
        memory.at_hand = None;
        memory.save(data_dir)?;
    }
    Ok(())
}

/// The recordings of the day.
fn day() -> Vec<Conversation> {
    let mut recordings = idp::conversations();
    DAY.iter()
        .filter_map(|name| {
            let at = recordings.iter().position(|recording| recording.name == *name)?;
            Some(recordings.swap_remove(at))
        })
        .collect()
}

fn told(
    conversation: &Conversation,
    step: &Step,
    variables: &Variables,
    played: &Played,
) -> anyhow::Result<Told> {
    let path = idp::expand(&step.request.path, variables)?;
    Ok(Told {
        conversation: conversation.name.clone(),
        sent: format!("{} {}", step.request.method, readable(&path)),
        status: played.status,
        comment: step.comment.clone(),
        concur: played.writes.iter().map(|write| received(&write.method, &write.body)).collect(),
        differences: played.differences.clone(),
    })
}

/// A path without percent signs and with ids cut to what tells them apart.
fn readable(path: &str) -> String {
    let decoded = path.replace("%20", " ").replace("%22", "\"").replace("%5B", "[").replace("%5D", "]");
    decoded
        .split_inclusive(['/', '?', '&', '='])
        .map(|part| {
            let id = part.trim_end_matches(['/', '?', '&', '=']);
            if uuid::Uuid::try_parse(id).is_ok() { part.replace(&id[8..], "…") } else { part.to_owned() }
        })
        .collect()
}

/// What Concur received, in a few words: the parts of a new user, or the paths of a change.
fn received(method: &str, body: &Value) -> String {
    let short = |path: &str| path.rsplit("User:").next().unwrap_or(path).to_owned();
    if method == "PATCH" {
        let operations = body["Operations"].as_array().into_iter().flatten();
        let paths: Vec<String> = operations
            .map(|operation| {
                let path = short(operation["path"].as_str().unwrap_or("several"));
                match &operation["value"] {
                    Value::Bool(value) => format!("{path} = {value}"),
                    Value::String(value) => format!("{path} = {value:?}"),
                    _ => format!("{} {path}", operation["op"].as_str().unwrap_or_default()),
                }
            })
            .collect();
        return format!("PATCH {}", paths.join(", "));
    }
    let parts = [("spend:2.0:User", "spend"), ("travel:2.0:User", "travel")];
    let members = body.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let extensions: Vec<&str> = members
        .filter_map(|name| parts.iter().find(|(urn, _)| name.ends_with(urn)).map(|(_, part)| *part))
        .collect();
    format!("{method} {}", [&["identity"], extensions.as_slice()].concat().join(" + "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_conversation_of_the_day_is_recorded() {
        let names: Vec<String> = day().into_iter().map(|conversation| conversation.name).collect();
        assert_eq!(names, DAY);
    }

    #[test]
    fn what_concur_received_is_said_in_a_few_words() {
        #[track_caller]
        fn check(method: &str, body: &Value, expected: &str) {
            assert_eq!(received(method, body), expected);
        }
        check(
            "POST",
            &json!({ "userName": "a@b.example", "urn:ietf:params:scim:schemas:extension:spend:2.0:User": {} }),
            "POST identity + spend",
        );
        check(
            "PATCH",
            &json!({ "Operations": [
                { "op": "replace", "path": "active", "value": false },
                { "op": "replace", "value": "Product",
                  "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department" },
                { "op": "remove", "path": "title" },
            ]}),
            "PATCH active = false, department = \"Product\", remove title",
        );
    }

    #[test]
    fn paths_are_readable() {
        assert_eq!(
            readable("/Users/6a3e0f62-57f1-4ab4-9d53-2b8c1f0a9f11?aadOptscim062020"),
            "/Users/6a3e0f62…?aadOptscim062020"
        );
        assert_eq!(readable("/Users?filter=userName%20eq%20%22x%22"), "/Users?filter=userName eq \"x\"");
    }
}
