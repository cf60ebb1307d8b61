-- Where bytes lie: one object for each store and hash. Store '' is the server's own.
CREATE TABLE blobs (
  object TEXT PRIMARY KEY, store TEXT NOT NULL, hash TEXT NOT NULL, length_bytes INTEGER NOT NULL, e_tag TEXT,
  UNIQUE (store, hash)) STRICT;
-- Objects that must not be there from due_at on. One that is `taken` is being removed; `upload` is a multipart upload that
-- is to be aborted.
CREATE TABLE leftovers (
  object TEXT PRIMARY KEY, store TEXT NOT NULL, due_at INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0,
  upload TEXT) STRICT;
CREATE INDEX leftovers_by_due ON leftovers (due_at);
ALTER TABLE files ADD COLUMN store TEXT NOT NULL DEFAULT '';
DROP INDEX files_by_content;
CREATE INDEX files_by_content ON files (content_hash, store);
-- So far an object was named by the hash of its bytes. A crash may have left contents that no file has.
INSERT INTO leftovers (object, store, due_at)
  SELECT DISTINCT substr(content_hash, 1, 64), '', 0 FROM contents n
  WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.content_hash = n.content_hash);
DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.content_hash = contents.content_hash);
INSERT INTO blobs (object, store, hash, length_bytes)
  SELECT substr(content_hash, 1, 64), '', substr(content_hash, 1, 64), max(length_bytes) FROM contents
  GROUP BY substr(content_hash, 1, 64);
DELETE FROM leftovers WHERE object IN (SELECT object FROM blobs);
