-- What the manifests hold that are stored here. Rebuildable from the records and their manifests.
CREATE TABLE content (
  -- SHA-256 of a file, 32 bytes.
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  -- SHA-256 of a manifest that lists it.
  manifest BLOB NOT NULL CHECK (length(manifest) = 32),
  PRIMARY KEY (digest, manifest)
) STRICT, WITHOUT ROWID;

-- The blobs that were read as manifests: a row is written with the last of its files, so one that is here is complete.
CREATE TABLE manifests (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  -- What a record over it must declare, as JSON; NULL where the blob is no manifest.
  summary TEXT
) STRICT, WITHOUT ROWID;
