//! Lists: pages, orders, filters, fields.

use super::*;

/// A container with the files a, b, …, their `integer_key_1` as given.
fn with_files(keys: &[Option<i64>]) -> (Api, String) {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    for (i, key) in keys.iter().enumerate() {
        let name = char::from(b'a' + i as u8).to_string();
        let object = json!({"container_sid": sid, "name": name, "integer_key_1": key});
        api.file(&object, &vec![0; i + 1]);
    }
    (api, sid)
}

#[test]
fn pages_follow_each_other_by_offset_and_by_cursor_in_every_order() {
    let (api, sid) = with_files(&[Some(2), None, Some(1), Some(2), None]);
    let filter = format!("filter=container_sid+eq+{sid}");
    for (order, expected) in [
        ("", "abcde"),
        ("&order=name", "abcde"),
        ("&order=name+desc", "edcba"),
        ("&order=file_bytes+asc", "abcde"),
        ("&order=integer_key_1", "becad"),
        ("&order=integer_key_1+desc", "daceb"),
    ] {
        let expected: Vec<String> = expected.chars().map(String::from).collect();
        assert_eq!(api.names(&format!("{filter}{order}")), expected, "{order}");
        assert_eq!(
            api.names(&format!("{filter}{order}&limit=2&offset=3")),
            expected[3..],
            "{order}"
        );
        let (mut seen, mut after, mut last) = (Vec::new(), String::new(), Value::Null);
        loop {
            let page = api.get(&format!("{FILES}?{filter}{order}&limit=2{after}")).json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|f| text(&f["name"])));
            assert_eq!(page["has_more"], seen.len() < 5, "{order}: {page}");
            assert_eq!((&page["total"], &page["limit"]), (&json!(5), &json!(2)));
            after = format!("&after={}", text(&page["pagination"]["after"]));
            last = if page["has_more"] == true { page["pagination"].clone() } else { break };
        }
        assert_eq!(seen, expected, "{order}: by cursor");
        let before = format!("{filter}{order}&limit=2&before={}", text(&last["before"]));
        assert_eq!(api.names(&before), expected[..2], "{order}: back");
    }
}

#[test]
fn shuffle_holds_each_once() {
    let (api, sid) = with_files(&[None; 6]);
    let query = format!("filter=container_sid+eq+{sid}&order=shuffle");
    let orders: Vec<_> = (0..20).map(|_| api.names(&query)).collect();
    assert!(orders.iter().any(|order| order != &orders[0]), "never shuffled");
    for mut order in orders {
        order.sort();
        assert_eq!(order.concat(), "abcdef");
    }
}

#[test]
fn filters_know_every_operator() {
    let (api, sid) = with_files(&[Some(2), None, Some(1), Some(10), None]);
    for (condition, expected) in [
        ("integer_key_1 eq 2", "a"),
        ("integer_key_1 ne 2", "bcde"),
        ("integer_key_1 eq null", "be"),
        ("integer_key_1 ne null", "acd"),
        ("integer_key_1 gt 1", "ad"),
        ("integer_key_1 ge 1", "acd"),
        ("integer_key_1 lt 10", "ac"),
        ("integer_key_1 le 2", "ac"),
        ("name in (a, 'c', \"x\")", "ac"),
        ("name in (a)", "a"),
        ("name like %", "abcde"),
        ("name like _", "abcde"),
        ("name like A", ""),
        ("name like *", ""),
        ("name ilike A", "a"),
        ("file_bytes gt 1 and file_bytes lt 4 and name ne 'c'", "b"),
        ("file_bytes ge \"4\"", "de"),
        ("threshold_include eq true", "abcde"),
        ("unique eq true", ""),
        ("date_modified gt 2020-01-01T00:00:00Z", "abcde"),
        ("date_modified lt 2020-01-01T00:00:00.000Z", ""),
        ("date_last_accessed eq null", "abcde"),
        ("type eq file and publish eq file_sid", "abcde"),
        ("name eq 'a and b'", ""),
    ] {
        let text = format!("container_sid eq '{sid}' and {condition}");
        let encoded: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
        assert_eq!(api.names(&format!("filter={encoded}")).concat(), expected, "{condition}");
    }
}

#[test]
fn a_name_is_found_whatever_the_case_of_its_script() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    for name in ["MÜLLER.wav", "müll.wav", "Ακρόαση.wav", "muller.wav"] {
        api.file(&json!({"container_sid": sid, "name": name}), name.as_bytes());
    }
    for (pattern, expected) in [
        ("%müller%", &["MÜLLER.wav"][..]),
        ("%Müll%", &["MÜLLER.wav", "müll.wav"]),
        ("MÜL%.WAV", &["MÜLLER.wav", "müll.wav"]),
        ("m_ll%ü", &[]),
        ("%ΑΚΡΌΑΣΗ%", &["Ακρόαση.wav"]),
        ("%MULLER%", &["muller.wav"]),
    ] {
        let text = format!("name ilike '{pattern}'");
        let encoded: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
        assert_eq!(api.names(&format!("filter={encoded}&order=name")), expected, "{pattern}");
    }
}

#[test]
fn what_a_list_does_not_know_is_refused_by_name() {
    let (api, _) = with_files(&[None]);
    for (query, field) in [
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("order=colour", "order"),
        ("order=name+up", "order"),
        ("order=publish_uri", "order"),
        ("after=xyz", "after"),
        ("before=00", "before"),
        ("after=00&offset=1", "after"),
        ("filter=", "filter"),
        ("filter=name", "filter"),
        ("filter=name+eq", "filter"),
        ("filter=name+is+a", "filter"),
        ("filter=colour+eq+red", "filter"),
        ("filter=name+eq+a+or+name+eq+b", "filter"),
        ("filter=name+eq+%27a", "filter"),
        ("filter=name+in+a", "filter"),
        ("filter=name+in+(a", "filter"),
        ("filter=file_bytes+eq+many", "filter"),
        ("filter=unique+eq+1", "filter"),
        ("filter=date_modified+gt+yesterday", "filter"),
        ("include_fields=colour", "include_fields"),
        ("exclude_fields=colour", "exclude_fields"),
    ] {
        let answer = api.get(&format!("{FILES}?{query}"));
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
        assert_invalid(&answer, field);
    }
    assert_eq!(api.get(&format!("{FILES}?limit=5000")).json()["limit"], 1000);
    assert_eq!(api.get(&format!("{FILES}?limit=0")).json()["count"], 0);
}

#[test]
fn fields_are_shown_and_left_out_as_wanted() {
    let (api, _) = with_files(&[None]);
    let keys = |query: &str| {
        let items = api.get(&format!("{FILES}?{query}")).json()["items"].clone();
        items[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("include_fields=name,file_sid"), ["file_sid", "name"]);
    assert_eq!(keys("includeFields=name"), ["name"]);
    // One that is there for who names it.
    assert_eq!(keys("include_fields=date_created,name"), ["date_created", "name"]);
    let all = keys("");
    assert!(!all.iter().any(|key| key == "date_created"), "{all:?}");
    assert_eq!(keys("excludeFields=name").len(), all.len() - 1);
    assert_eq!(keys("exclude_fields=name,%20unique").len(), all.len() - 2);
    let containers = api.get(&format!("{CONTAINERS}?include_fields=name&order=name+desc&limit=1"));
    assert_eq!(containers.json()["items"], json!([{"name": "default"}]));
    let file = api.get(FILES).json()["items"][0].clone();
    let one = api.get(&format!("{FILES}/{}?include_fields=name", text(&file["file_sid"])));
    assert_eq!(one.json(), json!({"name": "a"}));
}

#[test]
fn the_newest_come_first_from_any_place_on_whatever_is_changed_and_by_parts_of_their_names() {
    let api = Api::start();
    api.container(&json!({"name": "other"}));
    for n in 0..7 {
        let into = if n % 2 == 0 { "default" } else { "other" };
        let path = format!("/core/v2/storage/upload/Call-{n}.txt?container_sid={into}");
        let put = api.server.request("PUT", &path).token(&api.token).body(b"hello").send();
        assert_eq!(put.status, 201, "{}", put.text());
    }
    let oldest = api.get(&format!("{FILES}?limit=1&order=date_created")).json()["items"][0].clone();
    let path = format!("{FILES}/{}", text(&oldest["file_sid"]));
    assert_eq!(api.send("PATCH", &path, &json!({"string_key_1": "changed"})).status, 200);
    let newest = "order=date_created+desc";
    assert_eq!(api.names(&format!("{newest}&limit=2")), ["Call-6.txt", "Call-5.txt"]);
    assert_eq!(api.names(&format!("{newest}&offset=5&limit=9")), ["Call-1.txt", "Call-0.txt"]);
    let filter = "filter=name+ilike+%25CALL%25+and+date_created+gt+2020-01-01T00:00:00Z";
    let page = api.get(&format!("{FILES}?{newest}&{filter}&offset=3&limit=2")).json();
    assert_eq!((&page["total"], &page["items"][0]["name"]), (&json!(7), &json!("Call-3.txt")));
    let cursor = |name: &str| text(&page["pagination"][name]);
    let after = api.names(&format!("{newest}&{filter}&after={}&limit=2", cursor("after")));
    assert_eq!(after, ["Call-1.txt", "Call-0.txt"]);
    let before = api.names(&format!("{newest}&{filter}&before={}&limit=2", cursor("before")));
    assert_eq!(before, ["Call-5.txt", "Call-4.txt"]);
}

#[test]
fn containers_are_found_by_what_they_hold() {
    let (api, sid) = with_files(&[None, None]);
    let answer = api.get(&format!("{CONTAINERS}?filter=total_files+ge+2+and+unique+eq+false"));
    let page = answer.json();
    assert_eq!((&page["total"], &page["items"][0]["container_sid"]), (&json!(1), &json!(sid)));
}

/// A list narrowed to an object's value of an attribute, then in both orders of it, holds the object.
fn found_by(api: &Api, list: &str, object: &Value, sid: &str, attribute: &str) {
    let value = match &object[attribute] {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    };
    let filter: String =
        format!("{attribute} eq {value}").bytes().map(|b| format!("%{b:02X}")).collect();
    for order in ["asc", "desc"] {
        let answer = api.get(&format!("{list}?filter={filter}&order={attribute}+{order}"));
        assert_eq!(answer.status, 200, "{attribute}: {}", answer.text());
        let page = answer.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.iter().any(|item| item[sid] == object[sid]), "{attribute}: {page}");
        assert!(items.iter().all(|item| item[attribute] == object[attribute]), "{attribute}");
    }
}

#[test]
fn every_kept_attribute_can_be_filtered_and_ordered_by() {
    let (api, sid) = with_files(&[Some(1), None]);
    let container = api.get(&format!("{CONTAINERS}/{sid}")).json();
    // Computed ones are not kept, and lists and objects have no order.
    let computed = |name: &str| {
        name.contains("available_")
            || name.ends_with("classifications")
            || name == "external_attributes"
    };
    for attribute in container.as_object().unwrap().keys() {
        let path = format!("{CONTAINERS}?order={attribute}");
        match attribute.as_str() {
            // Null is kept where the server's own address is shown.
            "publish_domain" => assert_eq!(api.get(&path).status, 200),
            name if computed(name) => assert_invalid(&api.get(&path), "order"),
            name => found_by(&api, CONTAINERS, &container, "container_sid", name),
        }
    }
    let file = api.get(&format!("{FILES}?limit=1")).json()["items"][0].clone();
    for attribute in file.as_object().unwrap().keys() {
        match attribute.as_str() {
            "publish_uri" => {
                assert_invalid(&api.get(&format!("{FILES}?order=publish_uri")), "order")
            }
            name => found_by(&api, FILES, &file, "file_sid", name),
        }
    }
}

#[test]
fn files_are_found_by_what_was_said_in_them() {
    let api = Api::start();
    for (name, said) in [("a", "Guten Morgen, 100% KÖLN"), ("b", "good \"morning\""), ("c", "")] {
        let said: String = said.bytes().map(|b| format!("%{b:02X}")).collect();
        let path = format!("/files?FileName={name}&Transcription={said}");
        let upload = api.server.request("POST", &path).token(&api.token);
        let upload = upload.header("Content-Type", "application/octet-stream").body(b"x");
        assert_eq!(upload.send().status, 200);
    }
    api.file(&json!({"name": "d"}), b"x");
    let found = |condition: &str| {
        let encoded: String = condition.bytes().map(|b| format!("%{b:02X}")).collect();
        api.get(&format!("{FILES}?order=date_created+desc&filter={encoded}"))
    };
    for (condition, names) in [
        ("transcription ilike \"%MOR%\"", "ba"),
        ("transcription ilike %köln%", "a"),
        ("transcription ilike %0%%", "a"),
        ("transcription ilike '%\"morn%'", "b"),
        ("transcription ilike %g% and name ne b", "a"),
        ("transcription ilike %m_r%", ""),
    ] {
        let answer = found(condition);
        assert_eq!(answer.status, 200, "{condition}: {}", answer.text());
        let items = answer.json()["items"].clone();
        let items = items.as_array().unwrap().iter().map(|file| text(&file["name"]));
        assert_eq!(items.collect::<String>(), names, "{condition}");
    }
    for condition in ["transcription eq x", "transcription ilike x%", "transcription ilike %%"] {
        assert_invalid(&found(condition), "filter");
    }
    assert_invalid(&api.get(&format!("{FILES}?order=transcription")), "order");
    let unknown = found("colour eq red").text();
    assert!(unknown.contains("transcription"), "{unknown}");
}
