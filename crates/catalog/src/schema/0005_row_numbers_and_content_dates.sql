-- Cursors go by row numbers, so a number must never come again. SQLite gives those of deleted rows anew: here is the
-- greatest that was deleted of each table that is listed (column.rs).
CREATE TABLE last_deleted (of TEXT PRIMARY KEY, row INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO last_deleted VALUES ('containers', 0), ('files', 0);
CREATE TRIGGER containers_deleted AFTER DELETE ON containers BEGIN
  UPDATE last_deleted SET row = old.rowid WHERE of = 'containers' AND row < old.rowid;
END;
CREATE TRIGGER files_deleted AFTER DELETE ON files BEGIN
  UPDATE last_deleted SET row = old.rowid WHERE of = 'files' AND row < old.rowid;
END;
-- A link's date is when its file got its content, whoever stored the same bytes before.
ALTER TABLE files ADD COLUMN content_stored_at INTEGER NOT NULL DEFAULT 0;
UPDATE files SET content_stored_at = (SELECT stored_at FROM contents n WHERE n.content_hash = files.content_hash);
