-- What an operator calls a token, and when it was used last (Unix milliseconds).
ALTER TABLE tokens ADD COLUMN name TEXT;
ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
