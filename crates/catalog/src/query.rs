//! What is wanted of a list, and what it gives: plain structs that know no SQL.

/// What is wanted of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// All of these must hold.
    pub conditions: Vec<Condition>,
    /// In which order.
    pub order: Order,
    /// Where the page begins.
    pub start: Start,
    /// At most so many.
    pub limit: u64,
}

/// A condition on one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its name in the API.
    pub attribute: String,
    /// How it's compared.
    pub operator: Operator,
    /// With what: one value, or for [`Operator::In`] any number. `null` is the missing value.
    pub values: Vec<String>,
}

/// How an attribute is compared.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// `%` is any text, `_` any character; case counts.
    Like,
    /// The same; case of ASCII letters does not count.
    LikeAnyCase,
    In,
}

/// The order of a list; equal ones stay in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    Arrival,
    /// By an attribute.
    By {
        /// Its name in the API.
        attribute: String,
        /// Greatest first.
        descending: bool,
    },
    /// At random.
    Shuffle,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// So many are left out.
    Offset(u64),
    /// Behind the item of a cursor.
    After(String),
    /// It ends before the item of a cursor.
    Before(String),
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
    /// Whether there are more in the direction that was read.
    pub has_more: bool,
    /// Cursors of the first and the last item; none of a shuffled list.
    pub ends: Option<(String, String)>,
}
