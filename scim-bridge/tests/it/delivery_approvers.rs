//! Managers who approve: put on the lists once they hold the role, beside whom others put there.

use std::time::Duration;

use concur::model::{Op, PatchOperation};
use fixtures::simulator::Fault;
use jiff::SignedDuration;
use scim_bridge::accounts::AccountSettings;
use scim_bridge::delivery::{Settings, part};
use scim_bridge::translate::{APPROVER, ROLE};
use serde_json::{Value, json};
use store::ids::{OperationId, ResourceId};
use store::operations::State;

use crate::delivery_harness::{House, accepted, person, quick, until, work_on};

const ENTERPRISE: &str = scim::urn::ENTERPRISE_USER;

fn settings(lists: &[&str]) -> AccountSettings {
    let manager_approves = lists.iter().map(|&list| list.to_owned()).collect();
    AccountSettings { manager_approves, ..AccountSettings::default() }
}

fn managed(login: &str, manager: &str) -> Value {
    let mut body = person(login);
    body[ENTERPRISE]["manager"] = json!({"value": manager});
    body
}

/// What an administrator does in Concur, past the bridge.
async fn by_hand(house: &House, resource: ResourceId, path: String, value: Value) {
    let id = house.link(resource).await.concur_user_id.unwrap().parse().unwrap();
    let change = PatchOperation { op: Op::Replace, path, value: Some(value) };
    house.client().await.provisioning().patch_user(&id, &[change]).await.unwrap();
}

async fn give_role(house: &House, resource: ResourceId) {
    let roles = json!([{"roleName": "EXP_APPROVER", "roleGroups": []}]);
    by_hand(house, resource, format!("{ROLE}:roles"), roles).await;
}

/// The first approver of reports in Concur, and the others.
async fn approvers(house: &House, resource: ResourceId) -> (Option<String>, Vec<String>) {
    let id = house.link(resource).await.concur_user_id.unwrap().parse().unwrap();
    let spend = house.client().await.spend().get_user(&id).await.unwrap().unwrap();
    let entries = spend[APPROVER]["report"].as_array().cloned().unwrap_or_default();
    let name = |entry: &Value| entry["approver"]["value"].as_str().unwrap().to_owned();
    let (first, others): (Vec<&Value>, Vec<&Value>) = entries.iter().partition(|it| it["primary"] == true);
    (first.first().map(|it| name(it)), others.iter().map(|it| name(it)).collect())
}

async fn part_of(house: &House, operation: OperationId) -> Option<(String, String)> {
    let parts = house.store().read(move |conn| store::operations::extensions(conn, operation)).await.unwrap();
    let part = parts.into_iter().find(|it| it.extension == part::APPROVERS)?;
    Some((part.state, part.message.unwrap_or_default()))
}

async fn part_is(house: &House, operation: OperationId, state: &str, words: &str) {
    let what = format!("approvers of {operation} on {} to be {state}: {words}", house.base.name);
    until(&what, || async move {
        let part = part_of(house, operation).await;
        let fits = part.as_ref().is_some_and(|(is, message)| is == state && message.contains(words));
        if fits { Ok(()) } else { Err(format!("{part:?}")) }
    })
    .await;
}

/// A manager who may approve, and somebody who is managed, both delivered.
struct Pair {
    boss: ResourceId,
    boss_id: String,
    clerk: ResourceId,
    /// The operation that brought the clerk.
    created: OperationId,
}

impl Pair {
    async fn delivered(house: &House) -> Pair {
        let (handle, worker) = house.work();
        let (boss, created) = house.create(person("boss")).await;
        handle.wake();
        let boss_id = accepted(&handle, created).await;
        house.reaches(created, State::Done).await;
        give_role(house, boss).await;
        let (clerk, created) = house.create(managed("clerk", &boss_id)).await;
        handle.wake();
        house.reaches(created, State::Done).await;
        worker.stop().await;
        Pair { boss, boss_id, clerk, created }
    }
}

/// A worker that looks around at once, when so much time has passed; until nothing is left to be done.
async fn look_around(
    house: &House,
    later: SignedDuration,
    resource: ResourceId,
    after: OperationId,
) -> OperationId {
    let (_, worker) = house.work_later(later);
    let step = until("the step", || async {
        let latest =
            house.store().read(move |conn| store::operations::latest_for_resource(conn, resource)).await;
        let latest = latest.unwrap().unwrap();
        if latest.id == after { Err("no step yet".to_owned()) } else { Ok(latest.id) }
    })
    .await;
    house.reaches(step, State::Done).await;
    worker.stop().await;
    step
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_is_put_first_once_the_role_is_held() {
    for base in store::testing::stores() {
        let house = House::with(base, settings(&["report"])).await;
        let (handle, worker) = house.work();
        let (boss, created) = house.create(person("boss")).await;
        handle.wake();
        let boss_id = accepted(&handle, created).await;
        house.reaches(created, State::Done).await;
        assert_eq!(part_of(&house, created).await, None, "nobody approves for the boss");
        let (resource, operation) = house.create(managed("clerk", &boss_id)).await;
        handle.wake();
        house.reaches(operation, State::Done).await;
        assert_eq!(part_of(&house, operation).await, Some(("waiting".to_owned(), String::new())));
        worker.stop().await;

        let writes = house.writes().len();
        let (_, worker) = house.work();
        part_is(&house, operation, "waiting", "the manager does not hold EXP_APPROVER").await;
        worker.stop().await;
        assert_eq!(house.writes().len(), writes, "what Concur would refuse is not sent");

        give_role(&house, boss).await;
        look_around(&house, SignedDuration::from_mins(16), resource, operation).await;
        assert_eq!(house.last_patch(), [("replace".to_owned(), format!("{APPROVER}:report"))]);
        assert_eq!(approvers(&house, resource).await, (Some(boss_id), vec![]));
        part_is(&house, operation, "success", "").await;
        let told = house.store().read(move |conn| store::links::extensions(conn, resource)).await.unwrap();
        let told = told.into_iter().find(|it| it.extension == part::APPROVERS).unwrap();
        assert_eq!(told.state, "success");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_manager_takes_the_first_place_and_second_approvers_stay() {
    let house = House::new(settings(&["report"])).await;
    let (handle, worker) = house.work();
    let mut ids = Vec::new();
    for name in ["old", "new", "second"] {
        let (resource, operation) = house.create(person(name)).await;
        handle.wake();
        ids.push(accepted(&handle, operation).await);
        house.reaches(operation, State::Done).await;
        give_role(&house, resource).await;
    }
    let (resource, created) = house.create(managed("clerk", &ids[0])).await;
    handle.wake();
    house.reaches(created, State::Done).await;
    worker.stop().await;
    let step = look_around(&house, SignedDuration::ZERO, resource, created).await;
    let entry = |id: &String, primary: bool| json!({"approver": {"value": id}, "primary": primary});
    let both = json!([entry(&ids[0], true), entry(&ids[2], false)]);
    by_hand(&house, resource, format!("{APPROVER}:report"), both).await;

    let (handle, worker) = house.work();
    let (changed, _) = house.change(resource, managed("clerk", &ids[1])).await;
    assert_ne!(changed, step);
    handle.wake();
    house.reaches(changed, State::Done).await;
    part_is(&house, changed, "waiting", "").await;
    worker.stop().await;
    look_around(&house, SignedDuration::ZERO, resource, changed).await;
    assert_eq!(approvers(&house, resource).await, (Some(ids[1].clone()), vec![ids[2].clone()]));

    // A change of something else leaves it alone.
    let (handle, worker) = house.work();
    let mut body = managed("clerk", &ids[1]);
    body["title"] = json!("Lead");
    let (changed, _) = house.change(resource, body).await;
    handle.wake();
    house.reaches(changed, State::Done).await;
    assert_eq!(part_of(&house, changed).await, None);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_approver_has_left_is_told() {
    for base in store::testing::stores() {
        let house = House::with(base, settings(&["report"])).await;
        let Pair { boss, clerk: resource, created, .. } = Pair::delivered(&house).await;
        look_around(&house, SignedDuration::ZERO, resource, created).await;

        let (handle, worker) = house.work();
        let gone = house.delete(boss).await;
        handle.wake();
        house.reaches(gone, State::Done).await;
        part_is(
            &house,
            gone,
            part::LEFT_BEHIND,
            "still the approver of clerk@example.com (1), whose reports wait now",
        )
        .await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_whom_concur_refuses_holds_up_nothing_else() {
    for base in store::testing::stores() {
        let house = House::with(base, settings(&["report"])).await;
        let Pair { boss_id, clerk: resource, created, .. } = Pair::delivered(&house).await;

        house.concur.inject(Fault::status("/profile/v4/Users", 400, 1).on("PATCH"));
        let (handle, worker) = house.work();
        let step = until("the step", || async {
            let latest = house
                .store()
                .read(move |conn| store::operations::latest_for_resource(conn, resource))
                .await
                .unwrap()
                .unwrap();
            if latest.id == created { Err("no step yet".to_owned()) } else { Ok(latest.id) }
        })
        .await;
        let step = house.reaches(step, State::Cancelled).await;
        assert!(step.reason.unwrap().contains("could not be made an approver"));
        part_is(&house, step.id, "failed", "").await;

        let mut body = managed("clerk", &boss_id);
        body["title"] = json!("Head clerk");
        let (changed, _) = house.change(resource, body).await;
        handle.wake();
        house.reaches(changed, State::Done).await;
        worker.stop().await;
        look_around(&house, SignedDuration::ZERO, resource, changed).await;
        assert_eq!(approvers(&house, resource).await.0, Some(boss_id), "the next change brought it up again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_concur_had_no_time_for_is_taken_up_again_by_the_next_look() {
    for base in store::testing::stores() {
        let house = House::with(base, settings(&["report"])).await;
        let Pair { boss_id, clerk, created, .. } = Pair::delivered(&house).await;
        house.concur.inject(Fault::status("/profile/v4/Users", 429, 1).on("PATCH"));
        let impatient = Settings { give_up_after: Duration::ZERO, ..quick() };
        let (_, worker) = work_on(house.store().clone(), impatient);
        let step = until("the step", || async {
            let latest =
                house.store().read(move |conn| store::operations::latest_for_resource(conn, clerk)).await;
            let latest = latest.unwrap().unwrap();
            if latest.id == created { Err("no step yet".to_owned()) } else { Ok(latest.id) }
        })
        .await;
        house.reaches(step, State::Cancelled).await;
        part_is(&house, step, "waiting", "").await;
        worker.stop().await;
        look_around(&house, SignedDuration::from_mins(16), clerk, step).await;
        assert_eq!(approvers(&house, clerk).await.0, Some(boss_id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_who_comes_back_has_left_nobody_behind() {
    for base in store::testing::stores() {
        let house = House::with(base, settings(&["report"])).await;
        let Pair { boss, clerk: resource, created, .. } = Pair::delivered(&house).await;
        look_around(&house, SignedDuration::ZERO, resource, created).await;

        let (handle, worker) = house.work();
        let states = async || {
            let parts = house.store().read(move |conn| store::links::extensions(conn, boss)).await.unwrap();
            let approvers = parts.into_iter().filter(|it| it.extension == part::APPROVERS);
            approvers.map(|it| it.state).collect::<Vec<_>>()
        };
        for (active, left_behind) in [(false, vec![part::LEFT_BEHIND]), (true, vec![])] {
            let mut body = person("boss");
            body["active"] = json!(active);
            let (changed, _) = house.change(boss, body).await;
            handle.wake();
            house.reaches(changed, State::Done).await;
            assert_eq!(states().await, left_behind, "active: {active}");
        }
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_approvers_are_nobodys_business() {
    let house = House::new(AccountSettings::default()).await;
    let (handle, worker) = house.work();
    let (_, created) = house.create(person("boss")).await;
    handle.wake();
    let boss_id = accepted(&handle, created).await;
    house.reaches(created, State::Done).await;
    let (_, operation) = house.create(managed("clerk", &boss_id)).await;
    handle.wake();
    house.reaches(operation, State::Done).await;
    assert_eq!(part_of(&house, operation).await, None);
    worker.stop().await;
}
