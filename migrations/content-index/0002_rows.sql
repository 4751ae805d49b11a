-- What was indexed so far knows nothing of rows: all of it is read again, from the first record on.
DELETE FROM content;
DELETE FROM manifests;

-- Files whose rows are addressed, as the manifests here list them.
CREATE TABLE row_files (
  -- Never given twice: who still works on a file that is gone must not meet another.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  manifest BLOB NOT NULL CHECK (length(manifest) = 32),
  -- Its line in the manifest, whose header is line 0.
  line INTEGER NOT NULL CHECK (line > 0),
  rows INTEGER NOT NULL CHECK (rows > 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  -- due: to be judged. waiting: for lists to be indexed. proven: its lists have its root. bad: they do not.
  state TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'waiting', 'proven', 'bad')),
  UNIQUE (manifest, line)
) STRICT;

CREATE INDEX row_files_due ON row_files (id) WHERE state = 'due';

-- Segments of row-digest lists: each once, however many files it belongs to.
CREATE TABLE row_segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  -- As the first manifest has it that names it; as it is, from `stored` on.
  rows INTEGER NOT NULL CHECK (rows BETWEEN 0 AND 1048576),
  -- Rows that are in the tree, and that are in the index, from its first on: whole blocks, until all are.
  hashed INTEGER NOT NULL DEFAULT 0 CHECK (hashed BETWEEN 0 AND rows),
  indexed INTEGER NOT NULL DEFAULT 0 CHECK (indexed BETWEEN 0 AND rows),
  -- unseen: nobody has looked whether it is stored. stored: to be hashed. unusable: what is stored is no list.
  -- proven: to be put into the index. removing: to be taken out of it, for no proven file has it any more.
  state TEXT NOT NULL DEFAULT 'unseen'
    CHECK (state IN ('unseen', 'absent', 'stored', 'unusable', 'hashed', 'proven', 'indexed', 'removing')),
  -- RFC 6962 root over its rows, once they are hashed.
  root BLOB CHECK (length(root) = 32),
  -- Whether it belongs to a proven file, so that its entries are answered.
  answers INTEGER NOT NULL DEFAULT 0 CHECK (answers IN (0, 1))
) STRICT;

-- SQLite sees that a state it is asked for is one of these only where they stand as alternatives.
CREATE INDEX row_segments_pending ON row_segments (state, id)
  WHERE state = 'unseen' OR state = 'stored' OR state = 'proven' OR state = 'removing';

-- Which segments a file's list consists of, in order.
CREATE TABLE row_lists (
  file INTEGER NOT NULL REFERENCES row_files (id),
  number INTEGER NOT NULL CHECK (number >= 0),
  segment INTEGER NOT NULL REFERENCES row_segments (id),
  PRIMARY KEY (file, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX row_lists_by_segment ON row_lists (segment, file);

-- Which manifests name a segment, and with how many rows: each once, however many of its files do.
CREATE TABLE segment_names (
  segment INTEGER NOT NULL REFERENCES row_segments (id),
  rows INTEGER NOT NULL CHECK (rows BETWEEN 1 AND 1048576),
  -- The id of the manifest's first file: the order in which manifests came.
  first INTEGER NOT NULL,
  manifest BLOB NOT NULL CHECK (length(manifest) = 32),
  -- A proven file of the manifest that has the segment; NULL until there is one.
  file INTEGER,
  PRIMARY KEY (segment, rows, first)
) STRICT, WITHOUT ROWID;

CREATE INDEX segment_names_proven ON segment_names (segment, first) WHERE file IS NOT NULL;

-- Blocks of 256 lines that a manifest with rows consists of, the last one shorter.
CREATE TABLE manifest_blocks (
  manifest BLOB NOT NULL CHECK (length(manifest) = 32),
  block INTEGER NOT NULL CHECK (block >= 0),
  -- Where it begins in the manifest, in bytes.
  offset INTEGER NOT NULL CHECK (offset >= 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  PRIMARY KEY (manifest, block)
) STRICT, WITHOUT ROWID;

-- Roots of the blocks of 4,096 rows that a segment consists of, the last one shorter.
CREATE TABLE row_blocks (
  segment INTEGER NOT NULL REFERENCES row_segments (id),
  block INTEGER NOT NULL CHECK (block BETWEEN 0 AND 255),
  root BLOB NOT NULL CHECK (length(root) = 32),
  PRIMARY KEY (segment, block)
) STRICT, WITHOUT ROWID;

-- Where rows of proven files are: the first of each digest in each segment. A part of the digest does: an entry only says where to look.
CREATE TABLE row_entries (
  prefix BLOB NOT NULL CHECK (length(prefix) = 12),
  segment INTEGER NOT NULL,
  row INTEGER NOT NULL,
  PRIMARY KEY (prefix, segment)
) STRICT, WITHOUT ROWID;

-- Up to which log index all records were gone through. No row before the first.
CREATE TABLE watermark (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  through INTEGER NOT NULL CHECK (through >= 0)
) STRICT;
