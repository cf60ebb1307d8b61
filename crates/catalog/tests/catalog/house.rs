//! Where a catalog of a test lies: each test runs on both.

use crate::cluster;
use catalog::{Catalog, Database};
use std::time::Duration;

/// A place for a catalog, which may be opened again.
pub enum House {
    File(tempfile::TempDir),
    Database(Database, String),
}

impl House {
    pub fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub fn database() -> Self {
        let url = std::thread::spawn(|| cluster::SHARED.fresh()).join().unwrap();
        Self::Database(url.parse().unwrap(), url)
    }

    /// Another one of the same kind.
    pub fn other(&self) -> Self {
        match self {
            Self::File(_) => Self::file(),
            Self::Database(..) => Self::database(),
        }
    }

    /// One of the other kind.
    pub fn opposite(&self) -> Self {
        match self {
            Self::File(_) => Self::database(),
            Self::Database(..) => Self::file(),
        }
    }

    pub async fn open(&self) -> Catalog {
        match self {
            Self::File(dir) => Catalog::open(dir.path().join("catalog.sqlite")).unwrap(),
            Self::Database(database, _) => {
                let catalog = Catalog::connect(database.clone(), Duration::from_secs(60)).await;
                let catalog = catalog.unwrap();
                while catalog.generation().is_none() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                catalog
            }
        }
    }

    /// The number that a query of the tables gives.
    pub fn number(&self, sql: &str) -> i64 {
        match self {
            Self::File(dir) => {
                let db = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
                db.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Self::Database(_, url) => {
                let (url, sql) = (url.clone(), sql.to_owned());
                let ask = move || {
                    let mut db = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                    db.query_one(&sql, &[]).unwrap().get(0)
                };
                std::thread::spawn(ask).join().unwrap()
            }
        }
    }
}

impl House {
    /// The texts that a query of the tables gives.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        match self {
            Self::File(dir) => {
                let db = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
                let mut query = db.prepare(sql).unwrap();
                query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Self::Database(_, url) => {
                let (url, sql) = (url.clone(), sql.to_owned());
                let ask = move || {
                    let mut db = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                    db.query(&sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
                };
                std::thread::spawn(ask).join().unwrap()
            }
        }
    }
}

/// Tests that run on both.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::house::House::file()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::house::House::database()).await;
            })*
        }
    };
}
pub(crate) use on_both;
