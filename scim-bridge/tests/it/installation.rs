//! A backup that was put back, and a copy: changes are accepted, nothing is delivered until a person confirms (reliability I30).

use fixtures::simulator::Fault;
use reqwest::Method;
use scim_bridge::clock::Clock;
use scim_bridge::config::{Config, SecretUrl};
use scim_bridge::installation::Witness;
use scim_bridge::serve;
use serde_json::{Value, json};
use store::testing::execute;

use crate::harness::{Answer, House, send, user, with};

fn quick(config: &mut Config) {
    config.confirm_within = std::time::Duration::ZERO;
}

fn retitle(title: &str) -> Value {
    json!({"op": "replace", "path": "title", "value": title})
}

/// What a user holds in Concur, once there is one.
async fn in_concur(house: &House, user_name: &str) -> Option<Value> {
    let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
    let by = concur::api::LookupAttribute::UserName;
    client.identity().find_by(by, user_name).await.unwrap().pop().map(concur::model::IdentityUser::into_raw)
}

fn provisioned(house: &House) -> usize {
    house.simulator.writes().iter().filter(|it| it.path.starts_with("/profile/v4")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_state_is_served_and_delivers_nothing_until_it_is_confirmed() {
    with(quick, async |house| {
        let (code, said, _) = house.command(&["installation", "status"]);
        assert!(code == 0 && said.contains("changes are delivered"), "{said}");
        let older = |conn: &mut store::Conn| execute(conn, "UPDATE installation SET generation = 0");
        house.store().write(older).await.unwrap();
        let witness = Witness::of(&house.running.bridge().config);
        let it = witness.look_again(house.store(), Clock::system().now()).await.unwrap();
        assert!(it.held.unwrap().reason.contains("older state"));

        house.post(&user("new@example.com")).await.expect(201);
        house.running.bridge().delivery.wake();
        let (code, said, _) = house.command(&["installation", "status"]);
        assert!(code == 0 && said.contains("nothing is delivered since"), "{said}");
        let waits = house.get("/api/v1/operations?state=ready").await.expect(200);
        assert_eq!((waits["operations"].as_array().unwrap().len(), provisioned(house)), (1, 0));

        let (code, _, said) = house.command(&["installation", "confirm", "--reason", " "]);
        assert!(code == 2 && said.contains("--reason is empty"), "{said}");
        house.simulator.inject(Fault::status("/profile/identity/", 400, 9));
        let (code, _, said) = house.command(&["installation", "confirm", "--reason", "drill"]);
        assert!(code == 1 && said.contains("nothing is confirmed: Acme cannot be read"), "{said}");
        house.simulator.clear_faults();
        let (code, said, _) = house.command(&["installation", "confirm", "--reason", "drill"]);
        assert!(code == 0 && said.contains("delivered from this database again"), "{said}");
        house.quiet().await;
        assert!(in_concur(house, "new@example.com").await.is_some());
        let (code, said, _) = house.command(&["installation", "confirm", "--reason", "drill"]);
        assert!(code == 0 && said.contains("there is nothing to confirm"), "{said}");
        let events = house.store().read(|conn| store::audit::list(conn, None, None, 10)).await.unwrap();
        let confirmed = events.iter().find(|it| it.action == "installation.confirm").unwrap();
        assert_eq!(confirmed.details["reason"], "drill");
    })
    .await;
}

/// A bridge on a database that was put there, in a folder of its own.
struct Restored {
    running: serve::Running,
    folder: tempfile::TempDir,
    config: Config,
}

impl Restored {
    /// `house` is asked for its settings alone.
    async fn start(house: &House, folder: tempfile::TempDir) -> Self {
        let mut config = house.running.bridge().config.as_ref().clone();
        config.database = SecretUrl::new(format!("sqlite:{}", folder.path().join("store.db").display()));
        let running = serve::start(config.clone(), Clock::system()).await.unwrap();
        Self { running, folder, config }
    }

    async fn post(&self, house: &House, body: &Value) -> Answer {
        let address = format!("http://{}/scim/v2/Users", self.running.addr());
        let request = house.http.request(Method::POST, address).bearer_auth(&house.token);
        send(request.header("content-type", "application/scim+json").body(body.to_string())).await
    }

    fn command(&self, house: &House, arguments: &[&str]) -> (i32, String, String) {
        house.command_on(&self.config.database_url(), arguments)
    }

    async fn states(&self) -> Vec<(String, String)> {
        let filter = store::operations::Filter::default();
        let list = move |conn: &mut store::Conn| store::operations::list(conn, &filter, 100);
        let list = self.running.bridge().store.read(list).await.unwrap();
        list.into_iter().map(|it| (it.kind, it.state.to_string())).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_was_put_back_sends_no_older_value_over_a_newer_one() {
    // Wherever the older change stood when the database was saved.
    for state in ["ready", "sending", "submitted", "verifying", "unknown"] {
        Box::pin(put_back(state)).await;
    }
}

async fn put_back(state: &str) {
    let house = House::build(store::testing::sqlite(), quick).await;
    let database = house.running.bridge().config.database_url();
    let witness =
        std::path::PathBuf::from(database.strip_prefix("sqlite:").unwrap()).with_extension("installation");
    let ada = house.post(&user("ada@example.com")).await.expect(201);
    let ada = ada["id"].as_str().unwrap().to_owned();
    house.quiet().await;

    // Saved with a change on its way, which arrived later, and was followed by another.
    house.simulator.inject(Fault::status("/profile/v4/", 429, u32::MAX));
    house.patch(&ada, retitle("older")).await.expect(200);
    let folder = tempfile::tempdir().unwrap();
    let backup = format!("VACUUM INTO '{}'", folder.path().join("store.db").display());
    house.store().read(move |conn| execute(conn, &backup)).await.unwrap();
    // Where it stood in that moment is chance; here it is certain.
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let saved = store::Store::open(&url, store::testing::master_key()).unwrap();
    let stood = format!(
        "UPDATE operations SET state = '{state}', lease_owner = NULL, lease_until = NULL WHERE kind = 'update'"
    );
    saved.write(move |conn| execute(conn, &stood)).await.unwrap();
    drop(saved);
    house.simulator.clear_faults();
    house.quiet().await;
    house.patch(&ada, retitle("newer")).await.expect(200);
    house.post(&user("later@example.com")).await.expect(201);
    house.quiet().await;
    let now = Clock::system().now();
    Witness::of(&house.running.bridge().config).look_again(house.store(), now).await.unwrap();
    std::fs::copy(&witness, folder.path().join("store.installation")).unwrap();
    let sent = provisioned(&house);

    let restored = Restored::start(&house, folder).await;
    restored.post(&house, &user("after@example.com")).await.expect(201);
    restored.running.bridge().delivery.wake();
    let (code, said, _) = restored.command(&house, &["installation", "status"]);
    assert!(code == 0 && said.contains("an older state of the database was put back"), "{said}");
    assert_eq!(provisioned(&house), sent, "nothing was sent");

    let (code, said, noted) = restored.command(&house, &["installation", "confirm", "--reason", "disk lost"]);
    assert!(code == 0 && said.contains("1 operations that waited for them are held"), "{said}");
    assert!(
        noted.contains("1 of them are unknown here") && noted.contains("release what is still wanted"),
        "{noted}"
    );
    restored.running.bridge().delivery.wake();
    house
        .until("who was created after all is in Concur", async || {
            in_concur(&house, "after@example.com").await.is_some()
        })
        .await;
    assert_eq!(in_concur(&house, "ada@example.com").await.unwrap()["title"], "newer");
    assert!(restored.states().await.contains(&("update".to_owned(), "held".to_owned())));

    // From now on it is the one.
    let Restored { running, folder, .. } = restored;
    running.stop().await;
    let again = Restored::start(&house, folder).await;
    let (_, said, _) = again.command(&house, &["installation", "status"]);
    assert!(said.contains("changes are delivered"), "{said}");
    again.running.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_delivers_nothing() {
    let house = House::build(store::testing::sqlite(), quick).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = format!("VACUUM INTO '{}'", folder.path().join("store.db").display());
    house.store().read(move |conn| execute(conn, &copy)).await.unwrap();
    let copied = Restored::start(&house, folder).await;
    let (_, said, _) = copied.command(&house, &["installation", "status"]);
    assert!(said.contains("the database is a copy"), "{said}");
    copied.post(&house, &user("twice@example.com")).await.expect(201);
    copied.running.bridge().delivery.wake();
    assert_eq!(copied.states().await, [("create".to_owned(), "ready".to_owned())]);
    // The original goes on.
    house.post(&user("once@example.com")).await.expect(201);
    house.quiet().await;
    assert_eq!(provisioned(&house), 1);
    copied.running.stop().await;
    house.stop().await;
}
