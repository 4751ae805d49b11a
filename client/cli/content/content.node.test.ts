import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/run-cli.ts';
import { ContentHasher, hashContent } from './hash-content.ts';
import { ChangedFileError, CHUNK, hashFile } from './hash-file.ts';
import { mediaTypeOf } from '../../content/media-type.ts';
import type { SpooledFile } from './hash-spooled.ts';
import { SpoolFolder } from './spool.ts';
import { findContent, type FoundFile } from './walk.ts';

const write = (folder: string, path: string, content: string | Uint8Array = path): string => {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  return file;
};

async function hash(files: readonly FoundFile[], onBytes?: (bytes: number) => void): Promise<SpooledFile[]> {
  using folder = new SpoolFolder();
  return await hashContent(files, folder, onBytes);
}

describe('what counts as content', () => {
  test('every file, dotfiles too, but not what Firsthand wrote', async () => {
    const folder = temporaryFolder();
    for (const path of [
      'a.jsonl',
      'sub/b.txt',
      '.env',
      'sub/.hidden',
      'firsthand.yaml',
      '.firsthand/statement.json',
      '.git/HEAD',
      'sub/.DS_Store',
    ]) {
      write(folder, path);
    }
    write(folder, 'a.jsonl.firsthand.yaml');
    write(folder, 'a.jsonl.firsthand/certificate.json');
    const found = await findContent(folder);
    expect(found.files.map((file) => file.path).toSorted()).toEqual(['.env', 'a.jsonl', 'sub/.hidden', 'sub/b.txt']);
    expect(found.skipped.toSorted()).toEqual(['.git', 'a.jsonl.firsthand', 'a.jsonl.firsthand.yaml', 'sub/.DS_Store']);
  });

  test('a name alone hides nothing: x.firsthand counts where there is no x', async () => {
    const folder = temporaryFolder();
    write(folder, 'secret.firsthand/data.jsonl');
    write(folder, 'other.firsthand.yaml');
    const { files } = await findContent(folder);
    expect(files.map((file) => file.path).toSorted()).toEqual(['other.firsthand.yaml', 'secret.firsthand/data.jsonl']);
  });

  test('one file goes by its own name', async () => {
    const file = write(temporaryFolder(), 'deep/rows.csv');
    expect((await findContent(file)).files).toMatchObject([{ path: 'rows.csv', bytes: 13 }]);
  });
});

describe('what is refused, by name', () => {
  test.each([
    ['a link to a file', (folder: string) => symlinkSync('/etc/hostname', join(folder, 'link'))],
    ['a link to a folder', (folder: string) => symlinkSync('/etc', join(folder, 'link'))],
    ['a dangling link', (folder: string) => symlinkSync('nowhere', join(folder, 'link'))],
  ])('%s', async (_name, make) => {
    const folder = temporaryFolder();
    make(folder);
    await expect(findContent(folder)).rejects.toMatchObject({
      code: 'invalid-file',
      message: expect.stringMatching(/link is a symbolic link/) as string,
    });
  });

  test('a link given as the path itself', async () => {
    const folder = temporaryFolder();
    symlinkSync('.', join(folder, 'self'));
    await expect(findContent(join(folder, 'self'))).rejects.toThrow(/symbolic link/);
  });

  test('a pipe', async () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(findContent(folder)).rejects.toThrow(/pipe is not a regular file/);
    // And one that took a file's place after the walk does not block the reader.
    await expect(hashFile(join(folder, 'pipe'))).rejects.toThrow(ChangedFileError);
  });

  test.each([
    ['a backslash', 'a\\b'],
    ['a newline', 'a\nb'],
    ['an escape', 'a\u001b[2Jb'],
    ['a decomposed accent', 'cafe\u0301'],
  ])('a name with %s', async (_name, name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), '');
    await expect(findContent(folder)).rejects.toMatchObject({ code: 'invalid-file', hint: 'rename it' });
  });

  test('a name that is not UTF-8', async () => {
    const folder = temporaryFolder();
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]), '');
    // Decoded loosely, that has the name of this one.
    writeFileSync(join(folder, '\ufffd\ufffd'), '');
    await expect(findContent(folder)).rejects.toThrow(/not UTF-8: ÿþ/);
  });

  test('but not one with the character that stands for what is not', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a\ufffd'), '');
    expect((await findContent(folder)).files).toMatchObject([{ path: 'a\ufffd' }]);
  });

  test('what is not there', async () => {
    await expect(findContent(join(temporaryFolder(), 'nope'))).rejects.toMatchObject({ code: 'not-found' });
  });

  test('a file that cannot be read', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const file = write(folder, 'mine');
    chmodSync(file, 0);
    // Root reads everything, so be nobody meanwhile.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(hash([{ path: 'mine', location: file, bytes: 4 }])).rejects.toThrow(/cannot read .*mine/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

describe('hashing', () => {
  test('gives SHA-256 and the size, in pieces and for an empty file', async () => {
    const folder = temporaryFolder();
    const content = Buffer.alloc(2_500_000, 'firsthand');
    const seen: number[] = [];
    const hashed = await hashFile(write(folder, 'big', content), { onBytes: (bytes) => seen.push(bytes) });
    expect(hashed).toEqual({ bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
    expect(seen.reduce((sum, bytes) => sum + bytes, 0)).toBe(content.length);
    // Around what is read at a time.
    for (const bytes of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1]) {
      const sha256 = createHash('sha256').update(content.subarray(0, bytes)).digest('hex');
      expect(await hashFile(write(folder, 'some', content.subarray(0, bytes)))).toEqual({ bytes, sha256 });
    }
  });

  test('refuses a file that grows, shrinks or is rewritten meanwhile', async () => {
    const folder = temporaryFolder();
    const content = Buffer.alloc(3_000_000);
    const once = (change: (file: string) => void) => {
      const file = write(folder, 'moving', content);
      let changed = false;
      return hashFile(file, {
        onBytes() {
          if (!changed) change(file);
          changed = true;
        },
      });
    };
    await expect(once((file) => appendFileSync(file, 'more'))).rejects.toThrow(ChangedFileError);
    await expect(once((file) => truncateSync(file, 1_500_000))).rejects.toThrow(ChangedFileError);
    await expect(once((file) => writeFileSync(file, Buffer.alloc(3_000_000, 1)))).rejects.toThrow(ChangedFileError);
    const small = (change: (file: string) => void) => {
      const file = write(folder, 'small', 'a few bytes');
      return hashFile(file, { onBytes: () => change(file) });
    };
    await expect(small((file) => appendFileSync(file, 'more'))).rejects.toThrow(ChangedFileError);
    await expect(small((file) => truncateSync(file, 5))).rejects.toThrow(ChangedFileError);
  });

  test('does not follow a link that took the file’s place', async () => {
    const folder = temporaryFolder();
    const target = write(folder, 'target');
    symlinkSync(target, join(folder, 'swapped'));
    await expect(hash([{ path: 'swapped', location: join(folder, 'swapped'), bytes: 6 }])).rejects.toThrow(
      /is a symbolic link/,
    );
  });

  test('on threads answers in the order asked, and passes failures on', async () => {
    const folder = temporaryFolder();
    const contents = [20, 3, 17].map((megabytes, i) => Buffer.alloc(megabytes * 1024 * 1024, i));
    const files = contents.map((content, i) => ({
      path: `${i}`,
      location: write(folder, `${i}`, content),
      bytes: content.length,
    }));
    let progress = 0;
    const hashed = await hash(files, (bytes) => (progress += bytes));
    expect(hashed.map((file) => file.sha256)).toEqual(
      contents.map((content) => createHash('sha256').update(content).digest('hex')),
    );
    expect(progress).toBe(40 * 1024 * 1024);
    const missing = { path: 'x', location: join(folder, 'x'), bytes: 1 };
    await expect(hash([...files, missing])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('hashing while a folder is walked', () => {
  const thresholds = { thread: 0, allThreads: Number.MAX_SAFE_INTEGER };
  const many = (): string => {
    const folder = temporaryFolder();
    for (let i = 0; i < 900; i++) write(folder, `${i % 3}/${i}`, `${i}`);
    return folder;
  };

  test('every file is hashed, however many went to a thread together', async () => {
    using spool = new SpoolFolder();
    await using hasher = new ContentHasher(spool, undefined, thresholds);
    const { files } = await findContent(many(), hasher.add);
    const hashed = await hasher.end();
    expect(hashed.size).toBe(900);
    for (const file of files) {
      const sha256 = createHash('sha256').update(basename(file.path)).digest('hex');
      expect(hashed.get(file)).toEqual({ bytes: file.bytes, sha256, list: null });
    }
  });

  test('what may not be there is told, whatever failed before, and nothing is left', async () => {
    const folder = many();
    const spool = new SpoolFolder();
    await using hasher = new ContentHasher(spool, undefined, thresholds);
    hasher.add({ path: 'gone', location: join(folder, 'gone'), bytes: 2 ** 19 });
    symlinkSync(folder, join(folder, '2/link'));
    await expect(findContent(folder, hasher.add)).rejects.toThrow(/link is a symbolic link/);
    await expect(hasher.end()).rejects.toMatchObject({ code: 'ENOENT' });
    spool[Symbol.dispose]();
    expect(existsSync(spool.path)).toBe(false);
  });
});

test.each([
  ['train.jsonl', 'application/jsonl'],
  ['README.md', 'text/markdown'],
  ['a.csv', 'text/csv'],
  ['x.tar.gz', 'application/gzip'],
  ['photo.JPG', 'image/jpeg'],
  ['data.parquet', 'application/vnd.apache.parquet'],
  ['LICENSE', 'application/octet-stream'],
])('%s is %s', (path, type) => {
  expect(mediaTypeOf(path)).toBe(type);
});
