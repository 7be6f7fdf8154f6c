//! Every recorded IdP conversation, played against the running bridge on each database: the answer, the operations,
//! and what Concur received must be as recorded. What was bent for each provider on the way is counted, and stands on the
//! page about them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fixtures::idp::{Variables, conversations};
use scim_bridge::demo::player::{Player, Turn};
use store::operations::{self, State};

use reqwest::Method;
use scim::habits::Habit;
use secrecy::ExposeSecret as _;
use serde_json::json;
use store::tokens::NewToken;

use crate::documents::check;
use crate::harness::{House, everywhere, send};

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_conversation_goes_as_recorded() {
    everywhere(play_all).await;
}

async fn play_all(house: &House) {
    // More leavers in a minute than any company has.
    let wide = serde_json::json!({"users": 1_000, "percent": 50});
    house.settings(&serde_json::json!({"brake": {"day": wide, "ten_minutes": wide}})).await;
    let recorded = conversations();
    assert!(recorded.len() >= 26);
    let mut wrong = Vec::new();
    let mut writes = 0;
    let mut tokens: BTreeMap<String, String> = BTreeMap::new();
    for conversation in &recorded {
        if !tokens.contains_key(&conversation.idp) {
            tokens.insert(conversation.idp.clone(), token_of(house, &conversation.idp).await);
        }
        let idp = Player {
            http: house.http.clone(),
            scim: house.running.bridge().scim_base(),
            token: tokens[&conversation.idp].clone(),
            store: house.store().clone(),
            account: house.account.id,
            simulator: &house.simulator,
        };
        let company = house.simulator.info().company_uuid.clone();
        let mut variables = Variables::from([("company_uuid".to_owned(), company)]);
        for (number, step) in conversation.steps.iter().enumerate() {
            let played = idp.play(step, &mut variables, idp.mark(), Turn::First).await.unwrap();
            writes += played.writes.len();
            for difference in played.differences {
                wrong.push(format!(
                    "{}, step {number} ({} {}): {difference}",
                    conversation.name, step.request.method, step.request.path
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(writes > 30, "only {writes} writes reached Concur");

    // The outbox agrees: every operation was read back, none is left on its way.
    let account = house.account.id;
    let counts =
        house.store().read(move |conn| operations::counts_by_state(conn, Some(account))).await.unwrap();
    let states: Vec<State> = counts.into_iter().filter(|(_, n)| *n > 0).map(|(state, _)| state).collect();
    assert!(states.contains(&State::Done), "{states:?}");
    assert!(states.iter().all(|state| matches!(state, State::Done | State::Cancelled)), "{states:?}");
    habits_are_those_of_the_page(house).await;
}

/// A token with the provider's name, as an operator would give it: most providers have no user agent that is known.
async fn token_of(house: &House, provider: &str) -> String {
    let now = house.running.bridge().clock.now();
    let new = NewToken {
        account: Some(house.account.id),
        name: provider.replace('_', " "),
        scopes: vec!["scim:read".to_owned(), "scim:write".to_owned()],
        expires_at: now + jiff::SignedDuration::from_hours(1),
        now,
    };
    let made = house.store().write(move |conn| store::tokens::create(conn, &new, &mut rand::rng())).await;
    made.unwrap().1.expose_secret().to_owned()
}

/// What was bent, by provider and habit, is what the page says; and every habit that is bent has a recording.
async fn habits_are_those_of_the_page(house: &House) {
    // Notes are written down in order: when this one is there, so are all before it.
    let last = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "Add", "path": "title", "value": "x"}]});
    let request = house.request(Method::PATCH, "/Users/none").header("user-agent", "the last one");
    send(request.header("content-type", "application/json").body(last.to_string())).await.expect(404);
    let account = house.account.id;
    let mut bent = Vec::new();
    house
        .until("everything that was bent is counted", async || {
            bent = house.store().read(move |conn| store::habits::list(conn, account)).await.unwrap();
            bent.iter().any(|it| it.provider == "other")
        })
        .await;
    bent.retain(|it| it.provider != "other");
    let mut table = String::from("| provider | what came, and what it was taken for |\n|---|---|\n");
    for it in &bent {
        let habit = Habit::ALL.into_iter().find(|habit| habit.name() == it.habit).unwrap();
        writeln!(table, "| {} | {} (`{}`) |", it.provider, habit.sentence(), it.habit).unwrap();
    }
    check("identity-providers.md", &table);
    let without: Vec<_> =
        Habit::ALL.iter().filter(|habit| bent.iter().all(|it| it.habit != habit.name())).collect();
    // Known from public reports alone, of JumpCloud and Salesforce; nobody has recorded a whole story with them.
    let reported = [&Habit::OneForArray, &Habit::RemovedByWrappedValue];
    assert_eq!(without, reported, "a habit without a recording");
}
