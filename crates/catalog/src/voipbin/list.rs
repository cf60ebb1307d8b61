//! Lists of VoIPBIN's API: of a partner's files in four orders, whatever API they came in through.
//!
//! Every order is walked along an index from where the page begins. What is asked of the rows beside the files leads
//! where that finds few of them, or in the order of time, which their indexes have; else it is looked up on the way.

use super::VoipbinRow;
use crate::column::values;
use crate::cursor::{Cursor, Key};
use crate::filter::Clause;
use crate::sql::Db;
use crate::value::Value;
use crate::{Catalog, Error, ReferenceType, VoipbinType, Word};
use uuid::Uuid;

/// Rows that are sorted rather than looked for along an order.
const FEW: u32 = 2000;

/// What is wanted of a partner's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoipbinList {
    /// Only what is for this.
    pub kind: Option<VoipbinType>,
    /// Only what belongs to such a thing.
    pub reference_type: Option<ReferenceType>,
    /// Only what belongs to this thing; nil: to none.
    pub reference_id: Option<Uuid>,
    /// What the order goes by.
    pub sort: VoipbinSort,
    /// Whether the greatest comes first. Equal ones are in the order in which they came, or against it.
    pub is_descending: bool,
    /// Where the page begins.
    pub start: VoipbinStart,
    /// At most so many.
    pub limit: usize,
}

/// What an order goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoipbinSort {
    /// When it came.
    Created,
    /// Its bytes.
    Size,
    /// The name that the API gave it; that of most is empty.
    Name,
    /// The file's own name.
    Filename,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoipbinStart {
    /// With the first one.
    First,
    /// Behind the page that ended in this token.
    Token(String),
    /// Behind what came at that time, in microseconds since 1970.
    Time(i64),
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoipbinPage<T> {
    /// The part.
    pub items: Vec<T>,
    /// The token of the next one, if there is one.
    pub next: Option<String>,
}

/// Where an item stands in an order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// What the order goes by.
    pub value: Value,
    /// The number of its row, by which equal ones are parted.
    pub row: i64,
}

impl VoipbinStart {
    /// The place behind which a page of a list begins.
    pub(super) fn place(
        &self,
        key: &Key,
        list: &str,
        is_descending: bool,
    ) -> Result<Option<Place>, Error> {
        match self {
            Self::First => Ok(None),
            Self::Token(token) => {
                let cursor = Cursor::read(token, key, list, "page_token");
                let Cursor { value, row, .. } = cursor.map_err(|_| bad_token(
                    "must be the next_page_token of the same list, or a time such as 2024-05-27 07:55:16.515315",
                ))?;
                Ok(Some(Place { value, row }))
            }
            // Times are kept in milliseconds: what lies strictly on one side of a microsecond.
            Self::Time(us) => Ok(Some(match is_descending {
                true => {
                    let ms = us.div_euclid(1000) + i64::from(us.rem_euclid(1000) > 0);
                    Place { value: Value::Integer(ms), row: i64::MIN }
                }
                false => Place { value: Value::Integer(us.div_euclid(1000)), row: i64::MAX },
            })),
        }
    }
}

fn bad_token(message: &str) -> Error {
    Error::BadList { parameter: "page_token", message: message.into() }
}

impl<T> VoipbinPage<T> {
    /// A part of a list of which one more was read than is wanted, if there are more.
    pub(super) fn of(mut read: Vec<(T, Place)>, limit: usize, key: &Key, list: &str) -> Self {
        let has_more = read.len() > limit;
        read.truncate(limit);
        let last = read.last().filter(|_| has_more).map(|(_, place)| {
            let (attribute, value, row) = (list.to_owned(), place.value.clone(), place.row);
            Cursor { attribute, value, row }.text(key)
        });
        Self { items: read.into_iter().map(|(item, _)| item).collect(), next: last }
    }
}

impl Catalog {
    /// Files of a partner; with an owner only what came in through the API by that token.
    ///
    /// # Errors
    /// [`Error::BadList`].
    pub async fn voipbin_files(
        &self,
        partner_sid: Uuid,
        owner_id: Option<Uuid>,
        list: VoipbinList,
    ) -> Result<VoipbinPage<VoipbinRow>, Error> {
        self.scan_list(move |db| page(db, &Wanted { partner_sid, owner_id, list })).await
    }
}

/// A list, and whose it is.
struct Wanted {
    partner_sid: Uuid,
    owner_id: Option<Uuid>,
    list: VoipbinList,
}

fn page(db: &Db, wanted: &Wanted) -> Result<VoipbinPage<VoipbinRow>, Error> {
    let VoipbinList { start, sort, is_descending, limit, .. } = &wanted.list;
    if matches!(start, VoipbinStart::Time(_)) && *sort != VoipbinSort::Created {
        return Err(bad_token("a time begins a page in the order of tm_create alone"));
    }
    let (key, list) = (Key::of(db)?, wanted.told());
    let mut place = start.place(&key, &list, *is_descending)?;
    let parts = wanted.parts();
    let first = place.as_ref().map_or(Some(0), |place| parts.iter().position(|p| p.has(place)));
    let mut places = Vec::new();
    for part in &parts[first.unwrap_or(parts.len())..] {
        let most = limit.saturating_add(1) - places.len();
        places.extend(wanted.walk(db, *part, place.take(), most)?);
    }
    let mut read = Vec::with_capacity(places.len());
    for place in places {
        let row = VoipbinRow::find(db, "rowid = ?", Value::Integer(place.row))?;
        read.extend(row.map(|row| (row, place)));
    }
    Ok(VoipbinPage::of(read, *limit, &key, &list))
}

/// A part of an order, which an index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All of it.
    Whole,
    /// By name: what has none, in the order of time.
    Unnamed,
    /// By name: what has one.
    Named,
}

impl Part {
    /// Whether a place lies in it: times are numbers, and names are text.
    fn has(self, place: &Place) -> bool {
        match self {
            Self::Whole => true,
            Self::Unnamed => matches!(place.value, Value::Integer(_)),
            Self::Named => matches!(place.value, Value::Text(_)),
        }
    }
}

/// The table whose rows are read in turn, by an index of it; those of the other are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Files(&'static str),
    Beside(&'static str),
}

impl Lead {
    /// Names the index to SQLite, which would guess another; PostgreSQL knows its tables.
    fn hint(self, db: &Db) -> String {
        let (Self::Files(index) | Self::Beside(index)) = self;
        if matches!(db, Db::Sqlite(_)) { format!("INDEXED BY {index}") } else { String::new() }
    }
}

/// What is asked of the rows beside: an index leads to it, or it is looked up on the way.
struct Asked {
    lead: Lead,
    condition: Clause,
}

impl Wanted {
    /// What its cursors are told by: all that makes it another list.
    fn told(&self) -> String {
        let Self { partner_sid, owner_id, list } = self;
        let VoipbinList { kind, reference_type, reference_id, sort, is_descending: down, .. } =
            list;
        format!(
            "voipbin files {sort:?} {down} {partner_sid} {owner_id:?} {kind:?} {reference_type:?} {reference_id:?}"
        )
    }

    fn parts(&self) -> &'static [Part] {
        match (self.list.sort, self.list.is_descending) {
            (VoipbinSort::Name, false) => &[Part::Unnamed, Part::Named],
            (VoipbinSort::Name, true) => &[Part::Named, Part::Unnamed],
            _ => &[Part::Whole],
        }
    }

    /// What only few files may have, the one that has the fewest first.
    fn asked(&self) -> Option<Asked> {
        let asked = |lead, sql: &str, value: &str| {
            let values = [self.partner_sid.to_string().into(), value.to_owned().into()];
            Some(Asked { lead, condition: Clause::of(sql, values) })
        };
        let beside = |index, column: &str, value: &str| {
            asked(Lead::Beside(index), &format!("v.partner_sid = ? AND v.{column} = ?"), value)
        };
        let reference = self.list.reference_id.filter(|id| !id.is_nil());
        let reference_type = self.list.reference_type.filter(|kind| *kind != ReferenceType::None);
        let kind = self.list.kind.filter(|kind| *kind != VoipbinType::None);
        if let Some(id) = reference {
            beside("voipbin_by_reference", "reference_id", &id.to_string())
        } else if let Some(owner) = self.owner_id {
            let sql = "f.partner_sid = ? AND f.created_by = ?";
            asked(Lead::Files("files_by_maker"), sql, &owner.to_string())
        } else if let Some(kind) = reference_type {
            beside("voipbin_by_reference_type", "reference_type", kind.as_str())
        } else {
            kind.and_then(|kind| beside("voipbin_by_type", "type", kind.as_str()))
        }
    }

    fn lead(&self, db: &Db, part: Part) -> Result<Lead, Error> {
        if let Some(Asked { lead, condition }) = self.asked()
            && (self.list.sort == VoipbinSort::Created || are_few(db, lead, &condition)?)
        {
            return Ok(lead);
        }
        Ok(match (part, self.list.sort) {
            (Part::Named, _) => Lead::Beside("voipbin_by_name"),
            (_, VoipbinSort::Size) => Lead::Files("files_of_partner_by_bytes"),
            (_, VoipbinSort::Filename) => Lead::Files("files_of_partner_by_name"),
            (_, VoipbinSort::Created | VoipbinSort::Name) => Lead::Files("files_by_partner"),
        })
    }

    /// The places of at most so many files of a part, behind a place of it.
    fn walk(
        &self,
        db: &Db,
        part: Part,
        behind: Option<Place>,
        most: usize,
    ) -> Result<Vec<Place>, Error> {
        if most == 0 || part == Part::Unnamed && all_are_named(db, self.partner_sid)? {
            return Ok(Vec::new());
        }
        let lead = self.lead(db, part)?;
        let date =
            if matches!(lead, Lead::Beside(_)) { "v.date_created" } else { "f.date_created" };
        let sort = match (part, self.list.sort) {
            (Part::Unnamed, _) | (_, VoipbinSort::Created) => date,
            (_, VoipbinSort::Size) => "f.file_bytes",
            (_, VoipbinSort::Filename) => "f.name",
            (_, VoipbinSort::Name) => "v.name",
        };
        let clause = self.conditions(lead, part).and(self.behind(sort, behind));
        let (from, down) =
            (self.source(db, lead), if self.list.is_descending { "DESC" } else { "ASC" });
        let sql = format!(
            "SELECT {sort}, f.rowid FROM {from} WHERE {} ORDER BY {sort} {down}, f.rowid {down} LIMIT {most}",
            clause.sql
        );
        db.all(&sql, &clause.values, |row| Ok(Place { value: row.take(0)?, row: row.take(1)? }))
    }

    /// The two tables, in the order in which they are read.
    fn source(&self, db: &Db, lead: Lead) -> String {
        let index = lead.hint(db);
        let cross = if matches!(db, Db::Sqlite(_)) { "CROSS JOIN" } else { "JOIN" };
        match lead {
            Lead::Beside(_) => {
                format!("voipbin_files v {index} {cross} files f ON f.file_sid = v.file_sid")
            }
            Lead::Files(_) => {
                // What has an owner has a row beside it.
                let join = if self.owner_id.is_some() { cross } else { "LEFT JOIN" };
                format!("files f {index} {join} voipbin_files v ON v.file_sid = f.file_sid")
            }
        }
    }

    fn conditions(&self, lead: Lead, part: Part) -> Clause {
        let leads = matches!(lead, Lead::Beside(_));
        let partner = if leads { "v.partner_sid = ?" } else { "f.partner_sid = ?" };
        let mut all = Clause::of(partner, [self.partner_sid.to_string().into()]);
        if let Some(owner) = self.owner_id {
            all = all.and(Clause::of("f.created_by = ?", [owner.to_string().into()]));
        }
        // A column that is compared as it is would have SQLite read the rows beside first.
        let column = |name: &str, missing: &str| match leads {
            true => format!("v.{name}"),
            false => format!("coalesce(v.{name}, '{missing}')"),
        };
        let nil = Uuid::nil().to_string();
        let asked = [
            ("type", "", self.list.kind.map(|kind| kind.as_str().to_owned())),
            ("reference_type", "", self.list.reference_type.map(|kind| kind.as_str().to_owned())),
            ("reference_id", nil.as_str(), self.list.reference_id.map(|id| id.to_string())),
        ];
        for (name, missing, value) in asked {
            let Some(value) = value else { continue };
            all = all.and(Clause::of(&format!("{} = ?", column(name, missing)), [value.into()]));
        }
        let name = column("name", "");
        match part {
            Part::Whole => all,
            Part::Unnamed => all.and(Clause::of(&format!("{name} = ''"), [])),
            Part::Named => all.and(Clause::of(&format!("{name} > ''"), [])),
        }
    }

    /// Only what lies behind a place.
    fn behind(&self, sort: &str, place: Option<Place>) -> Clause {
        let Some(Place { value, row }) = place else { return Clause::default() };
        let side = if self.list.is_descending { "<" } else { ">" };
        let sql = format!("{sort} {side}= ? AND ({sort} {side} ? OR f.rowid {side} ?)");
        Clause::of(&sql, [value.clone(), value, row.into()])
    }
}

fn are_few(db: &Db, lead: Lead, condition: &Clause) -> Result<bool, Error> {
    let table = if matches!(lead, Lead::Files(_)) { "files f" } else { "voipbin_files v" };
    let from = format!("{table} {}", lead.hint(db));
    let sql = format!(
        "SELECT count(*) <= {FEW} FROM (SELECT 1 FROM {from} WHERE {} LIMIT {FEW} + 1) few",
        condition.sql
    );
    Ok(db.value(&sql, &condition.values)?.unwrap_or(false))
}

/// Whether each file of a partner has a name of the API's: they are then not looked through for one that has none.
fn all_are_named(db: &Db, partner_sid: Uuid) -> Result<bool, Error> {
    let hint = Lead::Beside("voipbin_by_name").hint(db);
    let sql = format!(
        "SELECT total_files = (SELECT count(*) FROM voipbin_files v {hint}
        WHERE v.partner_sid = ?1 AND v.name > '') FROM voipbin_accounts WHERE partner_sid = ?1"
    );
    Ok(db.value(&sql, &values![partner_sid])?.unwrap_or(false))
}
