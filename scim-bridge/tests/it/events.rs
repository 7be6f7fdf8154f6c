//! Events of Concur: through the gates, once, and what comes of them. The simulator delivers and signs for itself; where a
//! test needs an event that it does not send, the test signs with the simulator's key.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fixtures::simulator::{Act, DEFAULT_SCOPES, DeliveryOutcome};
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use scim_bridge::accounts::lifecycle;
use scim_bridge::clock::Clock;
use scim_bridge::config::{Config, EventTrust};
use scim_bridge::events::{self, Subscribed};
use serde_json::{Value, json};
use store::accounts::Account;

use crate::harness::{Answer, House, ada, connect_account, send, user, with};

const REPORTS: &str = "public.concur.expense.report";
const PROVISIONING: &str = "public.concur.user.provisioning";
/// Longer than any test.
const NEVER: Duration = Duration::from_hours(1);

/// Events are on; the address is told by [`House::subscribe`], since the port is not known before.
fn on(config: &mut Config) {
    config.events.address = "http://127.0.0.1:9".into();
}

impl House {
    fn base(&self) -> String {
        format!("http://{}", self.running.addr())
    }

    /// The application may hear of everything, and does.
    pub(crate) async fn subscribe(&self) -> Subscribed {
        let scopes = DEFAULT_SCOPES.iter().chain(&["events.topic.read", "identity.user.event.read"]);
        let scopes = scopes.map(|&scope| scope.to_owned()).collect();
        self.simulator.act(&Act::SetScopes { scopes }).unwrap();
        let bridge = self.running.bridge();
        let act = lifecycle::Act { actor: "test".to_owned(), at: Clock::system().now() };
        events::subscribe(&bridge.store, &bridge.accounts, Some(&self.base()), &self.account, &act)
            .await
            .unwrap()
    }

    /// The secret address, as Concur was told.
    async fn event_address(&self) -> String {
        let client = self.running.bridge().accounts.events(&self.account).await.unwrap();
        let all = client.subscriptions().await.unwrap();
        all.first().expect("a subscription").web_hook_config.endpoint.clone()
    }

    async fn deliver(&self, address: &str, signature: Option<&str>, body: &str) -> Answer {
        let request = self.http.request(Method::POST, address).header("content-type", "application/json");
        let request = match signature {
            Some(signature) => request.header("Concur-Signature", signature),
            None => request,
        };
        send(request.body(body.to_owned())).await
    }

    async fn event_status(&self) -> Value {
        self.get("/api/v1/events").await.expect(200)
    }

    async fn count(&self, outcome: &str) -> u64 {
        self.event_status().await["counts"][outcome].as_u64().unwrap_or(0)
    }

    fn metric(&self, outcome: &str) -> u64 {
        let account = self.account.id.to_string();
        self.running.bridge().metrics.events.with_label_values(&[account.as_str(), outcome]).get()
    }
}

/// What the simulator's key makes of a body.
fn sign(body: &str) -> String {
    let der = include_bytes!("../../../fixtures/data/simulator/token_key.der");
    let key = RsaKeyPair::from_pkcs8(der).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body.as_bytes(), &mut signature).unwrap();
    STANDARD.encode(signature)
}

/// An event of this id about a report of this company.
fn report_event(id: &str, company: &str) -> String {
    let facts = json!({"companyId": company, "reportId": "R1", "userId": null});
    json!({"id": id, "topic": REPORTS, "eventType": "reportUpdated", "timeStamp": "2026-06-01T00:00:00.000Z",
           "facts": facts})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_ends_a_wait_for_an_outcome_that_would_last_an_hour() {
    let slow = |config: &mut Config| {
        on(config);
        (config.delivery.poll_first, config.delivery.poll_max) = (NEVER, NEVER);
    };
    with(slow, async |house| {
        house.post(&ada()).await.expect(201);
        let due = async || {
            let list = house.get("/api/v1/operations").await.expect(200);
            let operation = list["operations"][0].clone();
            (
                operation["state"].as_str().unwrap().to_owned(),
                operation["due_at"].as_str().unwrap_or_default().to_owned(),
            )
        };
        house.until("the first is submitted", async || due().await.0 == "submitted").await;
        let due_at: jiff::Timestamp = due().await.1.parse().unwrap();
        let left = due_at.duration_since(Clock::system().now()).as_mins();
        assert!(left >= 58, "without an event it is asked about in {left} minutes");

        assert_eq!(house.subscribe().await.topics, [REPORTS, PROVISIONING]);
        house.post(&user("grace@example.com")).await.expect(201);
        house.until("the second is done", async || due().await.0 == "done").await;
        house.simulator.delivered().await;
        assert!(house.count("noted").await >= 1 && house.metric("noted") >= 1);
        let status = house.event_status().await;
        assert!(status["last_event_at"].is_string() && status["trouble"].is_null(), "{status}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_the_gates_is_refused_counted_and_tried_again() {
    with(on, async |house| {
        house.subscribe().await;
        let address = house.event_address().await;
        let body = report_event("e1", &house.account.company_uuid);
        let signature = sign(&body);
        let wrong_key = format!("{}0", &address[..address.len() - 1]);
        let wrong_key =
            if wrong_key == address { format!("{}1", &address[..address.len() - 1]) } else { wrong_key };
        let account = house.account.id.to_string();
        for wrong in [
            wrong_key,
            address.replace(&account, "00000000-0000-7000-8000-000000000000"),
            address.replace(&account, "nonsense"),
            format!("{}/events/concur/{account}/x", house.base()),
        ] {
            assert_eq!(house.deliver(&wrong, Some(&signature), &body).await.status, 401, "{wrong}");
        }
        let forged = [
            None,
            Some(String::new()),
            Some("no base64".to_owned()),
            Some(sign("another body")),
            Some(STANDARD.encode([7; 256])),
        ];
        for (n, signature) in forged.iter().enumerate() {
            let answer = house.deliver(&address, signature.as_deref(), &body).await;
            assert_eq!(answer.status, 403, "{signature:?}: Concur tries again after 403");
            assert_eq!(house.count("refused_signature").await, n as u64 + 1);
        }
        assert_eq!(house.metric("refused_signature"), 5);
        let large = format!("{body}{}", " ".repeat(64 * 1024));
        assert_eq!(house.deliver(&address, Some(&sign(&large)), &large).await.status, 413);
        assert_eq!(house.count("refused_too_large").await, 1);
        for unreadable in ["", "{}", "not json", r#"{"id": "", "topic": "t", "eventType": "x"}"#] {
            let answer = house.deliver(&address, Some(&sign(unreadable)), unreadable).await;
            assert_eq!(answer.status, 503, "{unreadable}: 400 would end it");
        }
        let status = house.event_status().await;
        assert_eq!(status["counts"]["refused_unreadable"], 4, "{status}");
        assert_eq!((&status["reports_waiting"], &status["last_event_at"]), (&json!(0), &Value::Null));

        assert_eq!(house.deliver(&address, Some(&signature), &body).await.status, 204);
        assert_eq!(house.event_status().await["reports_waiting"], 1);
        // A new subscription makes the old address void.
        house.subscribe().await;
        assert_eq!(house.deliver(&address, Some(&signature), &body).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_counts_once_and_what_is_of_no_use_is_taken_all_the_same() {
    with(on, async |house| {
        house.subscribe().await;
        let address = house.event_address().await;
        let company = &house.account.company_uuid;
        let deliver = async |body: String| house.deliver(&address, Some(&sign(&body)), &body).await.status;
        for (body, outcome, count) in [
            (report_event("e1", company), "noted", 1),
            (report_event("e1", company), "duplicate", 1),
            (report_event("e2", &company.to_uppercase()), "noted", 2),
            (report_event("e3", "11111111-2222-4333-8444-555555555555"), "foreign", 1),
            (
                r#"{"id": "e4", "topic": "public.concur.something.new", "eventType": "x"}"#.to_owned(),
                "ignored",
                1,
            ),
            (json!({"id": "e5", "topic": REPORTS, "eventType": "x", "facts": {}}).to_string(), "ignored", 2),
            (
                json!({"id": "e6", "topic": PROVISIONING, "eventType": "provisionCompleted",
                       "facts": {"provisionId": "11111111-2222-4333-8444-555555555555", "success": true}})
                .to_string(),
                "noted",
                3,
            ),
        ] {
            assert_eq!(deliver(body.clone()).await, 204, "{body}");
            assert_eq!(house.count(outcome).await, count, "{body}");
        }
        assert_eq!(house.event_status().await["reports_waiting"], 1, "one report, named twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_company_of_the_application_goes_to_its_account_if_that_listens() {
    with(on, async |house| {
        house.subscribe().await;
        let address = house.event_address().await;
        let mut other: Account = {
            house.simulator.renew_request_token();
            let config = &house.running.bridge().config;
            connect_account(house.store(), config, &house.simulator, "Other").await
        };
        // The simulator has one company for the application; that it is another one is only said here.
        other.company_uuid = "11111111-2222-4333-8444-555555555555".to_owned();
        let (id, company) = (other.id, other.company_uuid.clone());
        let now = Clock::system().now();
        let rename = move |conn: &mut store::Conn| {
            let level = other.authentication_type;
            store::accounts::set_connection(conn, id, &company, level, &other.base_uri, now)
        };
        house.store().write(rename).await.unwrap();
        let body = report_event("e1", "11111111-2222-4333-8444-555555555555");
        let deliver = async |body: &str| house.deliver(&address, Some(&sign(body)), body).await.status;
        assert_eq!(deliver(&body).await, 204);
        assert_eq!(house.count("foreign").await, 1, "it does not listen");
        house.store().write(move |conn| store::events::begin(conn, id, 1, &[], now)).await.unwrap();
        assert_eq!(deliver(&body).await, 204);
        let waiting = house.store().read(move |conn| store::events::waiting(conn, id)).await.unwrap();
        assert_eq!((waiting, house.count("noted").await), (1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_address_is_enough_where_it_is_configured_so_and_where_events_are_off_there_is_none() {
    let trusting = |config: &mut Config| {
        on(config);
        config.events.trust = EventTrust::Address;
    };
    with(trusting, async |house| {
        house.subscribe().await;
        let address = house.event_address().await;
        let body = report_event("e1", &house.account.company_uuid);
        assert_eq!(house.deliver(&address, None, &body).await.status, 204);
        assert_eq!(house.count("noted").await, 1);
    })
    .await;
    with(
        |_| {},
        async |house| {
            house.subscribe().await;
            let body = report_event("e1", &house.account.company_uuid);
            let address = house.event_address().await;
            assert_eq!(house.deliver(&address, Some(&sign(&body)), &body).await.status, 404);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concur_delivers_again_what_could_not_be_taken() {
    with(on, async |house| {
        house.subscribe().await;
        let address = house.event_address().await;
        let report = fixtures::company::Company::generate(1, house.today()).reports[0].id.clone();
        // Concur has the address of before for a moment.
        house.subscribe().await;
        let client = house.running.bridge().accounts.events(&house.account).await.unwrap();
        let mut all = client.subscriptions().await.unwrap();
        let current = all[0].web_hook_config.endpoint.clone();
        for subscription in &mut all {
            subscription.web_hook_config.endpoint.clone_from(&address);
            client.put_webhook(subscription).await.unwrap();
        }
        house.simulator.act(&Act::ChangeReport { report }).unwrap();
        house.simulator.delivered().await;
        let attempts = house.simulator.deliveries();
        assert_eq!((attempts[0].status, attempts[0].outcome), (Some(401), DeliveryOutcome::Retry));
        assert_eq!(house.count("noted").await, 0);

        let bridge = house.running.bridge();
        let now = Clock::system().now();
        let mended =
            events::check(&bridge.store, &bridge.accounts, &house.base(), &house.account, now).await.unwrap();
        assert_eq!(mended, [REPORTS, PROVISIONING]);
        assert_eq!(house.event_address().await, current);
        let status = house.event_status().await;
        assert!(status["gap"]["closed_at"].is_null() && status["gap"]["from"].is_string(), "{status}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_managed_from_the_command_line() {
    with(on, async |house| {
        let (code, _, said) = house.command(&["events", "subscribe"]);
        assert_eq!(code, 1);
        assert!(said.contains("events.address"), "{said}");
        let address = "events.address=http://127.0.0.1:9/";
        let (code, _, said) = house.command(&["--set", address, "events", "subscribe"]);
        assert_eq!(code, 1);
        assert!(said.contains("events.topic.read"), "the application lacks scopes: {said}");
        house.subscribe().await;
        let (code, said, noted) =
            house.command(&["--set", address, "events", "subscribe", "--account", "Acme"]);
        assert_eq!(code, 0, "{noted}");
        assert!(said.contains(REPORTS) && said.contains(PROVISIONING), "{said}");
        let endpoint = house.event_address().await;
        assert!(endpoint.starts_with("http://127.0.0.1:9/events/concur/"), "{endpoint}");
        let (_, said, _) = house.command(&["events", "status"]);
        assert!(said.contains("last event: never") && said.contains("switched off here"), "{said}");
        let (_, said, _) = house.command(&["--set", address, "events", "status", "--json"]);
        let status: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&status["switched_on"], &status["topics"][1]), (&json!(true), &json!(PROVISIONING)));
        let key = endpoint.rsplit('/').next().unwrap();
        let (_, said, _) = house.command(&["account", "show", "Acme"]);
        assert!(said.contains("last_event_at") && !said.contains(key), "{said}");
        let (code, _, said) = house.command(&["events", "unsubscribe"]);
        assert!(code == 0 && said.contains("listens no more"), "{said}");
        let client = house.running.bridge().accounts.events(&house.account).await.unwrap();
        assert_eq!(client.subscriptions().await.unwrap(), []);
        let (_, _, said) = house.command(&["events", "unsubscribe"]);
        assert!(said.contains("did not listen"), "{said}");
    })
    .await;
}

impl House {
    /// The day that the simulator's company was generated on.
    pub(crate) fn today(&self) -> jiff::civil::Date {
        self.simulator.now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_report_is_known_when_concur_says_so_though_the_next_sync_is_days_away() {
    let change = |config: &mut Config| {
        on(config);
        (config.sync.enabled, config.sync.interval) = (true, Duration::from_hours(240));
    };
    for database in store::testing::stores() {
        eprintln!("on {}", database.name);
        // The first sync reads the users and what was modified in the last days, as if the year had been read before.
        let prepare = |conn: &mut store::Conn, account: &Account| {
            let now = Clock::system().now();
            let today = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
            let position =
                json!({"windows": [], "page": null, "windows_done": 0, "began": null, "watermark": today});
            store::cursors::put(conn, account.id, "reports", "position", &position, now)
        };
        let house = House::prepared(database, change, prepare).await;
        let (store, id) = (house.store().clone(), house.account.id);
        house
            .until("the first sync is over", async || {
                let last = store.read(move |conn| store::runs::latest(conn, id, "sync")).await.unwrap();
                last.is_some_and(|run| run.state == store::runs::State::Complete)
            })
            .await;
        house.subscribe().await;
        let open = store.read(move |conn| store::reports::open_after(conn, id, "concur_v3", None, 1_000));
        let open = open.await.unwrap();
        let stored = async |report: &str| {
            let report = report.to_owned();
            let find = move |conn: &mut store::Conn| store::reports::get(conn, id, "concur_v3", &report);
            store.read(find).await.unwrap()
        };
        let (gone, paid) = (open[0].clone(), open[1].clone());
        house.simulator.act(&Act::DeleteReport { report: gone.clone() }).unwrap();
        let payment_status = Some("P_PAID".to_owned());
        let change = Act::ChangeStatus { report: paid.clone(), approval_status: None, payment_status };
        house.simulator.act(&change).unwrap();
        house.until("the report is gone", async || stored(&gone).await.unwrap().removed_at.is_some()).await;
        house
            .until("the report is paid", async || {
                stored(&paid).await.unwrap().payment_status.as_deref() == Some("P_PAID")
            })
            .await;
        let runs = house.get("/api/v1/sync/runs").await.expect(200);
        assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "no other sync was needed: {runs}");
        house.until("all is noted", async || house.count("report_gone").await == 1).await;
        let status = house.event_status().await;
        assert_eq!((&status["reports_waiting"], &status["gap"]), (&json!(0), &Value::Null), "{status}");

        // Of somebody whom nobody knows: only a whole sync can find it, and that is not five minutes after the last.
        let body = report_event("of nobody", &house.account.company_uuid);
        let address = house.event_address().await;
        assert_eq!(house.deliver(&address, Some(&sign(&body)), &body).await.status, 204);
        house.until("it is left", async || house.count("report_left_to_pass").await == 1).await;
        house.stop().await;
    }
}
