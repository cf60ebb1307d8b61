//! Lists give what a plain look at every row gives, whatever the filter, the order and the page; both databases the
//! same.
#![allow(clippy::unwrap_used)]

mod cluster;

use catalog::{Catalog, Condition, FileRow, List, Listing, Operator, Order, Start};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::path::Path;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use uuid::Uuid;

const LARGE: Uuid = Uuid::from_u128(1);
const SMALL: Uuid = Uuid::from_u128(2);
const FOREIGN: Uuid = Uuid::from_u128(3);
const PARTNER: Uuid = Uuid::from_u128(10);

/// More files in one container than are looked at one by one, fewer in another, and one of another partner.
const FILL: &str = "
    WITH sids (n, sid) AS (VALUES (0, 'L'), (1, 'S'), (2, 'F'))
    INSERT INTO containers (container_sid, partner_sid, name, kind, allow_publish, allowed_classifications,
        blocked_classifications, default_file_lifecycle_action, default_file_lifecycle_ttl, default_file_publish,
        default_file_threshold_include, default_file_unique, durability_class, encrypted, external_attributes,
        threshold_grace_period, is_unique, date_created, date_modified)
    SELECT sid, iif(n = 2, 'Q', 'P'), 'c', 'internal', 1, '[]', '[]', 'no_action', -1, 'file_sid', 1, 0,
        'unassigned', 0, '{}', 0, 0, 0, 0 FROM sids;
    INSERT INTO contents (content_hash, length_bytes, seek_index, stored_at) VALUES ('aa', 1, x'', 0);
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 4999)
    INSERT INTO files SELECT printf('00000000-0000-4000-8000-%012x', n * 7919 % 5000),
        iif(n % 50 = 0, iif(n % 100 = 0, 'F', 'S'), 'L'), iif(n % 100 = 0, 'Q', 'P'), NULL, 'aa',
        'media', iif(n % 7 = 0, NULL, n % 13 / 2.0), iif(n < 4000, 'wav', 'mp3'), NULL, n / 3, n * 31 % 4999,
        iif(n % 3 = 0, NULL, n * 17 % 50), NULL, NULL, 'name ' || n, n % 10, 'no_action', -1, 'audio/x-wav',
        char(65 + n % 26, 97 + n % 11) || n % 100, 'file_sid', n % 2, 'file', 0,
        iif(n % 5 = 0, NULL, n % 4), n, NULL, NULL, NULL, NULL, 0, '', NULL FROM numbers;";

struct Filled {
    runtime: Runtime,
    catalog: Catalog,
    /// The same rows in the other database.
    other: Catalog,
    /// All files as they came.
    files: Vec<FileRow>,
    _folder: tempfile::TempDir,
}

static FILLED: LazyLock<Filled> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    let catalog = Catalog::open(&path).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let sids =
        [("'L'", LARGE), ("'S'", SMALL), ("'F'", FOREIGN), ("'P'", PARTNER), ("'Q'", FOREIGN)];
    let partners =
        format!("INSERT INTO partners VALUES ('{PARTNER}', 'p', 0), ('{FOREIGN}', 'q', 0);");
    let fill = sids
        .iter()
        .fold(FILL.to_owned(), |sql, (short, sid)| sql.replace(short, &format!("'{sid}'")));
    db.execute_batch(&format!("BEGIN; {partners} {fill} COMMIT")).unwrap();
    let runtime = Runtime::new().unwrap();
    let mut files = Vec::new();
    for n in 0..5000_u64 {
        let sid =
            Uuid::parse_str(&format!("00000000-0000-4000-8000-{:012x}", n * 7919 % 5000)).unwrap();
        files.push(runtime.block_on(catalog.file(sid)).unwrap().unwrap());
    }
    let url = cluster::SHARED.fresh();
    let opened = Catalog::connect(url.parse().unwrap(), std::time::Duration::from_secs(60));
    let other = runtime.block_on(opened).unwrap();
    cluster::SHARED.run(url.rsplit('/').next().unwrap(), "DELETE FROM meta");
    copy(&path, &url, &["meta", "partners", "containers", "contents", "files"]);
    Filled { runtime, catalog, other, files, _folder: folder }
});

/// Copies tables of a catalog in a file into a database: the columns that both have, and the rows' numbers.
fn copy(file: &Path, url: &str, tables: &[&str]) {
    let from = rusqlite::Connection::open(file).unwrap();
    let mut to = postgres::Client::connect(url, postgres::NoTls).unwrap();
    for table in tables {
        let sql = "SELECT column_name FROM information_schema.columns WHERE table_name = $1";
        let columns = to.query(sql, &[table]).unwrap();
        let columns: Vec<String> = columns.iter().map(|row| row.get(0)).collect();
        let columns: Vec<_> = columns.iter().filter(|name| !name.contains("total_")).collect();
        let names = columns.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let mut rows = from.prepare(&format!("SELECT {names} FROM {table} ORDER BY 1")).unwrap();
        let literal = |row: &rusqlite::Row<'_>, at: usize| match row.get_ref(at).unwrap() {
            rusqlite::types::ValueRef::Null => "NULL".to_owned(),
            rusqlite::types::ValueRef::Integer(n) => n.to_string(),
            rusqlite::types::ValueRef::Real(n) => n.to_string(),
            rusqlite::types::ValueRef::Text(text) => {
                format!("'{}'", String::from_utf8_lossy(text).replace('\'', "''"))
            }
            rusqlite::types::ValueRef::Blob(_) => "''".to_owned(),
        };
        let rows = rows.query_map([], |row| {
            let values: Vec<_> = (0..columns.len()).map(|at| literal(row, at)).collect();
            Ok(format!("({})", values.join(", ")))
        });
        let rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
        for some in rows.chunks(500) {
            let sql = format!(
                "INSERT INTO {table} ({names}) VALUES {} ON CONFLICT DO NOTHING",
                some.join(", ")
            );
            to.batch_execute(&sql).unwrap();
        }
    }
}

/// A value of an attribute as it's compared; the missing one comes first.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Shown {
    Missing,
    Number(f64),
    Text(String),
}

fn shown(file: &FileRow, attribute: &str) -> Shown {
    let number = |n: Option<i64>| n.map_or(Shown::Missing, |n| Shown::Number(n as f64));
    match attribute {
        "container_sid" => Shown::Text(file.container_sid.to_string()),
        "file_sid" => Shown::Text(file.file_sid.to_string()),
        "partner_sid" => Shown::Text(file.partner_sid.to_string()),
        "name" => Shown::Text(file.name.clone()),
        "content_format" => Shown::Text(file.content_format.clone()),
        "content_duration" => file.content_duration.map_or(Shown::Missing, Shown::Number),
        "file_bytes" => number(Some(file.file_bytes as i64)),
        "date_created" => number(Some(file.date_created)),
        "integer_key_1" => number(file.keys.integers[0]),
        "integer_key_2" => number(file.keys.integers[1]),
        "threshold_include" => number(Some(i64::from(file.threshold_include))),
        other => panic!("{other}"),
    }
}

fn like(text: &str, pattern: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('%') => (0..=text.len()).any(|at| like(&text[at..], &pattern[1..])),
        Some(c) => {
            let first = text.chars().next();
            first.is_some_and(|t| c == '_' || c == t) && like(&text[1..], &pattern[1..])
        }
    }
}

fn holds(file: &FileRow, condition: &Condition) -> bool {
    let is = shown(file, &condition.attribute);
    let read = |text: &String| match (text.as_str(), text.parse()) {
        ("null", _) => Shown::Missing,
        ("true", _) => Shown::Number(1.0),
        ("false", _) => Shown::Number(0.0),
        (_, Ok(number)) if !matches!(is, Shown::Text(_)) => Shown::Number(number),
        (text, _) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Shown::Number(time.as_millisecond() as f64),
            Err(_) => Shown::Text(text.to_owned()),
        },
    };
    let values: Vec<Shown> = condition.values.iter().map(read).collect();
    // Nothing lies above or below a missing value.
    let both = |side: fn(Ordering) -> bool| {
        is != Shown::Missing
            && values[0] != Shown::Missing
            && is.partial_cmp(&values[0]).is_some_and(side)
    };
    match condition.operator {
        Operator::Equal | Operator::In => values.contains(&is),
        Operator::NotEqual => is != values[0],
        Operator::Greater => both(Ordering::is_gt),
        Operator::GreaterOrEqual => both(Ordering::is_ge),
        Operator::Less => both(Ordering::is_lt),
        Operator::LessOrEqual => both(Ordering::is_le),
        Operator::Like => matches!(is, Shown::Text(text) if like(&text, &condition.values[0])),
        Operator::LikeAnyCase => {
            let pattern = condition.values[0].to_lowercase();
            matches!(is, Shown::Text(text) if like(&text.to_lowercase(), &pattern))
        }
    }
}

/// What a list must give, all of it.
fn expected(partner: Option<Uuid>, conditions: &[Condition], order: &Order) -> Vec<Uuid> {
    let seen = |f: &&FileRow| partner.is_none_or(|sid| f.partner_sid == sid);
    let files = FILLED.files.iter().filter(seen);
    let mut files: Vec<_> = files.filter(|f| conditions.iter().all(|c| holds(f, c))).collect();
    if let Order::By { attribute, descending } = order {
        files.sort_by(|a, b| shown(a, attribute).partial_cmp(&shown(b, attribute)).unwrap());
        // Equal ones turn round with the rest, as in an index that is read from its end.
        if *descending {
            files.reverse();
        }
    }
    files.into_iter().map(|file| file.file_sid).collect()
}

fn ask(partner: Option<Uuid>, list: &List) -> Listing<FileRow> {
    let [one, other] = [&FILLED.catalog, &FILLED.other]
        .map(|catalog| FILLED.runtime.block_on(catalog.files(partner, list.clone())).unwrap());
    if list.order != Order::Shuffle {
        assert_eq!(one, other, "{list:?}");
    }
    one
}

fn sids(listing: &Listing<FileRow>) -> Vec<Uuid> {
    listing.items.iter().map(|file| file.file_sid).collect()
}

const ATTRIBUTES: [&str; 10] = [
    "content_duration",
    "content_format",
    "date_created",
    "file_bytes",
    "file_sid",
    "integer_key_1",
    "integer_key_2",
    "name",
    "partner_sid",
    "threshold_include",
];

fn condition() -> impl Strategy<Value = Condition> {
    use Operator as O;
    let compared = [O::Equal, O::NotEqual, O::Greater, O::GreaterOrEqual, O::Less, O::LessOrEqual];
    let of = |attribute: &'static str, values: &'static [&'static str], operators: Vec<O>| {
        let (value, operator) = (prop::sample::select(values), prop::sample::select(operators));
        (value, operator).prop_map(move |(value, operator)| Condition {
            attribute: attribute.into(),
            operator,
            values: vec![value.into()],
        })
    };
    let list =
        prop::collection::vec(prop::sample::select(&["0", "2", "3", "77", "null"][..]), 1..4);
    let list = list.prop_map(|values| Condition {
        attribute: "integer_key_1".into(),
        operator: O::In,
        values: values.into_iter().map(str::to_owned).collect(),
    });
    prop_oneof![
        of("integer_key_1", &["0", "1", "3", "9", "null"], compared.into()),
        of("integer_key_2", &["0", "17", "2500", "4990"], compared.into()),
        of("content_duration", &["0", "2.5", "6", "null"], compared.into()),
        of("content_format", &["wav", "mp3", "x"], compared.into()),
        of("file_bytes", &["0", "5", "9"], compared.into()),
        of(
            "date_created",
            &["1970-01-01T00:00:00.600Z", "1970-01-01T00:00:01.500Z"],
            compared.into()
        ),
        of("threshold_include", &["true", "false"], vec![O::Equal, O::NotEqual]),
        of(
            "name",
            &["Aa0", "A%", "%b%", "a%", "_c1_", "%9", "*", "%"],
            vec![O::Like, O::LikeAnyCase, O::Equal]
        ),
        list,
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let by = (prop::sample::select(&ATTRIBUTES[..]), any::<bool>());
    let by = by.prop_map(|(name, descending)| Order::By { attribute: name.into(), descending });
    // The newest first has a way of its own.
    let newest = Order::By { attribute: "date_created".into(), descending: true };
    prop_oneof![1 => Just(Order::Arrival), 4 => by, 2 => Just(newest)]
}

/// A whole list's conditions: of one container, or of all that the partner has.
fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let pin = prop_oneof![
        4 => Just(Some(LARGE)), 1 => Just(Some(SMALL)), 1 => Just(Some(FOREIGN)),
        1 => Just(Some(Uuid::nil())), 1 => Just(None)
    ];
    (pin, prop::collection::vec(condition(), 0..4)).prop_map(|(pin, mut all)| {
        all.extend(pin.map(|sid| Condition {
            attribute: "container_sid".into(),
            operator: Operator::Equal,
            values: vec![sid.to_string()],
        }));
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_page_is_a_part_of_what_a_plain_look_at_every_row_gives(
        partner in prop_oneof![Just(None), Just(Some(PARTNER))],
        conditions in conditions(), order in order(),
        offset in prop_oneof![Just(0), 0..40_u64, 0..5000_u64], limit in 0..60_u64,
    ) {
        let all = expected(partner, &conditions, &order);
        let start = Start::Offset(offset);
        let page = ask(partner, &List { conditions: conditions.clone(), order: order.clone(), start, limit });
        let rest = all.get(offset as usize..).unwrap_or_default();
        let wanted = &rest[..rest.len().min(limit as usize)];
        prop_assert_eq!(sids(&page), wanted);
        prop_assert_eq!(page.total, all.len() as u64);
        prop_assert_eq!(page.has_more, rest.len() > limit as usize);
        prop_assert_eq!(page.ends.is_none(), wanted.is_empty());
        let Some((first, last)) = page.ends else { return Ok(()) };
        let from = |start| ask(partner, &List { conditions: conditions.clone(), order: order.clone(), start, limit });
        let after = from(Start::After(last));
        let rest = &rest[wanted.len()..];
        prop_assert_eq!(sids(&after), &rest[..rest.len().min(limit as usize)], "after");
        prop_assert_eq!(after.has_more, rest.len() > limit as usize);
        let before = from(Start::Before(first));
        let head = &all[..offset as usize];
        prop_assert_eq!(sids(&before), &head[head.len().saturating_sub(limit as usize)..], "before");
        prop_assert_eq!(before.total, all.len() as u64);
    }

    #[test]
    fn a_shuffled_page_holds_each_match_once(conditions in conditions(), limit in 0..60_u64) {
        let all = expected(Some(PARTNER), &conditions, &Order::Arrival);
        let (order, start) = (Order::Shuffle, Start::Offset(0));
        let mut page = sids(&ask(Some(PARTNER), &List { conditions, order, start, limit }));
        prop_assert_eq!(page.len(), all.len().min(limit as usize));
        page.sort();
        page.dedup();
        prop_assert_eq!(page.len(), all.len().min(limit as usize), "one twice");
        prop_assert!(page.iter().all(|sid| all.contains(sid)));
    }

    #[test]
    fn no_cursor_does_harm(text in "[0-9a-f]{0,60}", order in order()) {
        for start in [Start::After(text.clone()), Start::Before(text.clone())] {
            let list = List { conditions: vec![], order: order.clone(), start, limit: 3 };
            let answer = FILLED.runtime.block_on(FILLED.catalog.files(None, list));
            prop_assert!(matches!(answer, Err(catalog::Error::BadList { .. })), "{answer:?}");
        }
    }
}
