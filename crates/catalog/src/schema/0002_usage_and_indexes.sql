-- Usage is counted by the database itself, in the transaction that changes the files.
ALTER TABLE containers ADD COLUMN total_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE containers ADD COLUMN total_files INTEGER NOT NULL DEFAULT 0;
ALTER TABLE containers ADD COLUMN threshold_total_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE containers ADD COLUMN threshold_total_files INTEGER NOT NULL DEFAULT 0;
UPDATE containers SET (total_bytes, total_files, threshold_total_bytes, threshold_total_files) = (
  SELECT coalesce(sum(file_bytes), 0), count(*),
    coalesce(sum(file_bytes * threshold_include), 0), coalesce(sum(threshold_include), 0)
  FROM files f WHERE f.container_sid = containers.container_sid);
CREATE TRIGGER files_counted_in AFTER INSERT ON files BEGIN
  UPDATE containers SET total_bytes = total_bytes + new.file_bytes, total_files = total_files + 1,
    threshold_total_bytes = threshold_total_bytes + new.file_bytes * new.threshold_include,
    threshold_total_files = threshold_total_files + new.threshold_include
  WHERE container_sid = new.container_sid;
END;
CREATE TRIGGER files_counted_out AFTER DELETE ON files BEGIN
  UPDATE containers SET total_bytes = total_bytes - old.file_bytes, total_files = total_files - 1,
    threshold_total_bytes = threshold_total_bytes - old.file_bytes * old.threshold_include,
    threshold_total_files = threshold_total_files - old.threshold_include
  WHERE container_sid = old.container_sid;
END;
CREATE TRIGGER files_counted_anew AFTER UPDATE OF container_sid, file_bytes, threshold_include ON files
WHEN old.container_sid <> new.container_sid OR old.file_bytes <> new.file_bytes
  OR old.threshold_include <> new.threshold_include
BEGIN
  UPDATE containers SET total_bytes = total_bytes - old.file_bytes, total_files = total_files - 1,
    threshold_total_bytes = threshold_total_bytes - old.file_bytes * old.threshold_include,
    threshold_total_files = threshold_total_files - old.threshold_include
  WHERE container_sid = old.container_sid;
  UPDATE containers SET total_bytes = total_bytes + new.file_bytes, total_files = total_files + 1,
    threshold_total_bytes = threshold_total_bytes + new.file_bytes * new.threshold_include,
    threshold_total_files = threshold_total_files + new.threshold_include
  WHERE container_sid = new.container_sid;
END;
-- The grace period begins anew once the usage has fallen below the threshold.
CREATE TRIGGER threshold_left AFTER UPDATE OF threshold_total_bytes, threshold_total_files, threshold_bytes,
  threshold_files ON containers
WHEN new.threshold_hit_at IS NOT NULL
  AND coalesce(new.threshold_total_bytes < new.threshold_bytes, 1)
  AND coalesce(new.threshold_total_files < new.threshold_files, 1)
BEGIN
  UPDATE containers SET threshold_hit_at = NULL WHERE container_sid = new.container_sid;
END;
ALTER TABLE tokens ADD COLUMN scopes TEXT;
CREATE INDEX containers_unique_keys ON containers (partner_sid, integer_key_1, integer_key_2,
  string_key_1, string_key_2, string_key_3, string_key_4) WHERE is_unique = 1;
CREATE INDEX files_unique_keys ON files (container_sid, integer_key_1, integer_key_2,
  string_key_1, string_key_2, string_key_3, string_key_4) WHERE is_unique = 1;
CREATE INDEX files_by_expiry ON files (date_created + lifecycle_ttl * 1000)
  WHERE lifecycle_action = 'delete' AND lifecycle_ttl >= 0;
CREATE INDEX files_by_use ON files (container_sid, coalesce(date_last_accessed, date_created))
  WHERE threshold_include = 1;
-- One for each attribute that a list of a container's files can be filtered or ordered by; the row
-- number that ends every index keeps equal values in the order in which the files came.
DROP INDEX files_by_container;
CREATE INDEX files_in_container ON files (container_sid);
CREATE INDEX files_by_classification ON files (container_sid, content_classification);
CREATE INDEX files_by_duration ON files (container_sid, content_duration);
CREATE INDEX files_by_format ON files (container_sid, content_format);
CREATE INDEX files_by_progress ON files (container_sid, content_transcoding_progress);
CREATE INDEX files_by_last_access ON files (container_sid, date_last_accessed);
CREATE INDEX files_by_modification ON files (container_sid, date_modified);
CREATE INDEX files_by_desired_bitrate ON files (container_sid, desired_bitrate);
CREATE INDEX files_by_desired_format ON files (container_sid, desired_format);
CREATE INDEX files_by_bytes ON files (container_sid, file_bytes);
CREATE INDEX files_by_sid ON files (container_sid, file_sid);
CREATE INDEX files_by_integer_key_1 ON files (container_sid, integer_key_1);
CREATE INDEX files_by_integer_key_2 ON files (container_sid, integer_key_2);
CREATE INDEX files_by_lifecycle_action ON files (container_sid, lifecycle_action);
CREATE INDEX files_by_lifecycle_ttl ON files (container_sid, lifecycle_ttl);
CREATE INDEX files_by_mime_type ON files (container_sid, mime_type);
CREATE INDEX files_by_parent ON files (container_sid, parent_file_sid);
CREATE INDEX files_by_publish ON files (container_sid, publish);
CREATE INDEX files_by_string_key_1 ON files (container_sid, string_key_1);
CREATE INDEX files_by_string_key_2 ON files (container_sid, string_key_2);
CREATE INDEX files_by_string_key_3 ON files (container_sid, string_key_3);
CREATE INDEX files_by_string_key_4 ON files (container_sid, string_key_4);
CREATE INDEX files_by_threshold_include ON files (container_sid, threshold_include);
CREATE INDEX files_by_type ON files (container_sid, kind);
CREATE INDEX files_by_unique ON files (container_sid, is_unique);
