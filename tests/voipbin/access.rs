//! Who may do what, by which credentials; the login; and that a token stays a secret.

use super::*;

#[test]
fn each_role_may_do_what_it_stands_for_and_strangers_find_nothing() {
    let api = Api::start();
    let made = api.file("a.wav", &chime(), &[]);
    let id = text(&made["id"]);
    let (file, play) = (format!("{FILES}/{id}"), format!("{FILES}/{id}/file"));
    let (agents, agents_play) = (format!("{AGENTS}/{id}"), format!("{AGENTS}/{id}/file"));
    for (path, statuses) in [
        (FILES, [200, 200, 200, 200, 200]),
        ("/v1.0/files", [200, 200, 200, 200, 200]),
        (AGENTS, [200, 200, 200, 200, 200]),
        (&file, [200, 200, 200, 200, 404]),
        (&agents, [200, 200, 200, 200, 404]),
        (&play, [307, 307, 403, 403, 404]),
        (&agents_play, [307, 307, 307, 403, 404]),
    ] {
        let tokens = [&api.admin, &api.manager, &api.agent, &api.read, &api.stranger];
        for (token, status) in tokens.into_iter().zip(statuses) {
            let answer = api.ask(token, "GET", path).send();
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            match status {
                403 => assert_forbidden(&answer),
                404 => assert_missing(&answer, "FILE_NOT_FOUND"),
                _ => {}
            }
        }
    }
    let part: Part<'_> = ("file", "; filename=\"x\"", b"x");
    for (token, own, by_agent) in [
        (&api.read, 403, 403),
        (&api.agent, 403, 200),
        (&api.manager, 200, 200),
        (&api.admin, 200, 200),
    ] {
        assert_eq!(api.form(token, FILES, &[part]).status, own);
        assert_eq!(api.form(token, AGENTS, &[part]).status, by_agent);
    }
    for token in [&api.read, &api.agent] {
        assert_forbidden(&api.delete(token, &file));
        assert_forbidden(&api.delete(token, &agents));
    }
    assert_missing(&api.delete(&api.stranger, &file), "FILE_NOT_FOUND");
    assert_missing(&api.delete(&api.stranger, &agents), "FILE_NOT_FOUND");
    assert_eq!(api.delete(&api.admin, &file).status, 200);
}

#[test]
fn an_agent_deletes_what_it_brought_in_and_nothing_else() {
    let api = Api::start();
    let own = api.file_by(&api.agent, AGENTS, "own", b"1", &[]);
    let managers = api.file_by(&api.manager, AGENTS, "managers", b"2", &[]);
    let path = |file: &Value| format!("{AGENTS}/{}", text(&file["id"]));
    assert_forbidden(&api.delete(&api.agent, &path(&managers)));
    assert_forbidden(&api.delete(&api.manager, &path(&own)));
    assert_eq!(api.delete(&api.agent, &path(&own)).status, 200);
    assert_missing(&api.delete(&api.agent, &path(&own)), "RESOURCE_NOT_FOUND");
    assert_eq!(api.delete(&api.manager, &path(&managers)).status, 200);
}

#[test]
fn a_path_that_is_none_and_an_id_that_is_none_are_told_apart() {
    let api = Api::start();
    for path in ["/v1.0", "/v1.0/nothing", "/v1.0/storage_files/a/b/c", "/v1.0/storage_files/"] {
        assert_missing(&api.get(path), "ROUTE_NOT_FOUND");
    }
    for path in [format!("{FILES}/17"), format!("{FILES}/%FF"), format!("{AGENTS}/x/file")] {
        assert_invalid(&api.get(&path), "INVALID_ID", "id");
    }
    for (method, path) in [("PUT", FILES), ("PATCH", ACCOUNT), ("GET", "/auth/login")] {
        let answer = api.ask(&api.manager, method, path).send();
        assert_refused(&answer, 405, "INVALID_ARGUMENT", "METHOD_NOT_ALLOWED");
    }
}

#[test]
fn a_request_keeps_its_id_and_gets_one_where_it_has_none() {
    let api = Api::start();
    let ask = |path: &str, id: Option<&str>| {
        let request = api.ask(&api.manager, "GET", path);
        id.map_or(api.ask(&api.manager, "GET", path), |id| request.header("X-Request-Id", id))
            .send()
    };
    let longest = "a".repeat(64);
    for path in [FILES, "/v1.0/nothing", "/v1.0/storage_files/x"] {
        for id in ["1", "My_id-9", &longest] {
            assert_eq!(ask(path, Some(id)).header("x-request-id"), Some(id), "{path}");
        }
        let too_long = "a".repeat(65);
        let mut made = std::collections::BTreeSet::new();
        for id in [None, Some("a b"), Some("a.b"), Some("ä"), Some(too_long.as_str()), Some("")] {
            let answer = ask(path, id);
            let id = answer.header("x-request-id").expect("an id").to_owned();
            let chance = id.strip_prefix("req_").unwrap_or_else(|| panic!("{id}"));
            let is_digit = |c: char| matches!(c, 'a'..='z' | '2'..='7');
            assert!(chance.len() == 26 && chance.chars().all(is_digit), "{id}");
            assert!(made.insert(id), "no id comes twice");
        }
    }
    let error = ask("/v1.0/storage_files/x", Some("mine")).json();
    assert_eq!(error["error"]["request_id"], "mine");
}

#[test]
fn a_token_comes_in_five_forms_and_the_first_decides() {
    let api = Api::start();
    let good = api.manager.as_str();
    let ask = |cookie: &str, query: &str, bearer: &str| {
        let path = if query.is_empty() { FILES.to_owned() } else { format!("{FILES}?{query}") };
        let mut request = api.server.request("GET", &path);
        if !cookie.is_empty() {
            request = request.header("Cookie", cookie);
        }
        if !bearer.is_empty() {
            request = request.header("Authorization", bearer);
        }
        request.send()
    };
    let pair = |name: &str, value: &str| format!("{name}={value}");
    let (bearer, bad) = (format!("Bearer {good}"), "Bearer x");
    assert_eq!(ask(&pair("a=b; token", good), "", "").status, 200);
    assert_eq!(ask("", &pair("page_size=1&token", good), "").status, 200);
    assert_eq!(ask("", "", &bearer).status, 200);
    assert_eq!(ask(&pair("accesskey", good), "", "").status, 200);
    assert_eq!(ask("", &pair("accesskey", good), "").status, 200);
    // In this order, whatever comes after.
    assert_eq!(ask(&pair("token", good), "token=x", bad).status, 200);
    assert_eq!(ask("token=x", &pair("token", good), &bearer).status, 401);
    assert_eq!(ask("", &pair("token", good), bad).status, 200);
    assert_eq!(ask("", "token=x", &bearer).status, 401);
    assert_eq!(ask("accesskey=x", &pair("accesskey", "y"), &bearer).status, 200);
    assert_eq!(ask(&pair("accesskey", good), "accesskey=x", "").status, 200);
    assert_eq!(ask("accesskey=x", &pair("accesskey", good), "").status, 401);

    let none = ask("", "", "");
    assert_refused(&none, 401, "UNAUTHENTICATED", "AUTHENTICATION_REQUIRED");
    assert_eq!(none.header("www-authenticate"), Some("Bearer realm=\"tonearm\""));
    for answer in [ask("", "", bad), ask("", "", "Basic eDp5"), ask("token=x", "", "")] {
        assert_refused(&answer, 401, "UNAUTHENTICATED", "INVALID_CREDENTIALS");
    }
}

#[test]
fn a_cookie_counts_from_the_servers_own_pages_alone() {
    let api = Api::start();
    let ask = |site: &str| {
        let request = api.server.request("GET", FILES).header("Sec-Fetch-Site", site);
        request.header("Cookie", &format!("token={}", api.manager)).send()
    };
    assert_eq!(ask("same-origin").status, 200);
    let refused = ask("cross-site");
    assert_forbidden(&refused);
    assert!(refused.text().contains("another origin"), "{}", refused.text());
}

#[test]
fn a_login_takes_a_token_as_its_password() {
    let api = Api::start();
    let login = |body: &str| {
        let request = api.server.request("POST", "/auth/login");
        request.header("Content-Type", "application/json").body(body.as_bytes()).send()
    };
    let body =
        |password: &str| json!({"username": "joe@example.com", "password": password}).to_string();
    let answer = login(&body(&api.agent));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json(), json!({"username": "joe@example.com", "token": api.agent}));
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(api.ask(&text(&answer.json()["token"]), "GET", FILES).send().status, 200);
    for (body, field) in [
        ("{}", "username"),
        ("{\"username\":\"x\"}", "password"),
        ("{\"username\":1,\"password\":\"x\"}", "username"),
        ("{\"username\":\"x\",\"password\":\"\"}", "password"),
    ] {
        assert_invalid(&login(body), "MISSING_REQUEST_PARAMETER", field);
    }
    assert_invalid(&login("x"), "INVALID_JSON_BODY", "body");
    let form = api.server.request("POST", "/auth/login");
    let form = form.header("Content-Type", "application/x-www-form-urlencoded").body(b"a=b").send();
    assert_invalid(&form, "INVALID_JSON_BODY", "Content-Type");
    for _ in 0..10 {
        assert_refused(&login(&body("wrong")), 401, "UNAUTHENTICATED", "INVALID_CREDENTIALS");
    }
    // Who guesses is slowed, and nobody else behind that address.
    let slowed = login(&body("wrong"));
    assert_refused(&slowed, 429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED");
    assert_eq!(slowed.json()["error"]["details"], json!([{"limited_by": "ip"}]));
    let seconds: u64 = slowed.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=7).contains(&seconds), "{seconds}");
    assert_eq!(login(&body(&api.agent)).status, 200);
    assert_eq!(api.get(FILES).status, 200, "a token is none the worse for it");
    let metrics = api.server.get("/metrics").text();
    assert!(metrics.contains("tonearm_failed_logins_total 11\n"), "{metrics}");
}

#[test]
fn a_token_in_a_query_or_a_cookie_stands_in_no_log_and_no_answer() {
    let api = Api::start_with(&["--log", "debug"]);
    let made = api.file("a.wav", &chime(), &[]);
    let id = text(&made["id"]);
    let token = api.manager.clone();
    let mut answers = Vec::new();
    for path in [
        FILES.to_owned(),
        format!("{FILES}/{id}"),
        format!("{FILES}/{id}/file"),
        format!("{FILES}/x"),
        "/v1.0/nothing".into(),
        format!("{FILES}/{id}/file/more"),
    ] {
        for (name, value) in
            [("token", token.as_str()), ("accesskey", &token), ("token", "wrong0token0value")]
        {
            answers.push(api.server.get(&format!("{path}?{name}={value}&f=xyz")));
            answers.push(api.server.get(&format!("{path}?{name}={value}")));
            let cookie = format!("{name}={value}");
            answers.push(api.server.request("GET", &path).header("Cookie", &cookie).send());
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 307));
    for answer in &answers {
        let told = format!("{:?} {}", answer.headers, answer.text());
        assert!(!told.contains(&token) && !told.contains("wrong0token0value"), "{told}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{told}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{told}");
    }
    let log = api.folder.path().join("data.log");
    let lines = answers.len();
    crate::running::until("all requests are logged", || {
        std::fs::read_to_string(&log).unwrap().matches("path=\"/v1.0").count() > lines
    });
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(!log.contains(&token) && !log.contains("wrong0token0value"));
}

#[test]
fn an_api_that_is_off_answers_404() {
    let api = Api::start_with(&["--apis", "carrierx"]);
    for path in [FILES, ACCOUNT, "/auth/login"] {
        assert_eq!(api.get(path).status, 404, "{path}");
    }
    assert_eq!(api.get("/core/v2/storage/files").status, 200);
}
