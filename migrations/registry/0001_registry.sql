-- The log's truth. A statement's place in the log is its key; everything else here is derived from these rows or
-- written with them in one transaction.
CREATE TABLE statements (
  log_index INTEGER PRIMARY KEY CHECK (log_index >= 0),
  id TEXT NOT NULL UNIQUE CHECK (length(id) = 71),
  kind TEXT NOT NULL,
  issuer TEXT NOT NULL,
  -- Milliseconds since the epoch; never decreases along the log.
  logged_at INTEGER NOT NULL,
  -- The canonical bytes; NULL once erased.
  body TEXT
) STRICT;

CREATE TRIGGER statements_insert BEFORE INSERT ON statements
WHEN new.log_index <> (SELECT coalesce(max(log_index) + 1, 0) FROM statements)
  OR EXISTS (SELECT 1 FROM statements WHERE id = new.id)
BEGIN
  SELECT RAISE(ABORT, 'a statement is logged once, at the end of the log');
END;

CREATE TRIGGER statements_change BEFORE UPDATE ON statements
WHEN new.body IS NOT NULL OR new.log_index <> old.log_index OR new.id <> old.id OR new.kind <> old.kind
  OR new.issuer <> old.issuer OR new.logged_at <> old.logged_at
BEGIN
  SELECT RAISE(ABORT, 'statements are append-only: a body may be erased, nothing else changes');
END;

CREATE TRIGGER statements_delete BEFORE DELETE ON statements
BEGIN
  SELECT RAISE(ABORT, 'statements are append-only');
END;

-- What a statement refers to: a key (accredits, attests) or another statement.
CREATE TABLE refs (
  relation TEXT NOT NULL
    CHECK (relation IN ('accredits', 'attests', 'part', 'source', 'replaces', 'reviews', 'grants', 'revokes')),
  target TEXT NOT NULL,
  log_index INTEGER NOT NULL REFERENCES statements (log_index),
  PRIMARY KEY (relation, target, log_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX refs_by_source ON refs (log_index);

-- Revocations by the place of what they revoke: a status list reads one range of it.
CREATE TABLE revocations (
  target_index INTEGER NOT NULL REFERENCES statements (log_index),
  log_index INTEGER NOT NULL REFERENCES statements (log_index),
  PRIMARY KEY (target_index, log_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX revocations_by_place ON revocations (log_index);

-- Blobs that a logged statement names, and how large each may be.
CREATE TABLE blob_refs (
  digest TEXT NOT NULL,
  log_index INTEGER NOT NULL REFERENCES statements (log_index),
  max_bytes INTEGER NOT NULL,
  PRIMARY KEY (digest, log_index)
) STRICT, WITHOUT ROWID;

-- Dataset records, for search.
CREATE TABLE datasets (
  log_index INTEGER PRIMARY KEY REFERENCES statements (log_index),
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  task_type TEXT NOT NULL,
  license TEXT NOT NULL,
  -- Rank of the effective assistance level: the worst of the record's own and its ancestors'.
  assistance INTEGER NOT NULL CHECK (assistance BETWEEN 0 AND 4),
  manifest TEXT
) STRICT;

CREATE TABLE dataset_terms (
  facet TEXT NOT NULL CHECK (facet IN ('domain', 'language')),
  term TEXT NOT NULL,
  log_index INTEGER NOT NULL REFERENCES statements (log_index),
  PRIMARY KEY (facet, term, log_index)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE dataset_text USING fts5 (name, description, keywords);

-- C2SP tlog-tiles: each tile once, at its widest.
CREATE TABLE tiles (
  level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
  tile_index INTEGER NOT NULL CHECK (tile_index >= 0),
  hashes BLOB NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  PRIMARY KEY (level, tile_index)
) STRICT;

CREATE TRIGGER tiles_change BEFORE UPDATE ON tiles
WHEN new.level <> old.level OR new.tile_index <> old.tile_index
  OR substr(new.hashes, 1, length(old.hashes)) <> old.hashes
BEGIN
  SELECT RAISE(ABORT, 'tiles only grow');
END;

CREATE TRIGGER tiles_delete BEFORE DELETE ON tiles
BEGIN
  SELECT RAISE(ABORT, 'tiles only grow');
END;

-- Every checkpoint that was ever published. A commit extends exactly one: of two that start from the same size, the
-- second violates previous_size, and its whole transaction with it.
CREATE TABLE checkpoints (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  previous_size INTEGER NOT NULL UNIQUE CHECK (previous_size >= 0 AND previous_size < size),
  note TEXT NOT NULL
) STRICT;

CREATE TRIGGER checkpoints_cover BEFORE INSERT ON checkpoints
WHEN new.size <> (SELECT coalesce(max(log_index) + 1, 0) FROM statements)
  OR new.previous_size <> coalesce((SELECT max(size) FROM checkpoints), 0)
BEGIN
  SELECT RAISE(ABORT, 'a checkpoint covers the whole log and follows the newest one');
END;

CREATE TRIGGER checkpoints_change BEFORE UPDATE ON checkpoints
BEGIN
  SELECT RAISE(ABORT, 'checkpoints never change');
END;

CREATE TRIGGER checkpoints_delete BEFORE DELETE ON checkpoints
BEGIN
  SELECT RAISE(ABORT, 'checkpoints never change');
END;
