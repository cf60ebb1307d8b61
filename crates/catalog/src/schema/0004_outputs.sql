-- What is learned of outputs goes with its content and is bounded (outputs.rs); what was learned so far is learned again.
DROP TABLE output_layouts;
DROP TABLE output_checkpoints;
CREATE TABLE outputs (
  output INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
  content_hash TEXT NOT NULL REFERENCES contents ON DELETE CASCADE, length_bytes INTEGER NOT NULL) STRICT;
CREATE INDEX outputs_by_content ON outputs (content_hash);
CREATE TABLE output_layouts (
  output INTEGER PRIMARY KEY REFERENCES outputs ON DELETE CASCADE,
  header BLOB NOT NULL, offsets BLOB NOT NULL) STRICT;
CREATE TABLE output_checkpoints (
  output INTEGER NOT NULL REFERENCES outputs ON DELETE CASCADE, segment INTEGER NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY (output, segment)) STRICT, WITHOUT ROWID;
-- All outputs' bytes, counted as the usage of containers is.
CREATE TABLE outputs_total (length_bytes INTEGER NOT NULL) STRICT;
INSERT INTO outputs_total VALUES (0);
CREATE TRIGGER outputs_counted_in AFTER INSERT ON outputs BEGIN
  UPDATE outputs_total SET length_bytes = length_bytes + new.length_bytes;
END;
CREATE TRIGGER outputs_counted_out AFTER DELETE ON outputs BEGIN
  UPDATE outputs_total SET length_bytes = length_bytes - old.length_bytes;
END;
CREATE TRIGGER outputs_counted_anew AFTER UPDATE OF length_bytes ON outputs BEGIN
  UPDATE outputs_total SET length_bytes = length_bytes - old.length_bytes + new.length_bytes;
END;
