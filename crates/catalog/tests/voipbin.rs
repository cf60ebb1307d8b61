//! Lists of VoIPBIN's API give what a plain look at every file gives, whatever the filter, the order and the page; and
//! what the database keeps by itself: accounts, and files that went.
#![allow(clippy::unwrap_used)]

use catalog::{
    Catalog, ReferenceType, VoipbinFile, VoipbinList, VoipbinRow, VoipbinSort, VoipbinStart,
    VoipbinType,
};
use proptest::prelude::*;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use uuid::Uuid;

const PARTNER: Uuid = Uuid::from_u128(10);
const OTHER: Uuid = Uuid::from_u128(11);
const CONTAINER: Uuid = Uuid::from_u128(1);
const FOREIGN: Uuid = Uuid::from_u128(2);
/// A token that brought most files in, and one that brought few.
const MAKERS: [Uuid; 2] = [Uuid::from_u128(20), Uuid::from_u128(21)];
const REFERENCE: Uuid = Uuid::from_u128(30);

/// More files of one partner than are sorted at once, with equal times, sizes and names; some of another partner; two
/// of three came in through the API.
const FILL: &str = "
    INSERT INTO partners VALUES ('P', 'p', 1), ('Q', 'q', 2);
    INSERT INTO containers (container_sid, partner_sid, name, kind, allow_publish, allowed_classifications,
        blocked_classifications, default_file_lifecycle_action, default_file_lifecycle_ttl, default_file_publish,
        default_file_threshold_include, default_file_unique, durability_class, encrypted, external_attributes,
        threshold_grace_period, is_unique, date_created, date_modified)
    SELECT s, p, 'c', 'internal', 1, '[]', '[]', 'no_action', -1, 'file_sid', 1, 0, 'unassigned', 0, '{}', 0, 0, 0, 0
    FROM (SELECT 'L' AS s, 'P' AS p UNION SELECT 'F', 'Q');
    INSERT INTO contents (content_hash, length_bytes, seek_index, stored_at) VALUES ('aa', 1, x'', 0);
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5999)
    INSERT INTO files (file_sid, container_sid, partner_sid, content_hash, content_classification, content_format,
        date_created, date_modified, file_access_name, file_bytes, lifecycle_action, lifecycle_ttl, mime_type, name,
        publish, threshold_include, kind, is_unique, created_by)
    SELECT printf('00000000-0000-4000-8000-%012x', n * 7919 % 6000), iif(n % 50 = 0, 'F', 'L'),
        iif(n % 50 = 0, 'Q', 'P'), 'aa', 'media', 'wav', 1000 + n / 3, 1000 + n / 3, 'name ' || n,
        n * 31 % 40, 'no_action', -1, 'audio/x-wav',
        char(97 + n % 11), 'none', 1, 'file', 0, iif(n % 40 = 0, 'N', 'M') FROM numbers;
    INSERT INTO voipbin_files
    SELECT file_sid, partner_sid, date_created, iif(rowid % 5 = 0, 'rag', iif(rowid % 20 = 1, '', 'talk')),
        iif(rowid % 7 = 0, '', char(65 + rowid % 6)), 'd',
        iif(rowid % 30 = 0, 'recording', iif(rowid % 3 = 1, 'normal', '')), iif(rowid % 45 = 0, 'R', 'Z')
    FROM files WHERE rowid % 3 > 0 OR rowid % 30 = 0;";

struct Filled {
    runtime: Runtime,
    catalog: Catalog,
    /// All files as they came.
    rows: Vec<VoipbinRow>,
    _folder: tempfile::TempDir,
}

static FILLED: LazyLock<Filled> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    let catalog = Catalog::open(&path).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let ids = [
        ("'L'", CONTAINER),
        ("'F'", FOREIGN),
        ("'P'", PARTNER),
        ("'Q'", OTHER),
        ("'M'", MAKERS[0]),
        ("'N'", MAKERS[1]),
        ("'R'", REFERENCE),
        ("'Z'", Uuid::nil()),
    ];
    let fill = |sql: String, (short, id): &(&str, Uuid)| sql.replace(short, &format!("'{id}'"));
    db.execute_batch(&format!("BEGIN; {} COMMIT", ids.iter().fold(FILL.to_owned(), fill))).unwrap();
    let runtime = Runtime::new().unwrap();
    let mut rows = Vec::new();
    for n in 0..6000_u64 {
        let sid = format!("00000000-0000-4000-8000-{:012x}", n * 7919 % 6000).parse().unwrap();
        rows.push(runtime.block_on(catalog.voipbin_file(sid)).unwrap().unwrap());
    }
    Filled { runtime, catalog, rows, _folder: folder }
});

fn defaults() -> VoipbinFile {
    VoipbinFile {
        kind: VoipbinType::None,
        name: String::new(),
        detail: String::new(),
        reference_type: ReferenceType::None,
        reference_id: Uuid::nil(),
    }
}

/// The ids of a whole list, by a plain look.
fn expected(partner: Uuid, owner: Option<Uuid>, list: &VoipbinList) -> Vec<Uuid> {
    let holds = |row: &&VoipbinRow| {
        let it = row.beside.clone().unwrap_or_else(defaults);
        row.file.partner_sid == partner
            && owner.is_none_or(|owner| row.owner_id() == Some(owner))
            && list.kind.is_none_or(|kind| it.kind == kind)
            && list.reference_type.is_none_or(|kind| it.reference_type == kind)
            && list.reference_id.is_none_or(|id| it.reference_id == id)
            && match list.start {
                VoipbinStart::Time(us) if list.is_descending => row.file.date_created * 1000 < us,
                VoipbinStart::Time(us) => row.file.date_created * 1000 > us,
                _ => true,
            }
    };
    let mut found: Vec<_> = FILLED.rows.iter().filter(holds).collect();
    let name = |row: &VoipbinRow| row.beside.clone().unwrap_or_else(defaults).name;
    match list.sort {
        VoipbinSort::Created => found.sort_by_key(|row| row.file.date_created),
        VoipbinSort::Size => found.sort_by_key(|row| row.file.file_bytes),
        VoipbinSort::Name => found.sort_by_key(|row| name(row)),
        VoipbinSort::Filename => found.sort_by_key(|row| row.file.name.clone()),
    }
    if list.is_descending {
        found.reverse();
    }
    found.into_iter().map(|row| row.file.file_sid).collect()
}

/// The ids of all pages.
fn walked(partner: Uuid, owner: Option<Uuid>, list: &VoipbinList) -> Vec<Uuid> {
    let (mut found, mut list) = (Vec::new(), list.clone());
    loop {
        let page = FILLED.catalog.voipbin_files(partner, owner, list.clone());
        let page = FILLED.runtime.block_on(page).unwrap();
        assert!(page.items.len() <= list.limit);
        found.extend(page.items.iter().map(|row| row.file.file_sid));
        let Some(token) = page.next else { return found };
        assert_eq!(page.items.len(), list.limit);
        list.start = VoipbinStart::Token(token);
    }
}

fn lists() -> impl Strategy<Value = (Option<Uuid>, VoipbinList)> {
    use prop::option::weighted;
    use prop::sample::select;
    let sorts = [VoipbinSort::Created, VoipbinSort::Size, VoipbinSort::Name, VoipbinSort::Filename];
    let kinds = [VoipbinType::None, VoipbinType::Rag, VoipbinType::Talk, VoipbinType::Recording];
    let references = [ReferenceType::None, ReferenceType::Normal, ReferenceType::Recording];
    let filters = (
        weighted(0.3, select(&MAKERS[..])),
        weighted(0.4, select(kinds.to_vec())),
        weighted(0.3, select(references.to_vec())),
        weighted(0.2, select(vec![REFERENCE, Uuid::nil()])),
    );
    let start = weighted(0.2, 990_000..3_010_000_i64);
    (filters, select(sorts.to_vec()), any::<bool>(), start, 300..4000_usize).prop_map(
        |((owner, kind, reference_type, reference_id), sort, is_descending, start, limit)| {
            let start = start.filter(|_| sort == VoipbinSort::Created);
            let start = start.map_or(VoipbinStart::First, VoipbinStart::Time);
            let list = VoipbinList {
                kind,
                reference_type,
                reference_id,
                sort,
                is_descending,
                start,
                limit,
            };
            (owner, list)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_list_is_what_a_plain_look_gives((owner, list) in lists(), other in any::<bool>()) {
        let partner = if other { OTHER } else { PARTNER };
        prop_assert_eq!(walked(partner, owner, &list), expected(partner, owner, &list));
    }
}

/// The catalog of one partner with one container, and what runs on it.
struct Small {
    runtime: Runtime,
    catalog: Catalog,
    db: rusqlite::Connection,
    _folder: tempfile::TempDir,
}

impl Small {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let catalog = Catalog::open(&path).unwrap();
        let db = rusqlite::Connection::open(&path).unwrap();
        let fill = FILL.split("WITH RECURSIVE").next().unwrap();
        let ids = [("'L'", CONTAINER), ("'F'", FOREIGN), ("'P'", PARTNER), ("'Q'", OTHER)];
        let fill =
            ids.iter().fold(fill.to_owned(), |sql, (a, b)| sql.replace(a, &format!("'{b}'")));
        db.execute_batch(&fill).unwrap();
        Self { runtime: Runtime::new().unwrap(), catalog, db, _folder: folder }
    }

    fn file(&self, sid: Uuid, bytes: u64) {
        let sql = format!(
            "INSERT INTO files (file_sid, container_sid, partner_sid, content_hash, content_classification,
            content_format, date_created, date_modified, file_access_name, file_bytes, lifecycle_action,
            lifecycle_ttl, mime_type, name,
            publish, threshold_include, kind, is_unique)
            VALUES ('{sid}', '{CONTAINER}', '{PARTNER}', 'aa', 'media', 'wav', 5, 5, '{sid}', {bytes}, 'no_action', -1,
            'audio/x-wav', 'n', 'none', 1, 'file', 0)"
        );
        self.db.execute_batch(&sql).unwrap();
    }

    fn usage(&self, partner: Uuid) -> Option<(u64, u64)> {
        let account = self.runtime.block_on(self.catalog.voipbin_account(partner)).unwrap();
        account.map(|account| (account.usage.files, account.usage.bytes))
    }
}

#[test]
fn accounts_are_counted_by_the_database_whatever_changes_a_file() {
    let small = Small::new();
    assert_eq!(small.usage(PARTNER), Some((0, 0)));
    assert_eq!(small.usage(Uuid::nil()), None);
    let [one, two] = [Uuid::from_u128(100), Uuid::from_u128(101)];
    small.file(one, 3);
    small.file(two, 4);
    assert_eq!(small.usage(PARTNER), Some((2, 7)));
    small.db.execute_batch("UPDATE files SET file_bytes = 10 WHERE file_bytes = 3").unwrap();
    assert_eq!(small.usage(PARTNER), Some((2, 14)));
    let given = format!("UPDATE files SET partner_sid = '{OTHER}' WHERE file_sid = '{two}'");
    small.db.execute_batch(&given).unwrap();
    assert_eq!((small.usage(PARTNER), small.usage(OTHER)), (Some((1, 10)), Some((1, 4))));
    small.runtime.block_on(small.catalog.delete_file(one)).unwrap();
    assert_eq!(small.usage(PARTNER), Some((0, 0)));
}

#[test]
fn a_file_that_went_is_known_until_it_is_forgotten() {
    let small = Small::new();
    let sids: Vec<_> = (0..5).map(|n| Uuid::from_u128(100 + n)).collect();
    sids.iter().for_each(|sid| small.file(*sid, 1));
    for sid in &sids {
        small.runtime.block_on(small.catalog.delete_file(*sid)).unwrap();
    }
    let whose = |sid| small.runtime.block_on(small.catalog.voipbin_departed(sid)).unwrap();
    assert!(sids.iter().all(|sid| whose(*sid) == Some(PARTNER)));
    assert_eq!(whose(Uuid::from_u128(99)), None);
    let now = jiff::Timestamp::now().as_millisecond();
    let forget = |until, most| small.runtime.block_on(small.catalog.forget_departed(until, most));
    assert_eq!(forget(now - 60_000, 10).unwrap(), 0);
    assert_eq!(forget(now + 60_000, 3).unwrap(), 3);
    assert_eq!(forget(now + 60_000, 3).unwrap(), 2);
    assert!(sids.iter().all(|sid| whose(*sid).is_none()));
}
