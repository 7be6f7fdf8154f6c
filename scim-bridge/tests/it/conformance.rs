//! The conformance story, told to our own server on each database and to one that has been made wrong on purpose.

use std::process::Stdio;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use scim_bridge::conformance::{self, Outcome, Report, Target};
use secrecy::SecretString;
use serde_json::Value;

use crate::harness::{House, everywhere};
use crate::process::bridge;

async fn check(url: String, token: &str, only: Option<&str>) -> Report {
    let target = Target {
        url,
        token: SecretString::from(token.to_owned()),
        domain: "example.com".to_owned(),
        timeout: Duration::from_mins(1),
    };
    conformance::run(&target, only, |_| {}).await.unwrap()
}

fn failures(report: &Report) -> Vec<String> {
    let told = report.told.iter();
    told.filter_map(|told| match &told.outcome {
        Outcome::Failed(why) => Some(format!("{} ({}): {why}", told.check, told.section)),
        _ => None,
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_server_passes_every_check_and_nothing_is_left_behind() {
    everywhere(async |house: &House| {
        let report = check(house.running.bridge().scim_base(), &house.token, None).await;
        assert!(report.told.len() > 90, "only {} checks", report.told.len());
        assert_eq!(failures(&report), Vec::<String>::new());
        assert_eq!(report.left_behind, Vec::<String>::new());
        let left = house.filter("userName sw \"check-\"").await.expect(200);
        assert_eq!(left["totalResults"], 0);
    })
    .await;
}

/// What a faulty server does to the bodies of its answers.
type Change = fn(&mut Value);

/// Forwards to a server and changes the body of each answer. Needs a runtime.
fn proxy(server: String, change: Change) -> (String, actix_web::dev::ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let running = HttpServer::new(move || {
        let server = server.clone();
        App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
            forward(server.clone(), change, request, body)
        }))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    let handle = running.handle();
    tokio::spawn(running);
    (address, handle)
}

async fn forward(server: String, change: Change, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let method = request.method().as_str().parse().unwrap();
    let mut sent = http.request(method, format!("{server}{}", request.uri())).body(body.to_vec());
    for name in ["authorization", "accept", "content-type", "if-match", "if-none-match"] {
        if let Some(value) = request.headers().get(name) {
            sent = sent.header(name, value.to_str().unwrap());
        }
    }
    let answer = sent.send().await.unwrap();
    let mut reply = HttpResponse::build(StatusCode::from_u16(answer.status().as_u16()).unwrap());
    for name in ["content-type", "location", "etag", "www-authenticate"] {
        if let Some(value) = answer.headers().get(name) {
            reply.insert_header((name, value.to_str().unwrap()));
        }
    }
    let text = answer.text().await.unwrap();
    match serde_json::from_str::<Value>(&text) {
        Ok(mut body) => {
            change(&mut body);
            reply.body(body.to_string())
        }
        Err(_) => reply.body(text),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_one_fault_is_told_what_is_wrong() {
    let house = House::build(store::testing::sqlite(), |_| {}).await;
    let server = format!("http://{}", house.running.addr());
    let faults: [(&str, &str, Change); 4] = [
        ("an_unknown_id_is_404", "status in the body", |body| {
            if let Some(status) = body["status"].as_str().and_then(|status| status.parse::<u16>().ok()) {
                body["status"] = status.into();
            }
        }),
        ("no_match_is_200", "totalResults", |body| {
            if body["totalResults"] == 0 {
                body["totalResults"] = 1.into();
            }
        }),
        ("active_is_a_boolean", "active", |body| {
            if body["active"].is_boolean() {
                body["active"] = body["active"].to_string().into();
            }
        }),
        ("a_password_is_never", "password", |body| {
            if body["userName"].is_string() {
                body["password"] = "t1meToChange!check".into();
            }
        }),
    ];
    for (only, word, change) in faults {
        let (address, proxy) = proxy(server.clone(), change);
        let report = check(format!("{address}/scim/v2"), &house.token, Some(only)).await;
        let found = failures(&report);
        assert_eq!(found.len(), 1, "{only}: {found:?}");
        assert!(found[0].contains(word), "{found:?}");
        proxy.stop(false).await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_tells_line_by_line_or_as_one_document_and_by_its_exit_code() {
    let house = House::build(store::testing::sqlite(), |_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), format!("{}\n", house.token)).unwrap();
    let run = async |arguments: &[&str]| {
        let mut command = bridge(folder.path());
        command.args(["scim", "check", "--token-file", "token"]).args(arguments).stdin(Stdio::null());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    };
    let url = house.running.bridge().scim_base();
    let output = run(&["--url", &url, "--only", "discovery"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("ok           RFC 7644 §4"), "{said}");
    assert!(said.contains("1 passed, 0 not offered, 0 failed"), "{said}");

    let output = run(&["--url", &url, "--only", "no_match", "--json"]).await;
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["told"][0]["outcome"], "passed", "{document}");
    assert_eq!(document["told"][0]["covers"], serde_json::json!([75]), "{document}");

    for (arguments, word) in [
        (vec!["--url", url.as_str(), "--only", "no_such_check"], "no check"),
        (vec!["--url", "ftp://x"], "https://"),
        (vec!["--url", "http://127.0.0.1:1/scim/v2"], "ServiceProviderConfig"),
    ] {
        let output = run(&arguments).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_ne!(output.status.code(), Some(0), "{said}");
        assert!(said.contains(word), "{said}");
    }
    std::fs::write(folder.path().join("token"), "ccb_wrong").unwrap();
    let output = run(&["--url", &url]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the token is refused (401)"), "{said}");
    house.stop().await;
}

#[test]
fn without_an_address_this_version_is_checked_on_a_throw_away_tenant_and_shown_as_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = bridge(folder.path())
        .args(["scim", "check", "--only", "create", "--json", "--html", page.to_str().unwrap()])
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    let (said, noted) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{noted}");
    let told: Value = serde_json::from_str(&said).unwrap();
    let told = told["told"].as_array().unwrap();
    assert!(told.len() > 3 && told.iter().all(|it| it["outcome"] != "failed"), "{said}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("default-src 'none'") && !page.contains("<script"), "{page}");
    for it in told {
        let sentence = it["check"].as_str().unwrap().replace('_', " ");
        assert!(page.contains(&sentence), "{sentence}");
    }
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "nothing is left");
}
