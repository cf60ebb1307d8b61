//! Who may do what, and the forms in which a token comes.

use super::*;
use crate::carrierx::access::base64;

/// A call's answer with these headers.
fn by(api: &Api, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = api.server.request(method, path);
    headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
}

#[test]
fn a_token_comes_as_bearer_as_a_password_or_in_either_cookie() {
    let api = Api::start();
    let token = &api.read;
    let basic = format!("Basic {}", base64(format!("someone:{token}")));
    let (bearer, wrong) = (format!("Bearer {token}"), "Bearer x".to_owned());
    let (id, pid) = (format!("ss-id={token}"), format!("a=b; ss-pid={token}; c=d"));
    for (header, value) in
        [("Authorization", &basic), ("Authorization", &bearer), ("Cookie", &id), ("Cookie", &pid)]
    {
        assert_eq!(by(&api, "GET", "/files", &[(header, value)]).status, 200, "{header}");
    }
    for (header, value) in [("Authorization", &wrong), ("Cookie", &"ss-id=x".to_owned())] {
        let refused = by(&api, "GET", "/files", &[(header, value)]);
        assert_refused(&refused, 401, "Unauthorized", "");
        assert!(!refused.text().contains(token.as_str()));
    }
    let nobody = by(&api, "GET", "/files", &[]);
    assert_refused(&nobody, 401, "Unauthorized", "");
    let schemes = nobody.headers.iter().filter(|(name, _)| name == "www-authenticate").count();
    assert_eq!(schemes, 2);
    let query = api.server.get(&format!("/files?ss-id={token}&token={token}"));
    assert_refused(&query, 401, "Unauthorized", "");
}

#[test]
fn each_role_does_what_is_its_own() {
    let api = Api::start();
    let id = text(&api.file("FileName=a")["id"]);
    let file = format!("/files/{id}");
    let none = json!({});
    let new = |token: &str, path: &str| {
        let request = api.server.request("POST", path).token(token);
        request.header("Content-Type", "audio/x").body(b"x").send()
    };
    for path in ["/files", "/app/file", "/app/files"] {
        assert_eq!(new(&api.agent, path).status, 200, "{path}");
        assert_refused(&new(&api.read, path), 403, "Forbidden", "");
    }
    for token in [&api.agent, &api.read] {
        for path in ["/files", "/portal/files", "/app/files", &file, &format!("{file}/content")] {
            let answer = api.server.request("GET", path).token(token).send();
            assert_eq!(answer.status, 200, "{path}");
        }
        assert_refused(&api.send(token, "PATCH", &file, &none), 403, "Forbidden", "");
        assert_refused(&api.send(token, "DELETE", &file, &none), 403, "Forbidden", "");
        assert_refused(&api.send(token, "GET", "/auth/token", &none), 403, "Forbidden", "");
    }
    assert_eq!(api.send(&api.manager, "PATCH", &file, &none).status, 200);
    assert_eq!(api.send(&api.manager, "DELETE", &file, &none).status, 204);
    let narrow = api.server.new_token(&[
        "--role",
        "manager",
        "--partner",
        "acme",
        "--scope",
        "storage.create",
    ]);
    assert_eq!(new(&narrow, "/files").status, 200);
    assert_refused(&api.send(&narrow, "GET", "/files", &none), 403, "Forbidden", "");
    // What may not be read is not lent by a signed link either.
    let containers = "/core/v2/storage/containers";
    let own = api.json(&format!("{containers}?filter=name+eq+evovoice"));
    let own = format!("{containers}/{}", text(&own["items"][0]["container_sid"]));
    let secret = json!({"default_file_publish": "none"});
    assert_eq!(api.send(&api.manager, "PATCH", &own, &secret).status, 200);
    assert_eq!(new(&narrow, "/files").json()["uri"], "");
    assert_ne!(new(&api.manager, "/files").json()["uri"], "");
}

#[test]
fn what_a_manager_says_of_a_file_is_refused_to_an_agent_by_name() {
    let api = Api::start();
    for field in [
        "Type",
        "SessionId",
        "CustomerId",
        "CustomerName",
        "UserId",
        "UserName",
        "RecordingSid",
        "RecordingFrom",
        "FromAddress",
        "ToAddress",
        "Transcription",
        "AITranscription",
    ] {
        let value = if field == "Type" { "Fax" } else { "x" };
        for path in ["/files", "/app/file"] {
            let request = api.server.request("POST", &format!("{path}?{field}={value}"));
            let refused = request.token(&api.agent).body(b"x").send();
            assert_refused(&refused, 403, "Forbidden", field);
        }
    }
    assert_eq!(api.json("/files")["totalCount"], 0);
}

#[test]
fn my_files_are_those_that_the_token_made() {
    let api = Api::start();
    let mine =
        text(&api.send(&api.agent, "POST", "/app/files", &json!({"data": "eA=="})).json()["id"]);
    api.file("FileName=other");
    let list = api.send(&api.agent, "GET", "/app/files", &Value::Null).json();
    let ids: Vec<_> = list["files"].as_array().unwrap().iter().map(|f| text(&f["id"])).collect();
    assert_eq!(ids, [mine]);
}

#[test]
fn another_account_is_not_there() {
    let api = Api::start();
    let id = text(&api.file("FileName=a&Transcription=hello")["id"]);
    let account = text(&api.json("/files")["items"][0]["accountId"]);
    let stranger = api.server.new_token(&["--role", "manager", "--partner", "other"]);
    let file = format!("/files/{id}");
    for (method, path) in [
        ("GET", file.clone()),
        ("PATCH", file.clone()),
        ("DELETE", file.clone()),
        ("GET", format!("{file}/content")),
    ] {
        let refused = api.send(&stranger, method, &path, &json!({"FileName": "b"}));
        assert_refused(&refused, 404, "NotFound", "");
    }
    for query in [
        format!("AccountIds={account}"),
        format!("SpecificIds={id}"),
        "TranscriptionContains=hello".into(),
        "All=true".into(),
    ] {
        let list = api.send(&stranger, "GET", &format!("/files?{query}"), &Value::Null).json();
        assert_eq!((&list["items"], &list["totalCount"]), (&json!([]), &json!(0)), "{query}");
    }
    let list =
        api.send(&stranger, "GET", &format!("/portal/files?AccountId={account}"), &Value::Null);
    assert_eq!(list.json()["items"], json!([]));
    let put = api.server.request("POST", &format!("/files?AccountId={account}")).token(&stranger);
    assert_refused(&put.body(b"x").send(), 404, "NotFound", "");
    // An administrator is at home in every account.
    let put = api
        .server
        .request("POST", &format!("/files?AccountId={account}&FileName=b"))
        .token(&api.admin);
    assert_eq!(put.body(b"x").send().json()["accountName"], "acme");
    let all = api.send(&api.admin, "GET", "/files", &Value::Null).json();
    assert_eq!(all["totalCount"], 2);
    let nowhere = api.server.request("POST", "/files?AccountId=no-id").token(&api.admin);
    assert_refused(&nowhere.body(b"x").send(), 404, "NotFound", "");
}

#[test]
fn a_login_sets_two_cookies_that_scripts_do_not_see() {
    let api = Api::start();
    let token = &api.agent;
    let login =
        json!({"provider": "credentials", "userName": "ann@example.org", "password": token});
    let form = format!("UserName=ann%40example.org&Password={token}");
    let json = ("application/json", login.to_string());
    let form = ("application/x-www-form-urlencoded", form);
    for path in ["/auth/credentials", "/auth", "/auth.json", "/auth/credentials.json"] {
        for (kind, body) in [&json, &form] {
            let request = api.server.request("POST", path).header("Content-Type", kind);
            let answer = request.body(body.as_bytes()).send();
            assert_eq!(answer.status, 200, "{path} {kind}: {}", answer.text());
            let told = answer.json();
            assert_eq!(told["userName"], "ann@example.org");
            assert_eq!(told["sessionId"], token.as_str());
            assert_eq!(told.as_object().unwrap().len(), 3);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
            let set: Vec<_> = set.map(|(_, value)| value.clone()).collect();
            let wanted = ["ss-id", "ss-pid"]
                .map(|name| format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax"));
            assert_eq!(set, wanted);
            let cookie = set[0].split(';').next().unwrap();
            let made = by(&api, "GET", "/app/files", &[("Cookie", cookie)]);
            assert_eq!(made.status, 200);
        }
    }
    let id = text(
        &api.send(&api.agent, "POST", "/app/files", &json!({"Data": "eA=="})).json()["createdBy"],
    );
    let told = api.send("", "POST", "/auth", &login).json();
    assert_eq!(told["userId"], id);
}

#[test]
fn a_login_that_is_wrong_is_refused_and_in_the_end_slowed() {
    let api = Api::start();
    let try_it = |body: Value| {
        let request = api.server.request("POST", "/auth/credentials");
        request.header("Content-Type", "application/json").body(body.to_string().as_bytes()).send()
    };
    assert_bad(&try_it(json!({"provider": "google", "password": api.read})), "provider");
    assert_refused(&try_it(json!({"userName": "x"})), 401, "Unauthorized", "");
    let query = api.server.request("POST", &format!("/auth?password={}", api.read)).send();
    assert_refused(&query, 401, "Unauthorized", "");
    let wrong = || try_it(json!({"userName": "x", "password": "secret-guess"}));
    let refused = wrong();
    assert_refused(&refused, 401, "Unauthorized", "");
    assert!(!refused.text().contains("secret-guess"));
    assert!(!refused.headers.iter().any(|(name, _)| name == "set-cookie"));
    let slowed = (0..40).map(|_| wrong()).find(|answer| answer.status == 429).expect("slowed");
    assert_refused(&slowed, 429, "TooManyRequests", "");
    assert!(slowed.header("retry-after").is_some());
    // Behind the address of who guesses there may be others.
    let right = json!({"userName": "x", "password": api.read});
    let logins = std::thread::scope(|scope| {
        let logins: Vec<_> =
            (0..50).map(|_| scope.spawn(|| try_it(right.clone()).status)).collect();
        logins.into_iter().map(|login| login.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(logins, [200; 50]);
}

#[test]
fn cookies_go_over_tls_alone_where_links_do() {
    for (url, secure) in [("https://media.example.com", true), ("http://media.example.com", false)]
    {
        let api = Api::start_with(&["--public-url", url]);
        let login = json!({"userName": "x", "password": api.read}).to_string();
        let request =
            api.server.request("POST", "/auth").header("Content-Type", "application/json");
        let answer = request.body(login.as_bytes()).send();
        let cookies: Vec<_> =
            answer.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
        assert_eq!(cookies.len(), 2);
        assert!(
            cookies.iter().all(|(_, cookie)| cookie.contains("; Secure") == secure),
            "{cookies:?}"
        );
    }
}

#[test]
fn a_lent_token_ends_with_the_one_that_lent_it() {
    let api = Api::start();
    let short =
        api.server.new_token(&["--role", "manager", "--partner", "acme", "--expires", "3s"]);
    let lent = api.send(&short, "GET", "/auth/token", &Value::Null).json();
    let lent = text(&lent["authToken"]);
    assert_eq!(api.send(&lent, "GET", "/files", &Value::Null).status, 200);
    crate::running::until("the token ends", || {
        api.send(&lent, "GET", "/files", &Value::Null).status == 401
    });
}

#[test]
fn a_lent_token_is_an_agent_s_for_an_hour() {
    let api = Api::start();
    let answer = api.get("/auth/token?UserEmailAddress=ann%40example.org&UserId=u1");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let lent = text(&answer.json()["authToken"]);
    let made = api.send(&lent, "POST", "/app/files", &json!({"Data": "eA=="}));
    assert_eq!((made.status, &made.json()["accountName"]), (200, &json!("acme")));
    assert_refused(&api.send(&lent, "GET", "/auth/token", &Value::Null), 403, "Forbidden", "");
    let listed = run(&["token", "list", "--data", api.server.data.to_str().unwrap()]);
    let maker = text(&made.json()["createdBy"]);
    let line = stdout(&listed).lines().find(|line| line.contains(&maker)).unwrap().to_owned();
    assert!(line.contains("agent"), "{line}");
    let ended = api.server.new_token(&["--role", "agent", "--partner", "acme", "--expires", "1s"]);
    crate::running::until("a token ends", || {
        api.send(&ended, "GET", "/files", &Value::Null).status == 401
    });
}

#[test]
fn pages_of_other_origins_can_not_use_the_cookies() {
    let api = Api::start();
    let id = text(&api.file("FileName=a")["id"]);
    let (file, cookie) = (format!("/files/{id}"), format!("ss-id={}", api.manager));
    let elsewhere = [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ];
    for (name, value) in elsewhere {
        for (method, path) in [
            ("DELETE", file.as_str()),
            ("PATCH", &file),
            ("POST", "/files"),
            ("POST", "/app/files"),
            ("POST", "/app/file"),
            ("GET", "/files"),
            ("GET", "/files?callback=cb"),
            ("GET", "/auth/token"),
        ] {
            let refused = by(&api, method, path, &[("Cookie", &cookie), (name, value)]);
            assert_eq!(refused.status, 403, "{method} {path} {name}: {value}");
            assert!(refused.text().contains("another origin"), "{}", refused.text());
        }
        // Nor is anybody logged in by them.
        let login = json!({"password": api.agent}).to_string();
        let request = api.server.request("POST", "/auth").header(name, value);
        let answer =
            request.header("Content-Type", "application/json").body(login.as_bytes()).send();
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.iter().any(|(name, _)| name == "set-cookie"));
    }
    let own = format!("http://{}", api.server.address);
    let same = [("Cookie", cookie.as_str()), ("Origin", &own), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(by(&api, "DELETE", &file, &same).status, 204);
    // With a token that a browser doesn't send by itself any page may ask.
    let bearer = format!("Bearer {}", api.manager);
    let asked = by(
        &api,
        "GET",
        "/files",
        &[("Authorization", &bearer), ("Origin", "https://other.example")],
    );
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, Some("*")));
}

#[test]
fn no_token_reaches_the_log() {
    let api = Api::start();
    let login = json!({"userName": "x", "password": api.agent}).to_string();
    api.server
        .request("POST", "/auth")
        .header("Content-Type", "application/json")
        .body(login.as_bytes())
        .send();
    by(
        &api,
        "GET",
        &format!("/files?token={}", api.agent),
        &[("Cookie", &format!("ss-id={}", api.agent))],
    );
    let (data, token) = (api.server.data.clone(), api.agent.clone());
    api.server.stop();
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(log.contains("/auth") && !log.contains(&token), "{log}");
}
