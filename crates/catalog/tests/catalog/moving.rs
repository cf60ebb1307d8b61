//! A catalog that goes into another database is the same there, whichever of the two it comes from.

use super::*;
use catalog::{NewPlace, Objects, Placed, Role, Target, TokenRow};

/// Tables of SQLite's that have no rows of their own to take along, and that of PostgreSQL's.
const OF_ONE: &str = "('last_deleted', 'schema_version')";

fn place(objects: Objects) -> NewPlace {
    NewPlace { key: "blobs", place: "there".into(), objects }
}

async fn open(catalog: &Catalog, to: &Catalog) {
    let begun = to.begin_move(catalog.identity().await.unwrap()).await.unwrap();
    assert_eq!(begun, Target::Open);
}

/// A catalog with texts and numbers that are written in a way of their own.
async fn filled(house: &House) -> (Catalog, ContainerRow, Vec<FileRow>) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let names = ["\\N", "tab\tline\nreturn\rback\\slash \\t", "", "ключ \u{1}", "NUL\0", "last"];
    let mut files = Vec::new();
    for (n, name) in names.into_iter().enumerate() {
        let mut row = file(&container, name, &format!("{n:02}"));
        row.content_duration = Some([0.1, 1e300, 5e-324, -0.0, 1.0 / 3.0, 7.0][n]);
        insert(&catalog, row.clone(), content(&row.content_hash, Some("{}"))).await.unwrap();
        files.push(row);
    }
    catalog.put_layout("key", "00", header(300)).await.unwrap();
    let token = TokenRow {
        token_id: Uuid::new_v4(),
        token_hash: "hash".into(),
        role: Role::Admin,
        scopes: Vec::new(),
        partner_sid: container.partner_sid,
        date_created: 1,
        expires_at: None,
        name: Some("tok\ten".into()),
        last_used_at: None,
    };
    catalog.insert_token(token).await.unwrap();
    // The number of a row that is gone must not come again.
    let last = files.pop().unwrap();
    catalog.delete_file(last.file_sid).await.unwrap().unwrap();
    (catalog, container, files)
}

async fn all_rows_go_to_the_other_database_and_back(house: House) {
    let (catalog, container, files) = filled(&house).await;
    let greatest = house.number("SELECT max(rowid) FROM files") + 1;
    let (there, back) = (house.opposite(), house.other());
    let (other, again) = (there.open().await, back.open().await);
    for (from, to) in [(&catalog, &other), (&other, &again)] {
        open(from, to).await;
        assert!(to.is_half_moved().await.unwrap());
        from.move_to(to, place(Objects::Stay), |_, _| ()).await.unwrap();
        assert!(!to.is_half_moved().await.unwrap());
        assert_eq!(from.differences(to).await.unwrap(), [""; 0]);
        assert_eq!(to.meta("blobs").await.unwrap().as_deref(), Some("there"));
        let same = to.begin_move(from.identity().await.unwrap()).await.unwrap();
        assert_eq!(same, Target::Same);
    }
    // The one character that PostgreSQL has no place for.
    let storable = |row: FileRow| FileRow {
        name: row.name.replace('\0', "\u{fffd}"),
        file_access_name: row.file_access_name.replace('\0', "\u{fffd}"),
        ..row
    };
    for row in &files {
        for to in [&other, &again] {
            let moved = to.file(row.file_sid).await.unwrap().unwrap();
            assert_eq!(storable(moved), storable(row.clone()));
        }
    }
    assert_eq!(other.layout("key").await.unwrap(), Some(header(300)));
    // What counts and numbers goes on where it was.
    let new = file(&container, "new", "77");
    insert(&again, new.clone(), content("77", None)).await.unwrap();
    let number = format!("SELECT rowid FROM files WHERE file_sid = '{}'", new.file_sid);
    assert!(back.number(&number) > greatest, "{} {greatest}", back.number(&number));
    assert_eq!(back.number("SELECT total_files FROM containers"), files.len() as i64 + 1);
    assert_eq!(again.audit_totals(false).await.unwrap(), []);
    assert_eq!(again.differences(&catalog).await.unwrap()[..2], ["containers", "contents"]);
}

async fn what_holds_another_store_is_no_target(house: House) {
    let (catalog, ..) = filled(&house).await;
    let (other, ..) = filled(&house.opposite()).await;
    let begun = |of: &'static str, into: Catalog| async move { into.begin_move(of.into()).await };
    let identity = catalog.identity().await.unwrap();
    assert_eq!(other.begin_move(identity.clone()).await.unwrap(), Target::Another);
    let empty = house.other().open().await;
    assert_eq!(begun("one", empty.clone()).await.unwrap(), Target::Open);
    assert_eq!(begun("one", empty.clone()).await.unwrap(), Target::Open);
    assert_eq!(begun("two", empty).await.unwrap(), Target::Begun);
}

async fn objects_take_their_places_once_all_are_whole(house: House) {
    let (catalog, _, files) = filled(&house).await;
    let to = house.opposite().open().await;
    open(&catalog, &to).await;
    let placed = |hash: &str, object: &str| Placed {
        hash: hash.into(),
        length_bytes: 4,
        object: object.into(),
        is_whole: false,
        was_begun: false,
        upload: None,
    };
    let all = |nonce: &str| -> Vec<_> {
        let hashes = files.iter().map(|file| file.content_hash.as_str()).chain(["gone"]);
        hashes.map(|hash| placed(hash, &format!("{hash}.{nonce}"))).collect()
    };
    let first = to.place_objects(all("1")).await.unwrap();
    assert_eq!(first, all("1"));
    to.place_upload("00.1".into(), "upload".into()).await.unwrap();
    let again = to.place_objects(all("2")).await.unwrap();
    assert!(again.iter().zip(&first).all(|(again, first)| again.object == first.object));
    assert!(again.iter().all(|placed| placed.was_begun && !placed.is_whole));
    assert_eq!(again[0].upload.as_deref(), Some("upload"));
    let early = catalog.move_to(&to, place(Objects::Moved), |_, _| ()).await.unwrap_err();
    assert!(matches!(early, Error::Differs("blobs")), "{early}");
    let whole = |placed: &Placed| (placed.object.clone(), Some("tag".to_owned()));
    to.settle_objects(first.iter().map(whole).collect()).await.unwrap();
    assert!(to.place_objects(all("3")).await.unwrap().iter().all(|placed| placed.is_whole));
    catalog.move_to(&to, place(Objects::Moved), |_, _| ()).await.unwrap();
    for file in &files {
        let object = to.object_of("", &file.content_hash).await.unwrap().unwrap();
        assert_eq!(object.name, format!("{}.1", file.content_hash));
        assert_eq!(object.e_tag.as_deref(), Some("tag"));
    }
    // What was brought for a file that is gone must go; what was left at the old place is not at the new one.
    let left = to.take_leftovers(left(i64::MAX), 0, 100).await.unwrap();
    assert_eq!(left, [left_over("gone.1")]);
}

on_both!(
    all_rows_go_to_the_other_database_and_back,
    what_holds_another_store_is_no_target,
    objects_take_their_places_once_all_are_whole,
);

/// `tables.rs` compares its list with SQLite's tables: these are PostgreSQL's.
#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables() {
    let (file, database) = (House::file(), House::database());
    drop((file.open().await, database.open().await));
    let sqlite = file.texts(&format!(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
        AND name NOT LIKE 'sqlite_%' AND name NOT IN {OF_ONE} ORDER BY name"
    ));
    let postgres = database.texts(&format!(
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_name NOT IN {OF_ONE}
        ORDER BY CAST(table_name AS TEXT) COLLATE \"C\""
    ));
    assert_eq!(sqlite, postgres);
}
