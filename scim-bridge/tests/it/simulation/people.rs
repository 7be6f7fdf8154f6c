//! What the identity provider does with a person: joins, moves, leaves, comes back, under changing names, now in a burst,
//! now after minutes. It repeats what it got no answer to, as providers do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use scim::patch::PatchRequest;
use scim::{ListQuery, Precondition, ScimType};
use scim_bridge::bridge::Bridge;
use scim_bridge::provision::{self, OnBehalf, groups, users};
use serde_json::{Value, json};
use store::resources::{self, Lookup, ResourceType};
use tokio::time::sleep;

use super::random::Random;
use super::world::World;

/// A person, as the provider knows them.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) number: u64,
    /// What was acknowledged last; `None`: deleted, or never there.
    pub(super) acknowledged: Option<Value>,
    /// The roles that were acknowledged.
    pub(super) roles: BTreeSet<&'static str>,
    random: Random,
    version: u64,
    renamed: u64,
    id: String,
}

/// What the provider does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Create,
    Update,
    Rename,
    Deactivate,
    Reactivate,
    Delete,
    /// A role is given or taken away, through its group.
    Role(&'static str),
}

/// Roles that come and go.
pub(super) const ROLES: [&str; 3] = ["EXP_APPROVER", "SHD_BUDGET_VIEWER", "STATEMENT_USER"];

/// How a request ended.
enum Answer {
    Well(String),
    Refused(scim::Error),
    /// The process died, or was not able to.
    Nothing,
}

impl Person {
    pub(super) fn new(number: u64, random: Random) -> Self {
        let (version, renamed, id, roles) = (0, 0, String::new(), BTreeSet::new());
        Self { number, acknowledged: None, roles, random, version, renamed, id }
    }

    pub(super) fn external_id(&self) -> String {
        format!("idp-{}", self.number)
    }

    fn is_active(&self) -> bool {
        self.acknowledged.as_ref().is_some_and(|user| user["active"] == true)
    }

    /// The next state of the user, with the next version in it.
    fn next(&mut self, active: bool) -> Value {
        self.version += 1;
        let (n, name) = (self.number, format!("person{}-{}@example.com", self.number, self.renamed));
        json!({
            "schemas": [scim::urn::USER, scim::urn::ENTERPRISE_USER],
            "userName": name,
            "externalId": self.external_id(),
            "active": active,
            "name": {"givenName": "Ada", "familyName": format!("Number{n}")},
            "title": format!("p{n}-v{:03}", self.version),
            "emails": [{"value": name, "type": "work", "primary": true}],
            (scim::urn::ENTERPRISE_USER): {"department": format!("D{}", self.random.between(1, 3)), "employeeNumber": format!("E{n}")},
        })
    }

    fn step(&mut self) -> Step {
        use Step::{Create, Deactivate, Delete, Reactivate, Rename, Role, Update};
        let role = Role(ROLES[usize::try_from(self.random.between(0, 2)).unwrap()]);
        match &self.acknowledged {
            None => Create,
            Some(_) if self.is_active() => {
                *self.random.pick(&[(6, Update), (1, Rename), (3, Deactivate), (2, Delete), (4, role)])
            }
            Some(_) => *self.random.pick(&[(5, Reactivate), (2, Update), (2, Delete), (1, role)]),
        }
    }

    fn pause(&mut self) -> Duration {
        let most_ms = *self.random.pick(&[(3, 2_000), (3, 40_000), (2, 400_000)]);
        Duration::from_millis(self.random.between(1, most_ms))
    }
}

/// The life of a person. Answers what the provider believes in the end.
pub(super) async fn live(world: Arc<World>, mut person: Person) -> Person {
    for _ in 0..person.random.between(3, 7) {
        let pause = person.pause();
        sleep(pause).await;
        let step = person.step();
        take(&world, &mut person, step).await;
    }
    person
}

async fn take(world: &World, person: &mut Person, step: Step) {
    if let Step::Role(code) = step {
        return take_role(world, person, code).await;
    }
    if step == Step::Rename {
        person.renamed += 1;
    }
    let active = match step {
        Step::Create | Step::Reactivate | Step::Rename => true,
        Step::Update => person.is_active(),
        Step::Deactivate | Step::Delete | Step::Role(_) => false,
    };
    let user = person.next(active);
    world.tell(&format!("person {}: {step:?} {}", person.number, user["title"]));
    loop {
        let answer = match ask(world, step, &person.id, &user).await {
            // It was the first time, and its answer was lost: the provider looks the user up.
            Answer::Refused(error)
                if error.scim_type == Some(ScimType::Uniqueness) && step == Step::Create =>
            {
                find(world, &user).await.map_or(Answer::Refused(error), Answer::Well)
            }
            Answer::Refused(error) if error.status == 404 && step == Step::Delete => {
                Answer::Well(String::new())
            }
            answer => answer,
        };
        match answer {
            Answer::Well(id) => {
                person.id = id;
                person.acknowledged = (step != Step::Delete).then_some(user);
                if step == Step::Delete {
                    person.roles.clear();
                }
                return world.tell(&format!("person {}: acknowledged", person.number));
            }
            Answer::Refused(error) => {
                world.tell(&format!("person {}: refused {}", person.number, error.detail));
                return world.wrong(&format!(
                    "person {}, {step:?} {}: refused, {} {}",
                    person.number, user["title"], error.status, error.detail
                ));
            }
            Answer::Nothing => sleep(Duration::from_secs(5)).await,
        }
    }
}

/// Puts the person into the group of a role, or takes them out.
async fn take_role(world: &World, person: &mut Person, code: &'static str) {
    let gives = !person.roles.contains(code);
    world.tell(&format!("person {}: {code} {gives}", person.number));
    let operation = if gives {
        json!({"op": "add", "path": "members", "value": [{"value": person.id}]})
    } else {
        json!({"op": "remove", "path": format!("members[value eq \"{}\"]", person.id)})
    };
    let body =
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
    loop {
        match ask(world, Step::Role(code), code, &body).await {
            Answer::Well(_) => break,
            Answer::Refused(error) => return world.wrong(&format!("{code} refused: {}", error.detail)),
            Answer::Nothing => sleep(Duration::from_secs(5)).await,
        }
    }
    if gives {
        person.roles.insert(code)
    } else {
        person.roles.remove(code)
    };
    world.tell(&format!("person {}: acknowledged", person.number));
}

/// Sends a request to a process that lives; it may die meanwhile. Answers the user's id.
async fn ask(world: &World, step: Step, id: &str, user: &Value) -> Answer {
    let process = world.process().await;
    tokio::select! {
        biased;
        () = process.dead.cancelled() => Answer::Nothing,
        answered = request(&process.bridge, &world.on, step, id, user) => match answered {
            Ok(id) => Answer::Well(id),
            Err(provision::Error::Scim(error)) => Answer::Refused(error),
            Err(error) => {
                world.wrong(&format!("a request failed: {error:?}"));
                Answer::Nothing
            }
        },
    }
}

async fn request(
    bridge: &Bridge,
    on: &OnBehalf,
    step: Step,
    id: &str,
    user: &Value,
) -> Result<String, provision::Error> {
    match step {
        Step::Create => users::create(bridge, on, user).await.map(|view| view.id()),
        Step::Role(code) => {
            let group = group(bridge, on, code).await?;
            let patch = PatchRequest::parse(user)?;
            groups::patch(bridge, on, &group, &Precondition::None, patch).await.map(|view| view.id())
        }
        Step::Delete => users::delete(bridge, on, id, &Precondition::None).await.map(|()| String::new()),
        _ => users::replace(bridge, on, id, &Precondition::None, user.clone()).await.map(|view| view.id()),
    }
}

/// The public id of a role's group.
async fn group(bridge: &Bridge, on: &OnBehalf, code: &'static str) -> Result<String, provision::Error> {
    groups::list(bridge, on, ListQuery::parse(std::iter::empty())?).await?;
    let account = on.account.id;
    let found = bridge.store.read(move |conn| {
        let codes = store::groups::codes(conn, account)?;
        let (_, id) = codes.into_iter().find(|(it, _)| it == code).expect("a role of the catalogue");
        resources::get(conn, id)
    });
    Ok(found.await?.scim_id.to_string())
}

/// The id of the user, if what is there is what was sent.
async fn find(world: &World, body: &Value) -> Option<String> {
    let account = world.on.account.id;
    let name = scim::fold_user_name(body["userName"].as_str().unwrap());
    let found = world
        .base
        .store
        .read(move |conn| resources::find(conn, account, ResourceType::User, &Lookup::UserName(name)));
    let found = found.await.unwrap().pop()?;
    (found.body["title"] == body["title"]).then(|| found.scim_id.to_string())
}
