-- Which records contain which file. Rebuildable from the records and their manifests.
CREATE TABLE content (
  -- SHA-256, 32 bytes.
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  -- The record's place in the log.
  log_index INTEGER NOT NULL,
  PRIMARY KEY (digest, log_index)
) STRICT, WITHOUT ROWID;
