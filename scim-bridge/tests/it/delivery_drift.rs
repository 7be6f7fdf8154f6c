//! Requests that take effect late: whoever had one with an unknown outcome is read again, and what is wanted comes back
//! (reliability I12).

use std::sync::Arc;
use std::time::Duration;

use fixtures::simulator::{Config, FaultKind, Simulator};
use scim_bridge::accounts::{AccountSettings, Clients, connect};
use serde_json::Value;
use store::operations::State;

use crate::delivery_harness::{connection, until};
use crate::delivery_line::{Ahead, Line, accept, read, retitle, settings, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_effect_an_hour_late_is_seen_and_undone() {
    concur::install_crypto();
    for base in store::testing::stores() {
        let config = Config { provisioning_delay: Duration::ZERO, ..Config::default() };
        let concur = Arc::new(Simulator::offline(&config).unwrap());
        let (line, ahead) = (Line::new(&concur, None), Ahead::default());
        let clock = ahead.clock();
        let new = connection(&concur, "acme", AccountSettings::default());
        let account = connect(&base.store, &clock, &settings(&line), new).await.unwrap().account.id;
        let (_, worker, metrics) = start(&base, &clock, &line);
        let done = async |operation| {
            until("it to be done", || async {
                let row = read(&base, operation).await;
                if row.state == State::Done { Ok(row) } else { Err(format!("{row:?}")) }
            })
            .await
        };
        let (resource, created) = accept(&base, account, &clock, "late").await;
        done(created).await;
        line.strike("PATCH", FaultKind::ApplyLate { seconds: 3_600 });
        let second = retitle(&base, account, &clock, resource, "second").await;
        assert!(done(second).await.ever_unknown, "it was looked up and sent again");
        let third = retitle(&base, account, &clock, resource, "third").await;
        assert!(!done(third).await.ever_unknown);

        let clients = Clients::new(base.store.clone(), clock.clone(), settings(&line));
        let title = async || {
            let by = concur::api::LookupAttribute::ExternalId;
            let client = clients.get(account).await.unwrap();
            let found = client.identity().find_by(by, "idp-late").await.unwrap();
            found[0].raw()["title"].clone()
        };
        let looks = async |count: i32| {
            until("the look", || async {
                let sql = "SELECT CAST(looks AS TEXT) AS line FROM drift_watches";
                let seen = base.store.read(move |conn| store::testing::lines(conn, sql)).await.unwrap();
                if seen == [count.to_string()] { Ok(()) } else { Err(format!("{seen:?}")) }
            })
            .await;
        };
        ahead.advance(Duration::from_mins(6), &concur);
        looks(1).await;
        ahead.advance(Duration::from_mins(25), &concur);
        looks(2).await;
        assert_eq!((title().await, drifted(&metrics)), (Value::from("third"), 0), "{}", base.name);
        // Now the second title arrives after the third, and at 125 minutes somebody looks.
        ahead.advance(Duration::from_mins(30), &concur);
        assert_eq!(title().await, "second");
        ahead.advance(Duration::from_mins(65), &concur);
        until("what is wanted to be back", || async {
            let title = title().await;
            if title == "third" { Ok(()) } else { Err(title.to_string()) }
        })
        .await;
        assert_eq!(drifted(&metrics), 1, "and it was told");
        worker.stop().await;
    }
}

fn drifted(metrics: &scim_bridge::metrics::Metrics) -> u64 {
    let text = metrics.render();
    let lines = text.lines().filter(|line| line.starts_with("scim_bridge_ups_drift_total{"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}
