CREATE TABLE partners (partner_sid TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, date_created INTEGER NOT NULL) STRICT;
CREATE TABLE tokens (
  token_id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
  partner_sid TEXT NOT NULL REFERENCES partners, date_created INTEGER NOT NULL) STRICT;
CREATE TABLE containers (
  container_sid TEXT PRIMARY KEY, partner_sid TEXT NOT NULL REFERENCES partners,
  parent_container_sid TEXT, name TEXT NOT NULL, kind TEXT NOT NULL, allow_publish INTEGER NOT NULL,
  allowed_classifications TEXT NOT NULL, blocked_classifications TEXT NOT NULL,
  default_file_lifecycle_action TEXT NOT NULL, default_file_lifecycle_ttl INTEGER NOT NULL,
  default_file_publish TEXT NOT NULL, default_file_threshold_include INTEGER NOT NULL,
  default_file_unique INTEGER NOT NULL, durability_class TEXT NOT NULL, encrypted INTEGER NOT NULL,
  external_attributes TEXT NOT NULL, publish_domain TEXT, quota_bytes INTEGER, quota_files INTEGER,
  threshold_action TEXT, threshold_bytes INTEGER, threshold_files INTEGER,
  threshold_bytes_target INTEGER, threshold_files_target INTEGER,
  threshold_grace_period INTEGER NOT NULL, threshold_hit_at INTEGER, is_unique INTEGER NOT NULL,
  integer_key_1 INTEGER, integer_key_2 INTEGER,
  string_key_1 TEXT, string_key_2 TEXT, string_key_3 TEXT, string_key_4 TEXT,
  date_created INTEGER NOT NULL, date_modified INTEGER NOT NULL) STRICT;
CREATE INDEX containers_by_partner ON containers (partner_sid, date_created);
CREATE TABLE contents (
  content_hash TEXT PRIMARY KEY, length_bytes INTEGER NOT NULL, facts TEXT, probe_error TEXT,
  seek_index BLOB NOT NULL, stored_at INTEGER NOT NULL) STRICT;
CREATE TABLE files (
  file_sid TEXT PRIMARY KEY, container_sid TEXT NOT NULL REFERENCES containers,
  partner_sid TEXT NOT NULL REFERENCES partners, parent_file_sid TEXT,
  content_hash TEXT NOT NULL REFERENCES contents, content_classification TEXT NOT NULL,
  content_duration REAL, content_format TEXT NOT NULL, content_transcoding_progress INTEGER,
  date_created INTEGER NOT NULL, date_modified INTEGER NOT NULL, date_last_accessed INTEGER,
  desired_bitrate INTEGER, desired_format TEXT, file_access_name TEXT NOT NULL,
  file_bytes INTEGER NOT NULL, lifecycle_action TEXT NOT NULL, lifecycle_ttl INTEGER NOT NULL,
  mime_type TEXT NOT NULL, name TEXT NOT NULL, publish TEXT NOT NULL,
  threshold_include INTEGER NOT NULL, kind TEXT NOT NULL, is_unique INTEGER NOT NULL,
  integer_key_1 INTEGER, integer_key_2 INTEGER,
  string_key_1 TEXT, string_key_2 TEXT, string_key_3 TEXT, string_key_4 TEXT,
  UNIQUE (container_sid, file_access_name)) STRICT;
CREATE INDEX files_by_content ON files (content_hash);
CREATE INDEX files_by_partner ON files (partner_sid, date_created);
CREATE INDEX files_by_container ON files (container_sid, date_created);
CREATE INDEX files_by_name ON files (container_sid, name);
CREATE TABLE output_layouts (key TEXT PRIMARY KEY, header BLOB NOT NULL, offsets BLOB NOT NULL) STRICT;
CREATE TABLE output_checkpoints (
  key TEXT NOT NULL, segment INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (key, segment)) STRICT;
