-- The newest files of a container, as those of a partner.
CREATE INDEX files_by_creation ON files (container_sid, date_created, rowid);
