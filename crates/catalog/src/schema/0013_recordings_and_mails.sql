-- The Voxbone recording API: profiles, the recordings that calls of theirs gave, and the mails that carry recordings.
-- Lists go by the row's number, which is the order of making.
CREATE TABLE voxbone_profiles (
  profile INTEGER PRIMARY KEY, profile_id TEXT NOT NULL UNIQUE, partner_sid TEXT NOT NULL REFERENCES partners,
  email TEXT, remote_sip_uri TEXT, record INTEGER NOT NULL, record_format TEXT NOT NULL,
  record_beep_at_start INTEGER NOT NULL, record_beep_interval INTEGER NOT NULL, record_prompt TEXT NOT NULL,
  record_prompt_custom_id TEXT) STRICT;
CREATE INDEX voxbone_profiles_by_partner ON voxbone_profiles (partner_sid);
CREATE TABLE voxbone_recordings (
  recording INTEGER PRIMARY KEY, recording_id TEXT NOT NULL UNIQUE, recording_partner TEXT NOT NULL REFERENCES partners,
  profile_id TEXT REFERENCES voxbone_profiles (profile_id) ON DELETE SET NULL,
  recording_file TEXT REFERENCES files (file_sid) ON DELETE SET NULL,
  remote_sip_uri TEXT, call_id TEXT, caller TEXT, callee TEXT, format TEXT NOT NULL, status TEXT NOT NULL, duration REAL,
  started_at INTEGER, ended_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT;
CREATE INDEX voxbone_recordings_by_partner ON voxbone_recordings (recording_partner);
CREATE INDEX voxbone_recordings_by_profile ON voxbone_recordings (profile_id);
CREATE INDEX voxbone_recordings_by_file ON voxbone_recordings (recording_file);
CREATE TABLE mails (
  mail INTEGER PRIMARY KEY, mail_id TEXT NOT NULL UNIQUE,
  recording_id TEXT NOT NULL REFERENCES voxbone_recordings (recording_id) ON DELETE CASCADE,
  recipient TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL, created_at INTEGER NOT NULL,
  due_at INTEGER, ended_at INTEGER, last_error TEXT) STRICT;
CREATE INDEX mails_by_recording ON mails (recording_id);
CREATE INDEX mails_by_due ON mails (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_by_end ON mails (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX mails_by_state ON mails (state);
