//! A webhook is told of people who have left and still expense apps: once.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use store::ids::WebhookId;
use store::lines::Filter;
use store::resources::{self, Content, NewResource, ResourceType};
use store::webhooks::{self, Topic};
use sync::{Silent, query, run};

use crate::answers::matcher;
use crate::harness::{Setting, TODAY, noon};

/// Days before [`TODAY`] on which the company is connected: about a month of reports lies before.
const EARLY: i32 = 335;

impl Setting {
    /// Lines for apps by owner, however the owner stands.
    async fn spent(&self) -> BTreeMap<String, u64> {
        let (company, matcher) = (&self.company, matcher());
        let found = query::leavers(&company.store, company.account, matcher.dictionary(), Filter::default());
        let lines = found.await.unwrap().leavers.into_iter();
        lines.map(|it| (it.owner, it.apps.iter().map(|app| app.lines).sum())).collect()
    }

    /// Somebody whom the identity provider deactivated.
    async fn gone(&self, login: &str, at: Timestamp) {
        let content = Content {
            user_name: Some(login.to_owned()),
            user_name_folded: Some(login.to_lowercase()),
            external_id: None,
            employee_number: None,
            active: false,
            body: json!({"userName": login}),
            emails_folded: Vec::new(),
        };
        let new = NewResource {
            account: self.company.account,
            resource_type: ResourceType::User,
            scim_id: uuid::Uuid::new_v4(),
            content,
            created_at: at,
        };
        self.company.store.write(move |conn| resources::insert(conn, &new)).await.unwrap();
    }

    async fn hook(&self, topic: Topic) -> WebhookId {
        let (account, now) = (self.company.account, self.company.now());
        let add = move |conn: &mut store::Conn| {
            webhooks::insert(conn, account, "https://hooks.example.com/a", &[topic], &"whsec_x".into(), now)
        };
        self.company.store.write(add).await.unwrap().id
    }

    /// What a webhook was told, the newest first.
    async fn told_to(&self, webhook: WebhookId) -> Vec<Value> {
        let list = move |conn: &mut store::Conn| webhooks::list_messages(conn, webhook, None, 100);
        let messages = self.company.store.read(list).await.unwrap().into_iter();
        messages.map(|it| serde_json::from_str::<Value>(&it.body).unwrap()["data"].clone()).collect()
    }

    async fn sync(&self) {
        run::sync(&self.company, &matcher(), &Silent).await.unwrap();
    }
}

/// Lines that a message names, by owner.
fn named(message: &Value) -> BTreeMap<String, u64> {
    let leavers = message["leavers"].as_array().unwrap().iter();
    let lines = |leaver: &Value| -> u64 {
        leaver["apps"].as_array().unwrap().iter().map(|app| app["lines_after"].as_u64().unwrap()).sum()
    };
    leavers.map(|leaver| (leaver["owner"].as_str().unwrap().to_owned(), lines(leaver))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_and_still_spends_is_told_once() {
    for store in store::testing::stores() {
        let setting = Setting::connected(store, EARLY).await;
        let connected = TODAY.checked_sub(EARLY.days()).unwrap();
        let (webhook, other) =
            (setting.hook(Topic::LeaversSpending).await, setting.hook(Topic::RunFailed).await);
        let long_ago = noon(connected.checked_sub(400.days()).unwrap());
        setting.gone("somebody.else@example.com", long_ago).await;
        setting.sync().await;
        assert_eq!(setting.told_to(webhook).await, [] as [Value; 0], "strangers have not left");

        let spent = setting.spent().await;
        assert!(spent.len() >= 5, "{spent:?}");
        let leavers: Vec<String> = spent.keys().take(spent.len() / 2).cloned().collect();
        for leaver in &leavers {
            setting.gone(leaver, long_ago).await;
        }
        setting.sync().await;
        let expected = spent.clone().into_iter().filter(|(owner, _)| leavers.contains(owner)).collect();
        let told = setting.told_to(webhook).await;
        assert_eq!((told.len(), named(&told[0])), (1, expected));
        assert_eq!(told[0]["leavers"][0]["standing"], "left");
        assert_eq!(told[0]["more"], 0);

        setting.sync().await;
        assert_eq!(setting.told_to(webhook).await.len(), 1, "nothing is told twice");

        let (late, lines) = spent.iter().find(|(owner, _)| !leavers.contains(owner)).unwrap();
        setting.gone(late, long_ago).await;
        setting.set_clock(connected.tomorrow().unwrap());
        setting.sync().await;
        let told = setting.told_to(webhook).await;
        assert_eq!(told.len(), 2);
        assert_eq!(named(&told[0]), BTreeMap::from([(late.clone(), *lines)]), "only those with news");
        assert_eq!(setting.told_to(other).await, [] as [Value; 0]);
    }
}
