//! The two ways to a page give the same, and the index finds what a look at every text finds.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::attributes::Stored;
use crate::evovoice::EvoVoiceChanges;
use crate::fold;
use crate::{EvoVoiceText, FileRow, schema};
use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::Connection;

const FILES: u128 = 60;

/// A catalog of files with these transcriptions in turn.
fn filled(texts: &[String]) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    schema::migrate(&mut db).unwrap();
    fold::install(&db).unwrap();
    for number in 0..FILES {
        let file = FileRow {
            file_sid: Uuid::from_u128(number),
            partner_sid: Uuid::from_u128(number % 2),
            name: format!("{}", number * 7 % 60),
            file_access_name: number.to_string(),
            date_created: (number / 3) as i64,
            ..FileRow::blank()
        };
        file.insert(&Db::Sqlite(&db)).unwrap();
        let text = |at: u128| texts[at as usize % texts.len()].clone();
        let said = EvoVoiceChanges {
            texts: vec![
                (EvoVoiceText::Transcription, text(number)),
                (EvoVoiceText::AiTranscription, text(number + 1)),
                (EvoVoiceText::CustomerId, format!("c{}", number % 3)),
            ],
            ..EvoVoiceChanges::default()
        };
        said.keep(&Db::Sqlite(&db), &file).unwrap();
    }
    db
}

fn wanted() -> impl Strategy<Value = EvoVoiceList> {
    let order = prop_oneof![
        Just(EvoVoiceOrder::DateCreated),
        Just(EvoVoiceOrder::FileName),
        Just(EvoVoiceOrder::Said(EvoVoiceText::CustomerId)),
        Just(EvoVoiceOrder::LastModifiedBy),
    ];
    let partners =
        prop_oneof![Just(None), Just(Some(vec![Uuid::from_u128(1)])), Just(Some(vec![]))];
    let customers = prop_oneof![Just(None), Just(Some(vec!["c1".to_owned(), "c2".to_owned()]))];
    let page = (0..70_u64, 1..40_u64, any::<[bool; 2]>());
    (order, partners, customers, page).prop_map(
        |(order, partners, customer_ids, (offset, limit, [descending, is_counted]))| EvoVoiceList {
            partners,
            file_sids: None,
            customer_ids,
            session_id: None,
            user_id: None,
            file_types: None,
            file_name: None,
            content_type: None,
            transcription: None,
            from_ms: Some(2),
            until_ms: None,
            created_by: None,
            order,
            descending,
            offset,
            limit,
            is_counted,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_page_is_the_same_whether_few_or_many_are_found(
        wanted in wanted(),
        found in vec(1..=FILES as i64, 0..60),
    ) {
        let db = filled(&["text".to_owned()]);
        let mut rows = found;
        rows.sort_unstable();
        rows.dedup();
        let few = wanted.page(&Db::Sqlite(&db), Some(&rows)).unwrap();
        let many = wanted.walk(&Db::Sqlite(&db), &Rows::of(&rows)).unwrap();
        prop_assert_eq!(few, many);
    }

    #[test]
    fn what_the_index_finds_is_what_every_text_has(
        texts in vec("[ab ÄäΣςσ\"*\u{0}\u{1}日]{0,12}", 1..8),
        part in "[abAB ÄäΣςσ\"*\u{0}\u{1}日]{1,5}",
    ) {
        let db = filled(&texts);
        let has = |at: i64| {
            let text = &texts[at as usize % texts.len()];
            folded(text).contains(&folded(&part))
        };
        let wanted: Vec<i64> =
            (1..=FILES as i64).filter(|row| has(row - 1) || has(*row)).collect();
        prop_assert_eq!(search::rows(&Db::Sqlite(&db), &part).unwrap(), wanted);
    }
}
