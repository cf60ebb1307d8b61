-- What cursors of lists are sealed under (cursor.rs). Those given out before are good no more.
INSERT INTO meta (key, value) VALUES ('cursor_key', lower(hex(randomblob(32))));
