//! Every recorded IdP conversation, played against the running bridge on each database: the answer, the operations,
//! and what Concur received must be as recorded.

use fixtures::idp::{Variables, conversations};
use scim_bridge::demo::player::{Player, Turn};
use store::operations::{self, State};

use crate::harness::{House, everywhere};

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_conversation_goes_as_recorded() {
    everywhere(play_all).await;
}

async fn play_all(house: &House) {
    // More leavers in a minute than any company has.
    let wide = serde_json::json!({"users": 1_000, "percent": 50});
    house.settings(&serde_json::json!({"brake": {"day": wide, "ten_minutes": wide}})).await;
    let idp = Player {
        http: house.http.clone(),
        scim: house.running.bridge().scim_base(),
        token: house.token.clone(),
        store: house.store().clone(),
        account: house.account.id,
        simulator: &house.simulator,
    };
    let recorded = conversations();
    assert!(recorded.len() >= 26);
    let mut wrong = Vec::new();
    let mut writes = 0;
    for conversation in &recorded {
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
}
