//! Lists and their cursors: what they show, and what they never tell.

use super::*;

async fn a_cursor_tells_nothing_and_is_made_by_its_catalog_alone(house: House) {
    let catalog = house.open().await;
    let into = container(&catalog, None).await;
    let arrival = |start| page(Order::Arrival, start, 1);
    let mut cursors = Vec::new();
    for n in 0..20 {
        insert(&catalog, file(&into, &n.to_string(), "aa"), content("aa", None)).await.unwrap();
        cursors.push(end(catalog.files(None, arrival(Start::Offset(n))).await.unwrap()));
    }
    assert!(cursors.iter().all(|cursor| cursor.len() == cursors[0].len()), "{cursors:?}");
    let bytes = |cursor: &str| {
        let pairs = cursor.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect::<Vec<_>>()
    };
    let text = String::from_utf8_lossy(&bytes(&cursors[0])).into_owned();
    assert!(!text.contains("null"), "{text}");
    let refused = async |cursor: String| {
        let listed = catalog.files(None, arrival(Start::After(cursor))).await;
        assert!(matches!(listed, Err(Error::BadList { parameter: "after", .. })), "{listed:?}");
    };
    // As earlier versions made them, and one that was changed.
    refused(r#"["",null,1]"#.bytes().map(|byte| format!("{byte:02x}")).collect()).await;
    for at in [0, 40, cursors[0].len() - 1] {
        let digit = if cursors[0].as_bytes()[at] == b'0' { "1" } else { "0" };
        let mut changed = cursors[0].clone();
        changed.replace_range(at..=at, digit);
        refused(changed).await;
    }
    // A restart keeps them, another catalog has its own.
    let again = house.open().await;
    let next = again.files(None, arrival(Start::After(cursors[0].clone()))).await.unwrap();
    assert_eq!(next.items[0].name, "1");
    let other_house = house.other();
    let other = other_house.open().await;
    let into = container(&other, None).await;
    insert(&other, file(&into, "0", "aa"), content("aa", None)).await.unwrap();
    assert_ne!(end(other.files(None, arrival(Start::Offset(0))).await.unwrap()), cursors[0]);
}

async fn what_comes_after_a_deletion_lies_behind_every_cursor(house: House) {
    let mut catalog = house.open().await;
    let (lasting, passing) = (container(&catalog, None).await, container(&catalog, None).await);
    let put = async |catalog: &Catalog, name: &str| {
        let row = file(&lasting, name, "aa");
        insert(catalog, row.clone(), content("aa", None)).await.unwrap();
        row
    };
    let first = page(Order::Arrival, Start::Offset(0), 9);
    let [kept, gone] = [put(&catalog, "kept").await, put(&catalog, "gone").await];
    let mut after = end(catalog.files(None, first.clone()).await.unwrap());
    let of_containers = end(catalog.containers(None, first).await.unwrap());
    // The newest goes, then all: with nothing left there is nothing to count on from.
    for gone in [vec![gone], vec![kept]] {
        for row in gone {
            assert!(catalog.delete_file(row.file_sid).await.unwrap().is_some());
        }
        for reopen in [false, true] {
            if reopen {
                catalog = house.open().await;
            }
            let new = put(&catalog, "new").await;
            let wanted = page(Order::Arrival, Start::After(after.clone()), 9);
            let found = catalog.files(None, wanted).await.unwrap();
            let sid = new.file_sid;
            assert_eq!(found.items, [new], "reopened: {reopen}");
            after = end(found);
            assert!(catalog.delete_file(sid).await.unwrap().is_some());
        }
    }
    catalog.delete_container(passing.container_sid).await.unwrap();
    let new = container(&catalog, None).await;
    let wanted = page(Order::Arrival, Start::After(of_containers), 9);
    assert_eq!(catalog.containers(None, wanted).await.unwrap().items, [new]);
}

async fn no_list_tells_what_external_attributes_hold_beneath_an_object_or_a_list(house: House) {
    let catalog = house.open().await;
    let made = container(&catalog, None).await;
    let sid = made.container_sid;
    let attributes =
        json!({"s3": {"bucket": "b", "secret": "hush"}, "keys": [{"secret": "hush"}], "size": 2});
    let attributes = attributes.as_object().unwrap().clone();
    let edit = move |row: &mut ContainerRow| {
        row.external_attributes = attributes;
        Ok::<_, Error>(())
    };
    catalog.change_container(sid, edit).await.unwrap();
    let by = |attribute: &str| Order::By { attribute: attribute.into(), descending: true };
    let found = async |attribute: &str, operator, value: &str| {
        let (attribute, values) = (attribute.into(), vec![value.into()]);
        let conditions = vec![Condition { attribute, operator, values }];
        let wanted = List { conditions, ..page(Order::Arrival, Start::Offset(0), 9) };
        catalog.containers(None, wanted).await.map(|found| found.total)
    };
    for within in ["external_attributes.s3", "external_attributes.keys"] {
        let wanted = page(by(within), Start::Offset(0), 9);
        let cursor = end(catalog.containers(None, wanted).await.unwrap());
        let hush: String = "hush".bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!cursor.contains(&hush), "{within}: {cursor}");
        assert_eq!(found(within, Operator::Like, "%hush%").await.unwrap(), 0, "{within}");
        assert_eq!(found(within, Operator::Equal, "null").await.unwrap(), 1, "{within}");
    }
    assert_eq!(found("external_attributes.s3.bucket", Operator::Equal, "b").await.unwrap(), 1);
    for wrong in ["", ".", "s3.", ".s3", "s3..bucket", "s3.secret", "keys[0]", "a b", "ä", "'"] {
        let name = format!("external_attributes.{wrong}");
        let asked = found(&name, Operator::Equal, "b").await;
        assert!(matches!(asked, Err(Error::BadList { parameter: "filter", .. })), "{wrong:?}");
        let listed = catalog.containers(None, page(by(&name), Start::Offset(0), 9)).await;
        assert!(matches!(listed, Err(Error::BadList { parameter: "order", .. })), "{wrong:?}");
    }
}

async fn external_attributes_with_the_character_that_no_database_likes_break_no_list(house: House) {
    let catalog = house.open().await;
    for value in ["\0", "a\0b", "\\u0000", "\\\\u0000\0", "plain"] {
        let sid = container(&catalog, None).await.container_sid;
        let attributes = json!({"k": value, "\0": "x"}).as_object().unwrap().clone();
        let edit = move |row: &mut ContainerRow| {
            row.external_attributes = attributes;
            Ok::<_, Error>(())
        };
        catalog.change_container(sid, edit).await.unwrap();
    }
    for descending in [false, true] {
        let by = Order::By { attribute: "external_attributes.k".into(), descending };
        let listed = catalog.containers(None, page(by, Start::Offset(0), 9)).await.unwrap();
        assert_eq!(listed.items.len(), 5);
    }
    let (attribute, values) = ("external_attributes.k".into(), vec!["plain".into()]);
    let conditions = vec![Condition { attribute, operator: Operator::Equal, values }];
    let wanted = List { conditions, ..page(Order::Arrival, Start::Offset(0), 9) };
    assert_eq!(catalog.containers(None, wanted).await.unwrap().total, 1);
}

async fn pages_by_duration_show_each_file_once_whatever_the_rate(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let mut lengths = Vec::new();
    for (n, rate) in (0..60).flat_map(|n| [(n, 44_100.0), (n, 11_025.0), (n, 48_000.0)]) {
        let duration = f64::from(n * 7919 + 1) / rate;
        let name = format!("{n} at {rate}");
        let row = FileRow { content_duration: Some(duration), ..file(&container, &name, "aa") };
        insert(&catalog, row, content("aa", None)).await.unwrap();
        lengths.push(duration);
    }
    lengths.sort_by(f64::total_cmp);
    let by = Order::By { attribute: "content_duration".into(), descending: false };
    let mut start = Start::Offset(0);
    for (at, length) in lengths.iter().enumerate() {
        let found = catalog.files(None, page(by.clone(), start, 1)).await.unwrap();
        assert_eq!(found.items[0].content_duration, Some(*length), "at {at}");
        assert_eq!(found.has_more, at + 1 < lengths.len());
        start = Start::After(end(found));
    }
}

async fn a_file_is_found_while_lists_take_long(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let row = file(&container, &"a".repeat(60_000), "aa");
    insert(&catalog, row.clone(), content("aa", None)).await.unwrap();
    // Nearly a thousand million comparisons: nearly the whole pattern is found at nearly every place.
    let (attribute, values) = ("name".into(), vec![format!("%{}b", "a".repeat(20_000))]);
    let hard = Condition { attribute, operator: Operator::Like, values };
    let lists: Vec<_> = (0..5)
        .map(|_| {
            let wanted = List {
                conditions: vec![hard.clone()],
                ..page(Order::Arrival, Start::Offset(0), 1)
            };
            let catalog = catalog.clone();
            tokio::spawn(async move { catalog.files(None, wanted).await.map(|list| list.total) })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..10 {
        assert!(catalog.file(row.file_sid).await.unwrap().is_some());
        assert!(catalog.resource_by_sid(row.file_sid).await.unwrap().is_some());
    }
    assert!(!lists.iter().any(|list| list.is_finished()), "the look-ups waited for a list");
    for list in lists {
        // On a busy machine it takes longer than a list may.
        let total = list.await.unwrap();
        assert!(matches!(total, Ok(0) | Err(Error::BadList { .. })), "{total:?}");
    }
}

on_both! {
    a_cursor_tells_nothing_and_is_made_by_its_catalog_alone,
    what_comes_after_a_deletion_lies_behind_every_cursor,
    no_list_tells_what_external_attributes_hold_beneath_an_object_or_a_list,
    external_attributes_with_the_character_that_no_database_likes_break_no_list,
    pages_by_duration_show_each_file_once_whatever_the_rate,
    a_file_is_found_while_lists_take_long,
}
