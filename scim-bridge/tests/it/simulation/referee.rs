//! What must hold in the end, whatever happened: everyone is in Concur as acknowledged, once; nothing older went out after
//! something newer; every step was allowed; nothing waits for a person.

use std::collections::{BTreeMap, BTreeSet};

use concur::Client;
use concur::api::LookupAttribute;
use scim_bridge::accounts::Clients;
use scim_bridge::translate::ROLE;
use store::Store;
use store::operations::State;
use store::testing::lines;

use super::people::{Person, ROLES};
use super::world::{World, client_settings};

/// Everything that is wrong, in sentences.
pub(super) async fn judge(world: &World, people: &[Person]) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(steps(world).await);
    wrong.extend(unfinished(&world.base.store).await);
    wrong.extend(order_of_steps(&world.base.store).await);
    let bodies = world.network.sent().into_iter().map(|sent| (format!("{} ms", sent.at_ms), sent.body));
    wrong.extend(values_go_back(bodies));
    wrong.extend(world.network.concur.violations());
    let line = world.network.line();
    let clients = Clients::new(world.base.store.clone(), world.clock.clone(), client_settings(line));
    let client = clients.get(world.on.account.id).await.unwrap();
    for person in people {
        wrong.extend(in_concur(&client, person).await);
    }
    wrong
}

/// Each change of state is one of the table.
async fn steps(world: &World) -> Vec<String> {
    let log = "SELECT op_id || ' ' || before || ' ' || after AS line FROM state_log ORDER BY n";
    let log = world.base.store.read(move |conn| lines(conn, log)).await.unwrap();
    let mut wrong = Vec::new();
    for line in log {
        let mut words = line.split(' ');
        let (id, before, after) = (words.next(), words.next(), words.next());
        let (before, after): (State, State) =
            (before.unwrap().parse().unwrap(), after.unwrap().parse().unwrap());
        let allowed = before.may_become(after)
            || (before, after) == (State::Ready, State::Sending)
            // Seen or certainly not applied, and a later one has passed it: it is not sent again.
            || (after == State::Superseded && before.may_become(State::Ready));
        if !allowed {
            wrong.push(format!("operation {}: {before} -> {after}", id.unwrap()));
        }
    }
    wrong
}

/// Operations that have not ended, those that failed among them: no refusal was among the troubles.
pub(crate) async fn unfinished(store: &Store) -> Vec<String> {
    let sql = "SELECT 'operation ' || o.op_id || ' is ' || o.state || ': ' || coalesce(d.error_code, '') || ' ' || \
               coalesce(d.error_message, '') AS line FROM operations o JOIN operation_details d USING (op_id) \
               WHERE o.state NOT IN ('done', 'superseded', 'cancelled') ORDER BY o.op_id";
    store.read(move |conn| lines(conn, sql)).await.unwrap()
}

/// Within a chain no attempt of an earlier operation begins after one of a later operation.
pub(crate) async fn order(store: &Store) -> Vec<String> {
    let attempts = "SELECT o.chain_id || ' ' || o.user_seq || ' ' || o.op_id || ' ' || a.attempt AS line \
                    FROM attempts a JOIN operations o USING (op_id) ORDER BY a.started_at, o.user_seq";
    backwards(store.read(move |conn| lines(conn, attempts)).await.unwrap())
}

/// The same where clocks jump: by the order in which the database saw operations go out.
async fn order_of_steps(store: &Store) -> Vec<String> {
    let steps = "SELECT o.chain_id || ' ' || o.user_seq || ' ' || o.op_id || ' ' || s.n AS line                  FROM state_log s JOIN operations o USING (op_id) WHERE s.after = 'sending' ORDER BY s.n";
    backwards(store.read(move |conn| lines(conn, steps)).await.unwrap())
}

/// Given chain, place in it, operation and attempt, in order: what came after something later of its chain.
fn backwards(sent: Vec<String>) -> Vec<String> {
    let (mut latest, mut wrong) = (BTreeMap::<String, u64>::new(), Vec::new());
    for line in sent {
        let words: Vec<&str> = line.split(' ').collect();
        let seq: u64 = words[1].parse().unwrap();
        let latest = latest.entry(words[0].to_owned()).or_default();
        if seq < *latest {
            wrong.push(format!("operation {}, attempt {}, went out after a later one", words[2], words[3]));
        }
        *latest = seq.max(*latest);
    }
    wrong
}

/// What was sent of a person, by the versions in it, never goes back. Given: where each body was, and the body.
pub(crate) fn values_go_back(bodies: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let (mut latest, mut wrong) = (BTreeMap::<u64, u64>::new(), Vec::new());
    for (place, body) in bodies {
        for (person, version) in versions(&body) {
            let newest = latest.entry(person).or_default();
            if version < *newest {
                wrong.push(format!("p{person}-v{version} was sent at {place}, after v{newest}"));
            }
            *newest = version.max(*newest);
        }
    }
    wrong
}

/// Every `p1-v002` in a text: person and version.
fn versions(text: &str) -> Vec<(u64, u64)> {
    let marks = text.match_indices("-v").filter_map(|(at, _)| {
        let person = text[..at].rfind('p').and_then(|from| text[from + 1..at].parse().ok())?;
        let after = &text[at + 2..];
        let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
        Some((person, after[..digits].parse().ok()?))
    });
    marks.collect()
}

#[test]
fn a_value_that_goes_back_is_seen_however_many_there_are() {
    let bodies = |titles: &[&str]| {
        let bodies = titles.iter().map(|title| (String::new(), format!("{{\"title\":\"{title}\"}}")));
        values_go_back(bodies.collect::<Vec<_>>().into_iter()).len()
    };
    assert_eq!(bodies(&["p1-v999", "p1-v1000", "p2-v001", "p1-v1000", "p10-v001"]), 0);
    assert_eq!(bodies(&["p1-v1000", "p1-v999"]), 1);
}

/// Concur holds what was acknowledged last, once.
async fn in_concur(client: &Client, person: &Person) -> Vec<String> {
    let external_id = person.external_id();
    let found = client.identity().find_by(LookupAttribute::ExternalId, &external_id).await.unwrap();
    let who = format!("person {}", person.number);
    if found.len() > 1 {
        return vec![format!("{who} is in Concur {} times", found.len())];
    }
    match (&person.acknowledged, found.first()) {
        (None, None) => Vec::new(),
        (None, Some(there)) if there.active() == Some(false) => Vec::new(),
        (None, Some(_)) => vec![format!("{who} is deleted and still active in Concur")],
        (Some(wanted), None) if wanted["active"] == false => Vec::new(),
        (Some(_), None) => vec![format!("{who} is not in Concur")],
        (Some(wanted), Some(there)) => {
            let mut wrong = Vec::new();
            for path in ["userName", "title", "active"] {
                if wanted[path] != there.raw()[path] {
                    wrong.push(format!("{who}: {path} is {}, wanted {}", there.raw()[path], wanted[path]));
                }
            }
            let id = there.id();
            let spend = client.spend().get_user(&id).await.unwrap();
            if wanted["active"] == true && spend.is_none() {
                wrong.push(format!("{who} has no spend profile"));
            }
            let held = spend.unwrap_or_default()[ROLE]["roles"].as_array().cloned().unwrap_or_default();
            let held: BTreeSet<&str> = held.iter().filter_map(|role| role["roleName"].as_str()).collect();
            for code in ROLES {
                if wanted["active"] == true && held.contains(code) != person.roles.contains(code) {
                    wrong.push(format!("{who}: {code} is {}", held.contains(code)));
                }
            }
            wrong
        }
    }
}

/// What happened, in order: for the person who has to find out why.
pub(super) fn story(world: &World) -> String {
    let mut events = world.story.lock().unwrap().clone();
    for sent in world.network.sent() {
        let body: String = sent.body.chars().take(600).collect();
        events.push((sent.at_ms, format!("{} {} {} {body}", sent.fate, sent.method, sent.path)));
    }
    events.sort_by_key(|(at, _)| *at);
    let lines = events.iter().map(|(at, what)| format!("{:>9}.{:03} {what}", at / 1_000, at % 1_000));
    let mut lines: Vec<String> = lines.collect();
    let operations = "SELECT 'operation ' || o.op_id || ' of ' || substr(d.payload, max(1, instr(d.payload, '\"title\"')), 20) \
        || ' ' || o.kind || ' ' || o.state || ', attempts ' || o.attempt || coalesce(', superseded by ' || d.superseded_by, '') \
        AS line FROM operations o JOIN operation_details d USING (op_id) ORDER BY o.op_id";
    let steps =
        "SELECT 'operation ' || op_id || ': ' || before || ' -> ' || after AS line FROM state_log ORDER BY n";
    let read = world
        .base
        .store
        .read_blocking(|conn| Ok([lines_of(conn, operations)?, lines_of(conn, steps)?].concat()));
    lines.extend(read.unwrap());
    lines.join("\n")
}

fn lines_of(conn: &mut store::Conn, sql: &str) -> Result<Vec<String>, store::Error> {
    lines(conn, sql)
}
