//! Catalogs of other versions: older ones are brought up to date with all that they hold, newer ones refused.
#![allow(clippy::unwrap_used)]

use catalog::{Catalog, Condition, Error, List, Operator, Order, Start, StoredLayout};
use uuid::Uuid;

/// The schema as the first version made it.
const FIRST_SCHEMA: &str = include_str!("../src/schema/0001_containers_and_files.sql");

/// Bytes that no file has, as a crash may have left them.
const LOST: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// Bytes that one file reads in another way.
const SHARED: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// What a catalog of the first version holds: two containers, two files in the one and a raw file in the other.
struct First {
    partner: Uuid,
    token: Uuid,
    containers: [Uuid; 2],
    files: [Uuid; 3],
}

impl First {
    fn new() -> Self {
        let new = |()| Uuid::new_v4();
        Self {
            partner: new(()),
            token: new(()),
            containers: [(); 2].map(new),
            files: [(); 3].map(new),
        }
    }

    /// The statements that bring it in.
    fn rows(&self) -> String {
        let Self { partner, token, containers: [into, other_sid], files: [first, second, third] } =
            self;
        let mut rows = format!(
            "INSERT INTO partners VALUES ('{partner}', 'acme', 1);
            INSERT INTO contents VALUES ('{LOST}.ulaw', 9, NULL, NULL, x'', 5);
            INSERT INTO contents VALUES ('{SHARED}', 9, NULL, NULL, x'', 5);
            INSERT INTO contents VALUES ('{SHARED}.alaw', 9, NULL, NULL, x'', 5);
            INSERT INTO tokens VALUES ('{token}', 'hash', 'manager', '{partner}', 2);
            INSERT INTO contents VALUES ('aa', 70, '{{}}', NULL, x'0102', 5);
            INSERT INTO output_layouts VALUES ('k', x'09', x'2c00000000000000');
            INSERT INTO output_checkpoints VALUES ('k', 3, x'07');"
        );
        for (sid, threshold) in [(into, "2"), (other_sid, "NULL")] {
            rows += &format!(
                "INSERT INTO containers VALUES ('{sid}', '{partner}', NULL, 'prompts', 'internal', 1, '[]', '[]',
                'no_action', -1, 'file_sid', 1, 0, 'unassigned', 0, '{{}}', NULL, 1000, 10, 'reject', NULL, {threshold},
                NULL, NULL, 0, NULL, 0, 4, NULL, 'key', NULL, NULL, NULL, 3, 4);"
            );
        }
        let raw = format!("{SHARED}.alaw");
        for (sid, at, name, counts, content) in [
            (first, into, "a.wav", 1, "aa"),
            (second, into, "b.wav", 0, "aa"),
            (third, other_sid, "c.alaw", 0, &raw),
        ] {
            rows += &format!(
                "INSERT INTO files VALUES ('{sid}', '{at}', '{partner}', NULL, '{content}', 'media', 1.5, 'wav', NULL,
                6, 7, NULL, NULL, NULL, '{name}', 70, 'no_action', -1, 'audio/x-wav', '{name}', 'file_sid', {counts},
                'file', 0, 1, NULL, NULL, NULL, NULL, NULL);"
            );
        }
        rows
    }
}

/// A layout with a header of so many bytes.
fn header(length: usize) -> StoredLayout {
    StoredLayout { header: vec![9; length], offsets: vec![length as u64] }
}

#[tokio::test]
async fn a_catalog_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    drop(Catalog::open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Catalog::open(&path), Err(Error::Newer { found: 99, .. })));
}

#[test]
fn who_joins_a_server_leaves_an_older_catalog_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let version = |db: &rusqlite::Connection| -> u32 {
        db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert!(matches!(Catalog::join(&path), Err(Error::Older { found: 0, .. })));
    drop(Catalog::open(&path).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    let present = version(&db);
    assert!(Catalog::join(&path).is_ok());
    db.pragma_update(None, "user_version", present - 1).unwrap();
    assert!(matches!(Catalog::join(&path), Err(Error::Older { .. })));
    assert_eq!(version(&db), present - 1);
}

#[tokio::test]
async fn a_catalog_of_the_first_version_is_opened_with_all_that_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let held = First::new();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(FIRST_SCHEMA).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.execute_batch(&held.rows()).unwrap();
    drop(db);

    let First { partner, token, containers: [into, other_sid], files: [first, second, third] } =
        held;
    let raw = format!("{SHARED}.alaw");
    let catalog = Catalog::open(&path).unwrap();
    let kept = catalog.token_by_hash("hash").await.unwrap().unwrap();
    assert_eq!((kept.token_id, kept.partner_sid, kept.scopes), (token, partner, vec![]));
    let container = catalog.container(into).await.unwrap().unwrap();
    assert_eq!((container.usage.files, container.usage.bytes), (2, 140));
    assert_eq!((container.threshold.usage.files, container.threshold.usage.bytes), (1, 70));
    assert_eq!((container.quota.files, container.threshold.at.files), (Some(10), Some(2)));
    assert_eq!((&*container.name, container.keys.strings[0].as_deref()), ("prompts", Some("key")));
    let other = catalog.container(other_sid).await.unwrap().unwrap();
    assert_eq!((other.usage.files, other.threshold.usage.bytes), (1, 0));
    let row = catalog.file(second).await.unwrap().unwrap();
    assert_eq!((&*row.name, row.file_bytes, row.threshold_include), ("b.wav", 70, false));
    let by_name = catalog.resource_by_name(into, "a.wav").await.unwrap().unwrap();
    assert_eq!((by_name.file_sid, by_name.length_bytes, by_name.stored_at_ms), (first, 70, 5));
    assert_eq!(catalog.seek_index("aa").await.unwrap(), [1, 2]);
    // Objects were named by the hash of their bytes alone.
    let object =
        async |id: &str| catalog.object_of("", id).await.unwrap().map(|object| object.name);
    assert_eq!(object("aa").await.as_deref(), Some("aa"));
    assert_eq!(object(&raw).await.as_deref(), Some(SHARED));
    let all = catalog::LeftSince { own_ms: i64::MAX, external_ms: i64::MAX };
    assert_eq!(catalog.take_leftovers(all, 0, 9).await.unwrap()[0].object, LOST);
    // What was learned of outputs is learned again.
    assert_eq!(catalog.layout("k").await.unwrap(), None);
    assert_eq!(catalog.checkpoints("k").await.unwrap(), []);
    catalog.put_layout("k", "aa", header(9)).await.unwrap();
    catalog.put_checkpoints("g", "aa", vec![(1, vec![7])]).await.unwrap();

    // It counts on from there, and a second opening changes nothing.
    assert!(catalog.delete_file(first).await.unwrap().is_some());
    drop(catalog);
    let catalog = Catalog::open(&path).unwrap();
    let container = catalog.container(into).await.unwrap().unwrap();
    assert_eq!((container.usage.files, container.threshold.usage.files), (1, 0));
    assert_eq!(catalog.layout("k").await.unwrap(), Some(header(9)));
    assert_eq!(catalog.checkpoints("g").await.unwrap(), [(1, vec![7])]);
    let by_key = vec![Condition {
        attribute: "integer_key_1".into(),
        operator: Operator::Equal,
        values: vec!["1".into()],
    }];
    let wanted =
        List { conditions: by_key, order: Order::Arrival, start: Start::Offset(0), limit: 9 };
    let raw = catalog.file(third).await.unwrap().unwrap();
    assert_eq!(catalog.files(Some(partner), wanted).await.unwrap().items, [row, raw]);
}
