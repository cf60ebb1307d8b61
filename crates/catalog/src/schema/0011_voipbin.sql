-- What VoIPBIN's API alone knows of a file that came in through it. `partner_sid` and `date_created` are the file's own, for
-- the orders of lists.
CREATE TABLE voipbin_files (
  file_sid TEXT PRIMARY KEY REFERENCES files ON DELETE CASCADE, partner_sid TEXT NOT NULL, date_created INTEGER NOT NULL,
  type TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL, reference_type TEXT NOT NULL, reference_id TEXT NOT NULL) STRICT;
CREATE INDEX voipbin_by_type ON voipbin_files (partner_sid, type, date_created);
CREATE INDEX voipbin_by_reference_type ON voipbin_files (partner_sid, reference_type, date_created);
CREATE INDEX voipbin_by_reference ON voipbin_files (reference_id, partner_sid, date_created);
CREATE INDEX voipbin_by_name ON voipbin_files (partner_sid, name);
CREATE INDEX files_of_partner_by_bytes ON files (partner_sid, file_bytes);
CREATE INDEX files_of_partner_by_name ON files (partner_sid, name);
CREATE TRIGGER voipbin_given AFTER UPDATE OF partner_sid ON files WHEN old.partner_sid <> new.partner_sid BEGIN
  UPDATE voipbin_files SET partner_sid = new.partner_sid WHERE file_sid = new.file_sid;
END;
-- Files that went, for a time: the API tells them from those that never were.
CREATE TABLE voipbin_departed (
  file_sid TEXT PRIMARY KEY, partner_sid TEXT NOT NULL, gone_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX voipbin_departed_by_time ON voipbin_departed (gone_at);
CREATE TRIGGER voipbin_departs AFTER DELETE ON files BEGIN
  INSERT OR REPLACE INTO voipbin_departed
  VALUES (old.file_sid, old.partner_sid, CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
-- A partner's account, counted as the usage of containers is. Without a row nobody made it and it holds nothing; `made_at` is
-- NULL where nobody made it, `quota` where nobody said one, `deleted_at` unless it is deleted. The next file makes a deleted one anew.
CREATE TABLE voipbin_accounts (
  partner_sid TEXT PRIMARY KEY REFERENCES partners, quota INTEGER, total_bytes INTEGER NOT NULL, total_files INTEGER NOT NULL,
  made_at INTEGER, changed_at INTEGER, deleted_at INTEGER) STRICT, WITHOUT ROWID;
INSERT INTO voipbin_accounts (partner_sid, total_bytes, total_files, changed_at)
  SELECT partner_sid, sum(file_bytes), count(*), max(date_modified) FROM files GROUP BY partner_sid;
CREATE TRIGGER voipbin_counted_in AFTER INSERT ON files BEGIN
  INSERT INTO voipbin_accounts (partner_sid, total_bytes, total_files, changed_at)
  VALUES (new.partner_sid, new.file_bytes, 1, new.date_modified)
  ON CONFLICT (partner_sid) DO UPDATE SET total_bytes = total_bytes + excluded.total_bytes, total_files = total_files + 1,
    changed_at = excluded.changed_at, quota = iif(deleted_at IS NULL, quota, NULL),
    made_at = iif(deleted_at IS NULL, made_at, excluded.changed_at), deleted_at = NULL;
END;
CREATE TRIGGER voipbin_counted_out AFTER DELETE ON files BEGIN
  UPDATE voipbin_accounts SET total_bytes = total_bytes - old.file_bytes, total_files = total_files - 1,
    changed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
  WHERE partner_sid = old.partner_sid;
END;
CREATE TRIGGER voipbin_counted_anew AFTER UPDATE OF partner_sid, file_bytes ON files
WHEN old.partner_sid <> new.partner_sid OR old.file_bytes <> new.file_bytes
BEGIN
  UPDATE voipbin_accounts SET total_bytes = total_bytes - old.file_bytes, total_files = total_files - 1,
    changed_at = new.date_modified
  WHERE partner_sid = old.partner_sid;
  INSERT INTO voipbin_accounts (partner_sid, total_bytes, total_files, changed_at)
  VALUES (new.partner_sid, new.file_bytes, 1, new.date_modified)
  ON CONFLICT (partner_sid) DO UPDATE SET total_bytes = total_bytes + excluded.total_bytes, total_files = total_files + 1,
    changed_at = excluded.changed_at, quota = iif(deleted_at IS NULL, quota, NULL),
    made_at = iif(deleted_at IS NULL, made_at, excluded.changed_at), deleted_at = NULL;
END;
