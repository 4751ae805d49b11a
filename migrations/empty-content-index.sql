-- Not a migration: empties the content index, which is then made anew from the log and the blobs.
DELETE FROM watermark;
DELETE FROM manifests;
DELETE FROM content;
DELETE FROM segment_names;
DELETE FROM row_lists;
DELETE FROM row_files;
DELETE FROM row_blocks;
DELETE FROM manifest_blocks;
DELETE FROM row_entries;
DELETE FROM row_segments;
