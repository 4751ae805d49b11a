-- What is permitted to everybody: each answer once, as text (protocol/rights/permits.ts). Ids are never used again, so
-- whoever has read one need not read it twice.
CREATE TABLE permits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL,
  -- Who signed the first record that needed it.
  signer TEXT NOT NULL
) STRICT;

CREATE INDEX permits_by_signer ON permits (signer);

-- Search goes through all answers there are: nobody may add more than so many.
CREATE TRIGGER permits_insert BEFORE INSERT ON permits
WHEN NOT EXISTS (SELECT 1 FROM permits WHERE digest = new.digest)
  AND (SELECT count(*) FROM permits WHERE signer = new.signer) >= 256
BEGIN
  SELECT RAISE(IGNORE);
END;

-- When a dataset is permitted what, over its whole lineage: for as long as all of it stands. No row, no permit. A row has
-- rows of all of its ancestors behind it, or waits in permitted_due with them.
CREATE TABLE permitted (
  permits INTEGER NOT NULL REFERENCES permits (id),
  log_index INTEGER NOT NULL REFERENCES statements (log_index),
  -- Milliseconds since the epoch; until is not part of it.
  since INTEGER NOT NULL,
  until INTEGER NOT NULL CHECK (until > since),
  -- Of the lineage: its longest path, and its records, counted along every path.
  depth INTEGER NOT NULL,
  records INTEGER NOT NULL,
  PRIMARY KEY (permits, log_index, since)
) STRICT, WITHOUT ROWID;

CREATE INDEX permitted_by_place ON permitted (log_index);
-- Those that end.
CREATE INDEX permitted_ending ON permitted (until) WHERE until < 8640000000000000;

-- Datasets that have to be judged (again): they have no rows above. `doubted` is the place of what put them here last.
CREATE TABLE permitted_due (
  log_index INTEGER PRIMARY KEY REFERENCES statements (log_index),
  doubted INTEGER NOT NULL
) STRICT;

INSERT INTO permitted_due (log_index, doubted) SELECT log_index, 0 FROM datasets;

CREATE INDEX datasets_by_task ON datasets (task_type);
