-- What the EvoVoice API alone knows of a file. `row` is the row number of the file, by which indexes are brought together.
CREATE TABLE evovoice_files (
  row INTEGER PRIMARY KEY, file_sid TEXT NOT NULL UNIQUE REFERENCES files ON DELETE CASCADE,
  file_type TEXT NOT NULL, session_id TEXT, customer_id TEXT, customer_name TEXT, user_id TEXT, user_name TEXT,
  recording_sid TEXT, recording_from TEXT, from_address TEXT, to_address TEXT, transcription TEXT, ai_transcription TEXT,
  modified_by TEXT, modified_at INTEGER) STRICT;
CREATE INDEX evovoice_by_type ON evovoice_files (file_type) WHERE file_type <> 'Upload';
CREATE INDEX evovoice_by_session ON evovoice_files (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX evovoice_by_customer ON evovoice_files (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX evovoice_by_user ON evovoice_files (user_id) WHERE user_id IS NOT NULL;
-- The transcriptions, folded (evovoice/search.rs). Neither holds a text.
CREATE VIRTUAL TABLE evovoice_trigrams USING fts5 (
  text, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1');
CREATE VIRTUAL TABLE evovoice_short USING fts5 (
  parts, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
CREATE TRIGGER evovoice_forgotten AFTER DELETE ON evovoice_files BEGIN
  DELETE FROM evovoice_trigrams WHERE rowid = old.row;
  DELETE FROM evovoice_short WHERE rowid = old.row;
END;
-- An administrator lists the files of all partners.
CREATE INDEX files_by_date ON files (date_created);
