//! Objects that are to go: known before their first byte, and kept or taken, never both.

use super::*;

async fn an_object_is_left_only_if_no_content_has_it(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    insert(&catalog, file(&container, "a", "aa"), content("aa", None)).await.unwrap();
    let kept = catalog.object_of("", "aa").await.unwrap().unwrap().name;
    assert_eq!(catalog.leave("".into(), kept.clone()).await.unwrap(), Left(vec![]));
    let left = catalog.leave("".into(), "never committed".into()).await.unwrap();
    assert_eq!(left, Left(vec![left_over("never committed")]));
    let objects = [&kept, "never committed", "unknown"].map(str::to_owned);
    assert_eq!(catalog.unknown_objects(objects.into()).await.unwrap(), ["unknown"]);
    assert_eq!(take_leftovers(&catalog).await, ["never committed"]);
}

async fn an_announced_object_is_left_until_a_content_is_kept_in_it_and_one_that_is_taken_keeps_none(
    house: House,
) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let keep = async |name: &str, object: &str| {
        let content =
            NewContent { is_announced: true, ..content_in(content(name, None), object.to_owned()) };
        let file = file(&container, name, name);
        catalog
            .insert_file(file, Beside::Nothing, content, |_| Ok::<_, Error>(Admission::default()))
            .await
    };
    catalog.announce("".into(), "kept".into(), 5).await.unwrap();
    keep("a", "kept").await.unwrap();
    assert!(catalog.take_leftovers(left(i64::MAX), 0, 9).await.unwrap().is_empty());
    catalog.announce("".into(), "late".into(), 5).await.unwrap();
    catalog.announce_upload("late".into(), "its parts".into()).await.unwrap();
    assert!(catalog.take_leftovers(left(4), 0, 9).await.unwrap().is_empty(), "not due yet");
    let taken = catalog.take_leftovers(left(5), 9, 9).await.unwrap();
    assert_eq!(taken, [Leftover { upload: Some("its parts".into()), ..left_over("late") }]);
    assert!(keep("b", "late").await.is_err());
    assert_eq!(catalog.object_of("", "b").await.unwrap(), None);
    // Whoever took it may have failed.
    assert!(catalog.take_leftovers(left(8), 20, 9).await.unwrap().is_empty());
    assert_eq!(catalog.take_leftovers(left(9), 20, 9).await.unwrap(), taken);
}

on_both! {
    an_object_is_left_only_if_no_content_has_it,
    an_announced_object_is_left_until_a_content_is_kept_in_it_and_one_that_is_taken_keeps_none,
}
