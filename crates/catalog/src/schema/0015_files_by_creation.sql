-- The newest files of a container, of a partner and of all, by words of their names or not: each index tells it alone.
CREATE INDEX files_by_creation ON files (container_sid, date_created, name);
DROP INDEX files_by_partner;
CREATE INDEX files_by_partner ON files (partner_sid, date_created, name);
DROP INDEX files_by_date;
CREATE INDEX files_by_date ON files (date_created, name);
