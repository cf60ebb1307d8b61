//! Accounts: what they tell, how they are made and deleted, and that their quota holds.

use super::*;
use std::thread;

/// The account of the customer, as its manager sees it.
fn account(api: &Api) -> Value {
    let answer = api.get(ACCOUNT);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn customer(api: &Api) -> String {
    text(&account(api)["customer_id"])
}

fn upload(api: &Api, bytes: usize) -> Answer {
    let bytes = vec![b'x'; bytes];
    api.form(&api.manager, FILES, &[("file", "; filename=\"x\"", &bytes)])
}

#[track_caller]
fn assert_full(answer: &Answer) {
    assert_refused(answer, 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED");
}

#[test]
fn an_account_that_nobody_made_shows_the_defaults_and_what_is_stored() {
    let api = Api::start();
    let empty = account(&api);
    for (member, value) in [
        ("total_file_count", json!(0)),
        ("total_file_size", json!(0)),
        ("file_count", json!(0)),
        ("total_size", json!(0)),
        ("quota", json!(10_737_418_240_u64)),
        ("tm_update", json!(NEVER)),
        ("tm_delete", json!(NEVER)),
    ] {
        assert_eq!(empty[member], value, "{member}");
    }
    assert_eq!(empty["id"], empty["customer_id"]);
    assert_eq!(empty.as_object().unwrap().len(), 10, "{empty}");
    let one = api.file("a", b"abc", &[]);
    api.file("b", b"abcd", &[]);
    let two = account(&api);
    assert_eq!((&two["total_file_count"], &two["total_file_size"]), (&json!(2), &json!(7)));
    assert_eq!((&two["file_count"], &two["total_size"]), (&json!(2), &json!(7)));
    assert_ne!(text(&two["tm_update"]), NEVER);
    assert_eq!(api.delete(&api.manager, &path_of_file(&one)).status, 200);
    let one = account(&api);
    assert_eq!((&one["file_count"], &one["total_size"]), (&json!(1), &json!(4)));
    let by_id = api.get(&format!("{ACCOUNTS}/{}", customer(&api)));
    assert_eq!(by_id.json(), one);
}

#[test]
fn all_files_of_a_customer_count_whatever_they_came_in_through_and_wherever_they_go() {
    let api = Api::start();
    let containers = api.ask(&api.manager, "GET", "/core/v2/storage/containers").send().json();
    let container = &containers["items"][0];
    let put = api.ask(&api.manager, "PUT", "/core/v2/storage/upload/a").body(b"12345");
    assert_eq!(put.send().status, 201);
    assert_eq!(account(&api)["total_size"], 5);
    let stranger = api.ask(&api.stranger, "GET", ACCOUNT).send().json();
    let to = json!({"partner_sid": stranger["customer_id"]}).to_string();
    let path = format!("/core/v2/storage/containers/{}", text(&container["container_sid"]));
    assert_eq!(api.json(&api.admin, "PATCH", &path, &to).status, 200);
    assert_eq!(
        (&account(&api)["total_size"], &account(&api)["file_count"]),
        (&json!(0), &json!(0))
    );
    let stranger = api.ask(&api.stranger, "GET", ACCOUNT).send().json();
    assert_eq!((&stranger["total_size"], &stranger["file_count"]), (&json!(5), &json!(1)));
}

#[test]
fn the_quota_takes_the_last_byte_and_not_one_more() {
    let api = Api::start_with(&["--account-quota-bytes", "100"]);
    assert_full(&upload(&api, 101));
    assert_eq!(upload(&api, 60).status, 200);
    assert_full(&upload(&api, 41));
    assert_eq!(account(&api)["total_size"], 60);
    assert_eq!(upload(&api, 40).status, 200);
    assert_full(&upload(&api, 1));
    assert_eq!(upload(&api, 0).status, 200);
    let full = api.form(&api.agent, AGENTS, &[("file", "; filename=\"x\"", b"x")]);
    assert_full(&full);
    assert_eq!(account(&api)["total_size"], 100);
    // Only uploads through this API are bound by it.
    let container = api.carrierx_containers()[0].clone();
    let path =
        format!("/core/v2/storage/files?container_sid={}", text(&container["container_sid"]));
    let other = api.ask(&api.manager, "POST", &path).header("Content-Type", "audio/x-wav");
    assert_eq!(other.body(&chime()).send().status, 201);
    assert_full(&upload(&api, 1));
}

#[test]
fn of_uploads_that_race_for_the_last_bytes_one_wins() {
    let api = Api::start_with(&["--account-quota-bytes", "100"]);
    for _ in 0..5 {
        let answers: Vec<Answer> = thread::scope(|scope| {
            let uploads: Vec<_> = (0..6).map(|_| scope.spawn(|| upload(&api, 60))).collect();
            uploads.into_iter().map(|upload| upload.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1);
        lost.into_iter().for_each(assert_full);
        assert_eq!(account(&api)["total_size"], 60);
        assert_eq!(api.names(FILES).len(), 1);
        assert_eq!(api.delete(&api.manager, &path_of_file(&won[0].json())).status, 200);
    }
}

#[test]
fn an_administrator_makes_an_account_once_with_a_quota_of_its_own() {
    let api = Api::start();
    let id = customer(&api);
    let make = |token: &str, body: &Value| api.json(token, "POST", ACCOUNTS, &body.to_string());
    let whole = json!({"customer_id": id, "quota": 10});
    for token in [&api.manager, &api.agent, &api.read] {
        assert_forbidden(&make(token, &whole));
    }
    let made = make(&api.admin, &whole);
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!((&made.json()["quota"], &made.json()["id"]), (&json!(10), &json!(id)));
    assert_eq!(account(&api)["quota"], 10);
    assert_refused(&make(&api.admin, &whole), 409, "ALREADY_EXISTS", "ACCOUNT_ALREADY_EXISTS");
    assert_full(&upload(&api, 11));
    assert_eq!(upload(&api, 10).status, 200);

    for (body, reason, field) in [
        (json!({}), "MISSING_REQUEST_PARAMETER", "customer_id"),
        (json!({"customer_id": null}), "MISSING_REQUEST_PARAMETER", "customer_id"),
        (json!({"customer_id": 1}), "INVALID_ID", "customer_id"),
        (json!({"customer_id": "x"}), "INVALID_ID", "customer_id"),
        (json!({"customer_id": id, "quota": -1}), "INVALID_REQUEST_PARAMETER", "quota"),
        (json!({"customer_id": id, "quota": 1.5}), "INVALID_REQUEST_PARAMETER", "quota"),
        (json!({"customer_id": id, "quota": "10"}), "INVALID_REQUEST_PARAMETER", "quota"),
        (json!({"customer_id": id, "quota": u64::MAX}), "INVALID_REQUEST_PARAMETER", "quota"),
    ] {
        assert_invalid(&make(&api.admin, &body), reason, field);
    }
    for body in ["", "[]", "{", "\"x\""] {
        assert_invalid(&api.json(&api.admin, "POST", ACCOUNTS, body), "INVALID_JSON_BODY", "body");
    }
    assert_missing(&make(&api.admin, &json!({"customer_id": NIL})), "RESOURCE_NOT_FOUND");
}

#[test]
fn an_account_goes_only_without_files_and_comes_back_by_post_or_by_an_upload() {
    let api = Api::start();
    let id = customer(&api);
    let (path, body) =
        (format!("{ACCOUNTS}/{id}"), json!({"customer_id": id, "quota": 50}).to_string());
    for token in [&api.manager, &api.agent, &api.read] {
        assert_forbidden(&api.delete(token, &path));
    }
    let file = api.file("a", b"abc", &[]);
    let held = api.delete(&api.admin, &path);
    assert_refused(&held, 409, "FAILED_PRECONDITION", "STATE_INVALID");
    assert_eq!(api.delete(&api.manager, &path_of_file(&file)).status, 200);

    let gone = |api: &Api| {
        let deleted = api.delete(&api.admin, &path);
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        assert_ne!(text(&deleted.json()["tm_delete"]), NEVER);
        assert_eq!(deleted.json()["tm_update"], deleted.json()["tm_delete"]);
        for answer in [api.get(&path), api.get(ACCOUNT), api.delete(&api.admin, &path)] {
            assert_missing(&answer, "ACCOUNT_NOT_FOUND");
        }
        let all = api.ask(&api.admin, "GET", ACCOUNTS).send().json();
        let all = all["result"].as_array().unwrap();
        assert!(!all.is_empty() && all.iter().all(|account| account["id"] != json!(id)));
    };
    gone(&api);
    let made = api.json(&api.admin, "POST", ACCOUNTS, &body);
    assert_eq!((made.status, &made.json()["quota"]), (200, &json!(50)));
    let made_before_changed =
        |account: &Value| text(&account["tm_update"]) >= text(&account["tm_create"]);
    assert!(made_before_changed(&made.json()), "{}", made.text());
    gone(&api);
    assert_eq!(upload(&api, 51).status, 200, "the quota went with the account");
    let anew = account(&api);
    assert_eq!((&anew["file_count"], &anew["quota"]), (&json!(1), &json!(10_737_418_240_u64)));
    assert!(text(&anew["tm_create"]) > text(&made.json()["tm_create"]));
    assert!(made_before_changed(&anew), "{anew}");
}

#[test]
fn administrators_list_all_accounts_page_by_page_and_managers_see_their_own() {
    let api = Api::start();
    for token in [&api.manager, &api.agent, &api.read] {
        assert_forbidden(&api.ask(token, "GET", ACCOUNTS).send());
    }
    let list =
        |query: &str| api.ask(&api.admin, "GET", &format!("{ACCOUNTS}?{query}")).send().json();
    let ids = |page: &Value| -> Vec<String> {
        page["result"].as_array().unwrap().iter().map(|account| text(&account["id"])).collect()
    };
    let all = ids(&list(""));
    assert_eq!(all.len(), 3, "default, acme, other");
    assert_eq!(all[1], customer(&api));
    let (mut paged, mut token) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = list(&format!("page_size=1&page_token={token}"));
        paged.extend(ids(&page));
        token = text(&page["next_page_token"]);
    }
    assert_eq!((&paged, token.as_str()), (&all, ""));
    let oldest = text(&list("")["result"][2]["tm_create"]).replace(' ', "+");
    assert_eq!(ids(&list(&format!("page_token={oldest}"))), Vec::<String>::new());
    let bad = api.ask(&api.admin, "GET", &format!("{ACCOUNTS}?page_token=x")).send();
    assert_invalid(&bad, "INVALID_REQUEST_PARAMETER", "page_token");

    let own = format!("{ACCOUNTS}/{}", customer(&api));
    assert_eq!(api.get(&own).status, 200);
    assert_eq!(api.ask(&api.admin, "GET", &own).send().status, 200);
    assert_missing(&api.ask(&api.stranger, "GET", &own).send(), "ACCOUNT_NOT_FOUND");
    for token in [&api.agent, &api.read] {
        assert_forbidden(&api.ask(token, "GET", &own).send());
        assert_forbidden(&api.ask(token, "GET", ACCOUNT).send());
    }
    assert_missing(
        &api.ask(&api.admin, "GET", &format!("{ACCOUNTS}/{NIL}")).send(),
        "ACCOUNT_NOT_FOUND",
    );
    assert_invalid(&api.get(&format!("{ACCOUNTS}/x")), "INVALID_ID", "id");
}
