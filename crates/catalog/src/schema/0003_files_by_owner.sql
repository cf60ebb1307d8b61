-- The one attribute of files that could be filtered and ordered by without an index of its own.
CREATE INDEX files_by_owner ON files (container_sid, partner_sid);
