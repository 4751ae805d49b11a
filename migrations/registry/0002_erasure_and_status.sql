-- What is deleted from the full-text index is to be gone, not only to be skipped.
INSERT INTO dataset_text (dataset_text, rank) VALUES ('secure-delete', 1);

-- Blobs that an erased statement named: their bytes go, unless another statement names them.
CREATE TABLE erased_blobs (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- The newest signed status lists, shared by whoever serves them. They can be made again from the log.
CREATE TABLE status_lists (
  list INTEGER PRIMARY KEY CHECK (list >= 0),
  -- Size of the tree that it reflects.
  size INTEGER NOT NULL,
  -- Milliseconds since the epoch.
  signed_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
