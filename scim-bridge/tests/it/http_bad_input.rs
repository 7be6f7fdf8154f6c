//! Hundreds of nasty requests over real sockets (reliability T7): none is answered 500, every answer on a SCIM path is
//! a SCIM error or a success, and afterwards the process is ready and does its work.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use scim_bridge::config::{Config, DeliveryMode};
use serde_json::{Value, json};

use crate::harness::{House, ada, send, user, with};

/// Who call at the same time.
const CALLERS: usize = 8;
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Bodies that somebody, some day, sends.
fn bodies() -> Vec<Vec<u8>> {
    let deep = |open: &str, close: &str, depth: usize| open.repeat(depth) + &close.repeat(depth);
    let mut texts: Vec<String> = [
        "",
        " ",
        "null",
        "true",
        "0",
        "-",
        "\"text\"",
        "[]",
        "[{}]",
        "{}",
        "{",
        "}",
        "{]",
        "{\"a\"",
        "{\"a\":}",
        "{,}",
        "{\"userName\":null}",
        "{\"userName\":\"\"}",
        "{\"userName\":\" \"}",
        "{\"userName\":1}",
        "{\"userName\":[]}",
        "{\"userName\":{\"userName\":\"x\"}}",
        "{\"userName\":\"\\u0000\"}",
        "{\"userName\":\"\\ud800\"}",
        "{\"userName\":\"a\",\"userName\":\"b\"}",
        "{\"userName\":\"a\",\"USERNAME\":\"b\"}",
        "{\"schemas\":null}",
        "{\"schemas\":\"x\"}",
        "{\"schemas\":[1]}",
        "{\"schemas\":[null]}",
        "{\"schemas\":[[]]}",
        "{} {}",
        "{}x",
        "\u{feff}{}",
        "{\"\":\"\"}",
        "{\"__proto__\":{}}",
        "{\"a\":1e400}",
        "{\"a\":-1e-400}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":'x'}",
        "// {}",
        "{\"a\":99999999999999999999999999999999999999}",
        "\u{0}",
        "<xml/>",
        "userName=a&password=b",
        "{\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":[]}",
        "{\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"manager\":\"x\"}}",
        "{\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department\":\"x\"}",
    ]
    .map(str::to_owned)
    .into();
    texts.extend([
        deep("[", "]", 40),
        deep("{\"a\":", "}", 40),
        deep("[", "", 100_000),
        deep("{\"a\":[", "]}", 16),
    ]);
    texts.push(format!("{{\"title\":\"{}\"}}", "x".repeat(9_000)));
    texts.push(format!("[{}]", vec!["{}"; 2_000].join(",")));
    let mut bodies: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    bodies.extend([
        b"\xff\xfe{}".to_vec(),
        b"{\"userName\":\"\xc3\x28\"}".to_vec(),
        vec![0; 100],
        vec![b'{'; 100],
    ]);
    // A user with one attribute of a wrong form.
    for attribute in
        ["userName", "externalId", "name", "emails", "active", "schemas", "addresses", "roles", "password"]
    {
        for value in [
            json!(null),
            json!(true),
            json!(-1),
            json!(1.5),
            json!("\u{202e}x\u{0301}\u{1F600}"),
            json!([]),
            json!({}),
            json!([null]),
            json!([[]]),
            json!({"value": {}}),
            json!([{"value": [1]}]),
            json!([{"primary": "maybe"}]),
            json!("x".repeat(8_000)),
            json!([{"primary": true}, {"primary": true}]),
        ] {
            let mut user = user("nasty@example.com");
            user[attribute] = value;
            bodies.push(user.to_string().into_bytes());
        }
    }
    bodies.extend(patches().into_iter().map(|body| body.to_string().into_bytes()));
    bodies
}

/// PATCH bodies that are JSON and little else.
fn patches() -> Vec<Value> {
    let operations = [
        json!([]),
        json!({}),
        json!("x"),
        json!([null]),
        json!([[]]),
        json!([{}]),
        json!([{"op": null}]),
        json!([{"op": "test", "path": "title", "value": 1}]),
        json!([{"op": "remove"}]),
        json!([{"op": "add"}]),
        json!([{"op": "add", "value": []}]),
        json!([{"op": "replace", "value": "x"}]),
        json!([{"op": "remove", "path": "userName"}]),
        json!([{"op": "replace", "path": "id", "value": "x"}]),
        json!([{"op": "replace", "path": "meta.version", "value": 1}]),
        json!([{"op": "replace", "path": "schemas", "value": []}]),
        json!([{"op": "replace", "value": {"urn:x": {"y": {}}, "a.b.c": 1, "emails[x eq": 2}}]),
    ];
    let paths = [
        "",
        " ",
        ".",
        "..",
        "a..b",
        "[",
        "]",
        "emails[",
        "emails]",
        "emails[]",
        "emails[type]",
        "emails[type eq]",
        "emails[type eq \"work\"",
        "emails[type eq \"work\"].",
        "emails[type eq \"work\"].value.x",
        "emails[value ew 1]",
        "emails[type eq \"work\"][type eq \"work\"]",
        "urn:",
        "urn:ietf:params:scim:schemas:core:2.0:User:",
        "name.",
        "emails[not (type eq \"work\")].value",
        "emails[(((((((((((((((((((type pr)))))))))))))))))))]",
        "*",
        "%00",
        "\u{0}",
        "emails[type eq \"\\ud800\"]",
        "groups[value eq \"x\"]",
        "members",
        "x-y$",
        "名前",
        "name[familyName pr]",
    ];
    let of_path = paths.iter().flat_map(|path| {
        ["add", "replace", "remove"].map(|op| json!([{"op": op, "path": path, "value": "x"}]))
    });
    operations
        .into_iter()
        .chain(of_path)
        .map(|operations| json!({"schemas": [PATCH_OP], "Operations": operations}))
        .collect()
}

/// Queries, as they stand after the question mark.
fn queries() -> Vec<String> {
    let filters = [
        "",
        " ",
        "eq",
        "userName",
        "userName eq",
        "userName eq ",
        "userName eq x",
        "userName eq \"",
        "userName eq \"x",
        "userName eq 'x'",
        "userName eq \"x\" and",
        "and",
        "not",
        "not (",
        "not ()",
        "()",
        "((((",
        "))))",
        "userName eq \"\\\"",
        "userName eq \"\\u12\"",
        "userName gt true",
        "active gt 1",
        "userName pr pr",
        "emails[type eq \"work\"",
        "emails[]",
        "emails[type eq \"work\"]]",
        "meta.created gt \"x\"",
        "meta.created gt 1",
        "id eq null",
        "a.b.c.d eq 1",
        "1 eq 1",
        "\"a\" eq \"a\"",
        "userName eq \"a\" OR 1=1 --",
        "userName eq \"'; DROP TABLE resources; --\"",
        "userName regex \".*\"",
        "userName co \"%\"",
        "userName co \"_\"",
        "userName sw \"\"",
        "\u{0}",
        "\u{1F600} eq 1",
        "userName eq \"\u{0}\"",
        "urn:ietf:params:scim:schemas:core:2.0:User: eq 1",
        "schemas eq \"x\"",
        "password pr",
        "password eq \"placeholder\"",
        "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:User:identity.state eq \"x\"",
        "userName eq 1e999",
    ];
    let mut queries: Vec<String> = filters
        .iter()
        .map(|filter| {
            url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", filter).finish()
        })
        .collect();
    let long = "userName eq \"x\" or ".repeat(400) + "userName pr";
    queries.push(url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", &long).finish());
    queries.extend(
        [
            "filter=%",
            "filter=%ff",
            "filter=%00",
            "filter",
            "=",
            "&&&",
            "count=-1",
            "count=x",
            "count=99999999999999999999",
            "count=1e3",
            "startIndex=0",
            "startIndex=-99999999999999999999",
            "startIndex=9223372036854775807&count=200",
            "startIndex=18446744073709551615&count=200",
            "startIndex=",
            "attributes=",
            "attributes=,,,",
            "attributes=.",
            "attributes=password",
            "attributes=urn:",
            "attributes=%00",
            "attributes=a&excludedAttributes=b",
            "excludedAttributes=id",
            "sortBy=",
            "sortBy=x..y",
            "sortOrder=sideways",
            "sortBy=userName&sortOrder=descending",
            "cursor",
            "cursor=",
            "cursor=x",
            "cursor=%00",
            "filter=userName+pr&filter=",
        ]
        .map(str::to_owned),
    );
    queries
}

/// Whole requests that are hardly HTTP.
fn requests(token: &str) -> Vec<Vec<u8>> {
    let auth = format!("Host: x\r\nAuthorization: Bearer {token}\r\n");
    let mut requests: Vec<String> = [
        "",
        "\r\n",
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "get /scim/v2/Users http/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        "TRACE /scim/v2/Users HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://169.254.169.254/scim/v2/Users HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET  /scim/v2/Users HTTP/1.1\r\n\r\n",
    ]
    .map(str::to_owned)
    .into();
    let lines = [
        "GET /scim/v2/Users/%00",
        "GET /scim/v2/Users/%ff%fe",
        "GET /scim/v2/Users/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "GET /scim/v2/../v2/Users",
        "GET /scim/v2//Users",
        "GET //scim/v2/Users",
        "GET /scim/v2/Users/",
        "GET /scim/v2/Users/%",
        "GET /scim/%2f/v2/Users",
        "GET /scim//v2/Users",
        "GET /scim/v2/Users;x=1",
        "GET /scim/v2/Users/a%20b",
        "GET /SCIM/V2/Users",
        "GET /scim/v2/Schemas/%00",
        "GET /scim/v2/ResourceTypes/..",
        "GET /scim/v2/Users#fragment",
        "FOO /scim/v2/Users",
        "GET /scim/v3/Users",
        "HEAD /scim/v2/Users/x",
        "DELETE /scim/v2/Users",
        "PUT /scim/v2/Users",
        "POST /scim/v2/Schemas",
    ];
    requests.extend(lines.map(|line| format!("{line} HTTP/1.1\r\n{auth}\r\n")));
    let headers = [
        "Content-Length: -1",
        "Content-Length: x",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: x",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Expect: 200-ok",
        "Content-Type: \u{7f}",
        "Content-Type: application/json; charset=utf-16",
        "X: a\r\n b",
        "X\u{0}: a",
        ": a",
        "X",
        "If-Match: \"\"\"",
        "If-Match: W/\"99999999999999999999\"",
        "If-None-Match: ,,,",
        "Accept: \u{1}",
        "Host: y",
        "Authorization: Bearer x",
        "Range: bytes=0-",
        "Upgrade: h2c\r\nConnection: Upgrade",
        "Content-Encoding: gzip",
    ];
    for method in ["GET", "POST", "PATCH"] {
        requests.extend(
            headers.map(|header| format!("{method} /scim/v2/Users/x HTTP/1.1\r\n{auth}{header}\r\n\r\n{{}}")),
        );
    }
    let mut chunked = |body: &str| {
        requests.push(format!(
            "POST /scim/v2/Users HTTP/1.1\r\n{auth}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        ));
    };
    for body in [
        "x\r\n",
        "-1\r\n",
        "ffffffffffffffffff\r\n",
        "2\r\n{}",
        "2\r\n{}\r\n0\r\nX: y\r\n\r\n",
        "2;x=\"\r\n{}\r\n0\r\n\r\n",
    ] {
        chunked(body);
    }
    requests.into_iter().map(String::into_bytes).collect()
}

/// What came back, if anything.
#[derive(Debug)]
struct Heard {
    status: u16,
    head: String,
    body: String,
}

/// Sends the bytes, says that no more come, reads what comes back until the connection ends.
fn say(house: &House, request: &[u8]) -> Option<Heard> {
    let mut stream = TcpStream::connect(house.running.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // It may hang up before it has read everything.
    let (mut answer, _sent) = (Vec::new(), stream.write_all(request));
    let _closed = stream.shutdown(std::net::Shutdown::Write);
    let _ended = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Heard { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
}

fn whole_request(house: &House, line: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n",
        house.token,
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_answered_500_and_the_process_stays_ready() {
    let quick = |config: &mut Config| {
        config.delivery.mode = DeliveryMode::AcceptOnly;
        config.limits.body_time = Duration::from_millis(500);
        config.limits.header_time = Duration::from_millis(500);
    };
    with(quick, async |house| {
        let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        let mut nasty = requests(&house.token);
        for body in bodies() {
            for line in [
                "POST /scim/v2/Users".to_owned(),
                format!("PUT /scim/v2/Users/{id}"),
                format!("PATCH /scim/v2/Users/{id}"),
                "POST /scim/v2/Groups".to_owned(),
                "POST /scim/v2/Bulk".to_owned(),
                "POST /scim/v2/Users/.search".to_owned(),
            ] {
                nasty.push(whole_request(house, &line, &body));
            }
        }
        for query in queries() {
            for path in ["Users", "Groups", "Schemas"] {
                nasty.push(whole_request(house, &format!("GET /scim/v2/{path}?{query}"), b""));
            }
            nasty.push(whole_request(house, &format!("GET /api/v1/lines?{query}"), b""));
        }
        let count = nasty.len();
        assert!(count > 1_000, "{count}");
        let statuses = tokio::task::block_in_place(|| judge(house, &nasty));
        eprintln!("{count} requests: {statuses:?}");

        assert!(
            !house.running.bridge().metrics.render().contains("http_panics_total{"),
            "a handler panicked"
        );
        assert_eq!(send(house.bare(Method::GET, "/readyz")).await.status, 200);
        house.post(&user("after@example.com")).await.expect(201);
        house.get(&format!("/Users/{id}")).await.expect(200);
    })
    .await;
}

/// Sends all of them from several callers at once and judges each answer; how often each status was the answer, 0 for
/// none.
fn judge(house: &House, nasty: &[Vec<u8>]) -> BTreeMap<u16, usize> {
    let mut all = BTreeMap::new();
    std::thread::scope(|scope| {
        let callers: Vec<_> = nasty
            .chunks(nasty.len().div_ceil(CALLERS))
            .map(|share| scope.spawn(move || judge_each(house, share)))
            .collect();
        for statuses in callers.into_iter().map(|caller| caller.join().unwrap()) {
            for (status, count) in statuses {
                *all.entry(status).or_default() += count;
            }
        }
    });
    all
}

fn judge_each(house: &House, nasty: &[Vec<u8>]) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for request in nasty {
        let heard = say(house, request);
        let shown = String::from_utf8_lossy(&request[..request.len().min(400)]).into_owned();
        *statuses.entry(heard.as_ref().map_or(0, |heard| heard.status)).or_default() += 1;
        let Some(heard) = heard else { continue };
        // 501 says what is not offered; every other 5xx would be our fault.
        assert!(heard.status < 500 || heard.status == 501, "{heard:?} to {shown}");
        let has_body = !shown.starts_with("HEAD");
        if has_body
            && heard.status >= 400
            && shown.contains(" /scim/v2/")
            && heard.head.contains("x-request-id")
        {
            // What follows the body may be heard as a second request, with an answer of its own.
            let mut documents = serde_json::Deserializer::from_str(&heard.body).into_iter::<Value>();
            let error = documents.next().and_then(Result::ok);
            let error = error.unwrap_or_else(|| panic!("no SCIM error: {heard:?} to {shown}"));
            assert_eq!(error["status"], heard.status.to_string(), "{shown}");
            assert!(heard.head.contains("application/scim+json"), "{heard:?} to {shown}");
        }
    }
    statuses
}
