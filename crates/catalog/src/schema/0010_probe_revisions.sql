-- By which revision of the probe a content was looked at last: what an older one refused is looked at again.
ALTER TABLE contents ADD COLUMN probe_revision INTEGER NOT NULL DEFAULT 0;
CREATE INDEX contents_refused ON contents (probe_revision) WHERE facts IS NULL;
