-- What is true of the catalog as a whole, such as the secrets of signed links.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
