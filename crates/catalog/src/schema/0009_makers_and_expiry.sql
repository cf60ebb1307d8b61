-- Until when a token is good, Unix milliseconds; NULL is for ever.
ALTER TABLE tokens ADD COLUMN expires_at INTEGER;
CREATE INDEX tokens_by_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;
-- The token that made a file. NULL: made by an import, or before this step.
ALTER TABLE files ADD COLUMN created_by TEXT;
CREATE INDEX files_by_maker ON files (created_by, date_created) WHERE created_by IS NOT NULL;
-- The container that the uploads of an API go to is found by its name.
CREATE INDEX containers_by_name ON containers (partner_sid, name);
