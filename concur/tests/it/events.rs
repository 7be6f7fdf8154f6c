//! Subscriptions and what comes of them, against the Concur simulator: it signs, the client knows its key.

use crate::support::{Request, Server, json};
use concur::{
    Clock, Error, HostPolicy, Http, HttpConfig,
    api::{Events, signing_keys},
    auth::{Credentials, Grant, exchange},
    model::{Event, EventSubject, WebhookSubscription, WebhookTarget},
    signature::{Scheme, Signature, SigningKey},
};
use fixtures::simulator::{Act, Config, DEFAULT_SCOPES, Simulator, Switches};
use std::sync::Arc;

const REPORTS: &str = "public.concur.expense.report";
const SEED: u64 = 1;
const TODAY: jiff::civil::Date = jiff::civil::date(2026, 6, 1);

struct Stage {
    simulator: Arc<Simulator>,
    http: Http,
    events: Events,
    /// Where events are delivered to.
    receiver: Server,
}

impl Stage {
    async fn start() -> Self {
        let scopes = DEFAULT_SCOPES.iter().chain(&["events.topic.read"]).map(|&scope| scope.to_owned());
        let switches = Switches { scopes: scopes.collect(), ..Switches::default() };
        let config = Config { switches, seed: SEED, today: Some(TODAY), ..Config::default() };
        let simulator = Arc::new(Simulator::start(config).await.unwrap());
        let time = Arc::clone(&simulator);
        let clock: Clock = Arc::new(move || time.now());
        let http = Http::new(&HttpConfig::default(), HostPolicy::development()).unwrap();
        let info = simulator.info();
        let origin = http.host_policy().origin(&info.origins.us2).unwrap();
        let secret = info.client_secret.clone().into();
        let credentials = Credentials { client_id: info.client_id.clone(), client_secret: secret };
        let grant = Grant::Company {
            company_uuid: info.company_uuid.clone(),
            company_request_token: info.company_request_token.clone().into(),
        };
        exchange(&http, &origin, &credentials, &grant, simulator.now()).await.unwrap();
        let events = Events::new(http.clone(), origin, credentials, clock);
        Self { simulator, http, events, receiver: Server::start(|_| json(200, "{}")).await }
    }

    fn wanted(&self, filter: Option<&str>) -> WebhookSubscription {
        WebhookSubscription {
            id: "scim-bridge-test".to_owned(),
            topic: REPORTS.to_owned(),
            filter: filter.map(str::to_owned),
            web_hook_config: WebhookTarget { endpoint: format!("{}/hook", self.receiver.origin) },
        }
    }

    async fn keys(&self) -> Vec<SigningKey> {
        let origin = self.http.host_policy().origin(&self.simulator.info().origins.us2).unwrap();
        signing_keys(&self.http, &origin, self.simulator.now()).await.unwrap()
    }

    async fn deliveries(&self) -> Vec<Request> {
        self.simulator.delivered().await;
        self.receiver.requests()
    }
}

#[tokio::test]
async fn a_subscription_lives_from_its_put_to_its_delete() {
    let stage = Stage::start().await;
    assert!(stage.events.topics().await.unwrap().iter().any(|topic| topic == REPORTS));
    assert_eq!(stage.events.subscriptions().await.unwrap(), []);
    let wanted = stage.wanted(Some("reportDeleted"));
    stage.events.put_webhook(&wanted).await.unwrap();
    stage.events.put_webhook(&wanted).await.unwrap();
    assert_eq!(stage.events.subscription(&wanted.id).await.unwrap(), Some(wanted.clone()));
    assert_eq!(stage.events.subscriptions().await.unwrap(), std::slice::from_ref(&wanted));
    let refused = WebhookSubscription { topic: "public.concur.nothing".to_owned(), ..wanted.clone() };
    assert!(matches!(stage.events.put_webhook(&refused).await, Err(Error::Rejected(_))));
    stage.events.delete(&wanted.id).await.unwrap();
    assert_eq!(stage.events.subscription(&wanted.id).await.unwrap(), None);
    stage.events.delete(&wanted.id).await.unwrap();
}

#[tokio::test]
async fn what_is_delivered_is_signed_with_a_key_of_the_data_centre() {
    let stage = Stage::start().await;
    stage.events.put_webhook(&stage.wanted(None)).await.unwrap();
    let report = fixtures::company::Company::generate(SEED, TODAY).reports[0].id.clone();
    stage.simulator.act(&Act::DeleteReport { report: report.clone() }).unwrap();
    let delivered = stage.deliveries().await;
    let [delivery] = delivered.as_slice() else { panic!("{delivered:?}") };
    let event = Event::from_json(delivery.body.as_bytes()).unwrap();
    let Some(EventSubject::Report { report: named, deleted: true, .. }) = event.subject() else {
        panic!("{event:?}")
    };
    assert_eq!(named.as_str(), report);
    let keys = stage.keys().await;
    let signature = Signature::from_header(delivery.header("concur-signature").unwrap()).unwrap();
    let verify = |body: &str| keys.iter().find_map(|key| key.verify(body.as_bytes(), &signature));
    assert_eq!(verify(&delivery.body), Some(Scheme::Pkcs1));
    assert_eq!(verify(&delivery.body.replace("reportDeleted", "reportCreated")), None);
}
