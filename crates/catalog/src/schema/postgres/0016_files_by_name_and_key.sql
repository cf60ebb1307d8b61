-- A filter on names finds its rows in the index alone; files are found, and told in order, by their first key.
CREATE INDEX files_named ON files (container_sid, name, rowid);
DROP INDEX files_by_name;
CREATE INDEX files_by_key ON files (container_sid, string_key_1 NULLS FIRST, rowid);
