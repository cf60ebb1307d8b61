//! Lists of files as the EvoVoice API asks for them. The order: transcriptions → scope and conditions → the
//! rows in their order → those of the page. All of it sees the catalog at one moment.

use super::{EvoVoiceText, search};
use crate::column::Column;
use crate::filter::Clause;
use crate::fold::folded;
use crate::matches::FEW;
use crate::sql::Db;
use crate::value::Value;
use crate::{Catalog, Error, EvoVoiceType, Word};
use std::ops::ControlFlow;
use uuid::Uuid;

/// What is wanted of a list. All that is given must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct EvoVoiceList {
    /// Whose files; `None` is everybody's.
    pub partners: Option<Vec<Uuid>>,
    /// One of these.
    pub file_sids: Option<Vec<Uuid>>,
    /// One of these is said of it.
    pub customer_ids: Option<Vec<String>>,
    /// This is said of it.
    pub session_id: Option<String>,
    /// This is said of it.
    pub user_id: Option<String>,
    /// It is one of these.
    pub file_types: Option<Vec<EvoVoiceType>>,
    /// Its name has this part, whatever the case.
    pub file_name: Option<String>,
    /// Its media type has this part, whatever the case.
    pub content_type: Option<String>,
    /// One of its transcriptions has this part, whatever the case.
    pub transcription: Option<String>,
    /// It came then or later, Unix milliseconds.
    pub from_ms: Option<i64>,
    /// It came then or earlier, Unix milliseconds.
    pub until_ms: Option<i64>,
    /// It was made by this token.
    pub created_by: Option<Uuid>,
    /// What the order goes by; equal ones stay in the order in which they came.
    pub order: EvoVoiceOrder,
    /// Greatest first, and latest of equal ones.
    pub descending: bool,
    /// So many are left out.
    pub offset: u64,
    /// At most so many.
    pub limit: u64,
    /// Whether to count all that match.
    pub is_counted: bool,
}

/// What an order goes by. Missing values come before all others.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // They are the API's own members.
pub enum EvoVoiceOrder {
    Id,
    DateCreated,
    DateLastModified,
    CreatedBy,
    LastModifiedBy,
    Type,
    AccountId,
    AccountName,
    FileName,
    /// The link; that of files whose container has no origin of its own begins with `base`.
    Uri {
        base: String,
    },
    ContentType,
    ContentLength,
    RecordingDuration,
    Said(EvoVoiceText),
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct EvoVoicePage<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many match in all, where that was asked.
    pub total: u64,
    /// Whether more follow.
    pub has_more: bool,
}

impl Catalog {
    /// The row numbers of a part of a list, for [`Catalog::evovoice_rows`].
    ///
    /// # Errors
    /// [`Error::BadList`] if it takes too long.
    pub async fn evovoice_row_numbers(
        &self,
        wanted: EvoVoiceList,
    ) -> Result<EvoVoicePage<i64>, Error> {
        self.scan_list(move |db| wanted.find(db)).await
    }
}

impl EvoVoiceList {
    fn find(&self, db: &Db) -> Result<EvoVoicePage<i64>, Error> {
        if let Db::Postgres(_) = db {
            return self.page(db, None);
        }
        let found = self.transcription.as_deref().map(|part| search::rows(db, part)).transpose()?;
        match found {
            Some(rows) if rows.len() <= FEW => self.page(db, Some(&rows)),
            Some(rows) => self.walk(db, &Rows::of(&rows)),
            None => self.page(db, None),
        }
    }

    /// The page of those rows, which are few, or of all.
    fn page(&self, db: &Db, rows: Option<&[i64]>) -> Result<EvoVoicePage<i64>, Error> {
        // A planner that guesses would rather walk an index than look at a few rows: a cross join leaves it no choice.
        let from =
            rows.map_or("files f", |_| "json_each(?) j CROSS JOIN files f ON f.rowid = j.value");
        let mut clause = self.clause();
        if let (Db::Postgres(_), Some(part)) = (db, &self.transcription) {
            let spoken = "f.rowid IN (SELECT row FROM evovoice_files WHERE folded LIKE ?)";
            clause = clause.and(Clause::of(spoken, [search::like(part).into()]));
        }
        if let Some(rows) = rows {
            clause.values.insert(0, serde_json::json!(rows).to_string().value());
        }
        let total = match self.is_counted {
            true => {
                let sql = format!("SELECT count(*) FROM {from} WHERE {}", clause.sql);
                db.value(&sql, &clause.values)?.unwrap_or(0)
            }
            false => 0,
        };
        let mut query = self.in_order(from, clause);
        query.sql += " LIMIT ? OFFSET ?";
        // One more than wanted tells whether there are more.
        query.values.extend([self.limit.saturating_add(1).value(), self.offset.value()]);
        let mut items: Vec<i64> = db.all(&query.sql, &query.values, |row| row.take(0))?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        Ok(EvoVoicePage { items, total, has_more })
    }

    /// The page of those rows that are among the found ones: they are many, so most that are passed are.
    fn walk(&self, db: &Db, found: &Rows) -> Result<EvoVoicePage<i64>, Error> {
        let query = self.in_order("files f", self.clause());
        let end = self.offset.saturating_add(self.limit);
        let mut page = EvoVoicePage { items: Vec::new(), total: 0, has_more: false };
        db.each(&query.sql, &query.values, |row| {
            let row = row.take(0)?;
            if !found.have(row) {
                return Ok(ControlFlow::Continue(()));
            }
            page.total += 1;
            if page.total > end {
                page.has_more = true;
                if !self.is_counted {
                    return Ok(ControlFlow::Break(()));
                }
            } else if page.total > self.offset {
                page.items.push(row);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if !self.is_counted {
            page.total = 0;
        }
        Ok(page)
    }

    /// The conditions on `files f`, but for that on transcriptions.
    fn clause(&self) -> Clause {
        let sids = |sids: &[Uuid]| sids.iter().map(Column::value).collect();
        let texts = |texts: &[String]| texts.iter().map(Column::value).collect();
        let mut clause = Clause::of("TRUE", []);
        let mut add = |sql: &str, values: Vec<Value>| {
            // An empty list is no SQL of PostgreSQL's; nothing is in one of NULL either.
            let list =
                if values.is_empty() { "NULL".into() } else { vec!["?"; values.len()].join(", ") };
            let sql = sql.replace("(?)", &format!("({list})"));
            clause = std::mem::take(&mut clause).and(Clause::of(&sql, values));
        };
        let said = |column: &str| {
            format!("f.rowid IN (SELECT row FROM evovoice_files WHERE {column} IN (?))")
        };
        match self.partners.as_deref() {
            // An index in the order of time begins with the partner.
            Some([partner]) => add("f.partner_sid = ?", vec![partner.value()]),
            Some(partners) => add("f.partner_sid IN (?)", sids(partners)),
            None => {}
        }
        if let Some(file_sids) = &self.file_sids {
            add("f.file_sid IN (?)", sids(file_sids));
        }
        if let Some(ids) = &self.customer_ids {
            add(&said("customer_id"), texts(ids));
        }
        if let Some(id) = &self.session_id {
            add(&said("session_id"), vec![id.value()]);
        }
        if let Some(id) = &self.user_id {
            add(&said("user_id"), vec![id.value()]);
        }
        if let Some(types) = &self.file_types {
            let (sql, types) = of_types(types);
            add(&sql, types);
        }
        for (column, part) in [("f.name", &self.file_name), ("f.mime_type", &self.content_type)] {
            if let Some(part) = part {
                add(&format!("has_folded({column}, ?)"), vec![folded(part).value()]);
            }
        }
        if let Some(from_ms) = self.from_ms {
            add("f.date_created >= ?", vec![from_ms.value()]);
        }
        if let Some(until_ms) = self.until_ms {
            add("f.date_created <= ?", vec![until_ms.value()]);
        }
        if let Some(token_id) = &self.created_by {
            add("f.created_by = ?", vec![token_id.value()]);
        }
        clause
    }

    fn in_order(&self, from: &str, clause: Clause) -> Clause {
        let (direction, missing) =
            if self.descending { ("DESC", "LAST") } else { ("ASC", "FIRST") };
        let (join, key) = self.order.sql();
        let base = match &self.order {
            EvoVoiceOrder::Uri { base } => Some(base.value()),
            _ => None,
        };
        let sql = format!(
            "SELECT f.rowid FROM {from} {join} WHERE {}
            ORDER BY {key} {direction} NULLS {missing}, f.rowid {direction}",
            clause.sql
        );
        Clause { sql, values: clause.values.into_iter().chain(base).collect() }
    }
}

/// Files without a row are uploads.
fn of_types(types: &[EvoVoiceType]) -> (String, Vec<Value>) {
    let (not, listed): (&str, Vec<_>) = match types.contains(&EvoVoiceType::Upload) {
        true => {
            let others = EvoVoiceType::ALL.iter().filter(|kind| !types.contains(kind));
            ("NOT ", others.collect())
        }
        false => ("", types.iter().collect()),
    };
    // The index of types leaves uploads out.
    let sql = format!(
        "f.rowid {not}IN (SELECT row FROM evovoice_files WHERE file_type <> 'Upload' AND file_type IN (?))"
    );
    (sql, listed.into_iter().map(Column::value).collect())
}

impl EvoVoiceOrder {
    /// What is to be joined for it, and what it goes by.
    fn sql(&self) -> (&'static str, String) {
        const SAID: &str = "LEFT JOIN evovoice_files e ON e.row = f.rowid";
        match self {
            Self::Id => ("", "f.file_sid".into()),
            Self::DateCreated => ("", "f.date_created".into()),
            Self::DateLastModified => ("", "f.date_modified".into()),
            Self::CreatedBy => ("", "f.created_by".into()),
            Self::LastModifiedBy => {
                let key = "CASE WHEN e.modified_at = f.date_modified THEN e.modified_by
                    WHEN f.date_modified = f.date_created THEN f.created_by END";
                (SAID, key.into())
            }
            Self::Type => (SAID, "coalesce(e.file_type, 'Upload')".into()),
            Self::AccountId => ("", "f.partner_sid".into()),
            Self::AccountName => {
                ("JOIN partners p ON p.partner_sid = f.partner_sid", "p.name".into())
            }
            Self::FileName => ("", "f.name".into()),
            Self::Uri { .. } => {
                let key = "coalesce(c.publish_domain, ?) ||
                    CASE WHEN c.allow_publish = 1 AND f.publish = 'file_access_name'
                    THEN '/c/' || f.container_sid || '/' || f.file_access_name ELSE '/f/' || f.file_sid END";
                ("JOIN containers c ON c.container_sid = f.container_sid", key.into())
            }
            Self::ContentType => ("", "f.mime_type".into()),
            Self::ContentLength => ("", "f.file_bytes".into()),
            Self::RecordingDuration => {
                ("", "coalesce(round(CAST(f.content_duration AS NUMERIC)), 0)".into())
            }
            Self::Said(which) => (SAID, format!("e.{}", which.column())),
        }
    }
}

/// Many row numbers, a bit each.
struct Rows(Vec<u64>);

impl Rows {
    fn of(rows: &[i64]) -> Self {
        let words = rows.last().map_or(0, |last| (*last as usize >> 6) + 1);
        let mut bits = vec![0; words];
        rows.iter().for_each(|row| bits[*row as usize >> 6] |= 1 << (row & 63));
        Self(bits)
    }

    fn have(&self, row: i64) -> bool {
        self.0.get(row as usize >> 6).is_some_and(|bits| bits >> (row & 63) & 1 == 1)
    }
}

#[cfg(test)]
mod tests;
