import { expect, test } from 'vitest';
import type { Digest } from '../../schemas/primitives.ts';
import { HOUR, registry } from '../../test/support/log.ts';
import { drafts, manifestOf, signed } from '../../test/support/statements.ts';
import { detailsOf, failuresOf, judge } from '../../test/support/verify.ts';
import { encodeManifest, summarizeContent } from '../manifest.ts';
import type { LocalContent } from './content.ts';

const FILES = { 'a.txt': 'first', 'b/c.txt': 'second', 'd.txt': 'third' };
const manifest = manifestOf(FILES);
const text = encodeManifest(manifest);

/** A record over {@link FILES}, and a way to hold local files against it. */
async function world() {
  const all = await registry();
  const content = { ...summarizeContent(text, manifest), visibility: 'public' as const };
  const record = all.log.append(
    await signed(drafts.record(all.alice.did, 'x', { id: content.root, content }), all.alice),
  );
  const certificate = await all.log.certificate({ subject: record.id });
  const holding = (files: Record<string, string>, minCoverage?: number, manifests = [text]) => {
    const local: LocalContent = { files: manifestOf(files).files, manifests };
    const policy = minCoverage === undefined ? {} : { content: { minCoverage } };
    return judge(certificate, { log: all.log, policy, content: local });
  };
  return { ...all, record, certificate, holding };
}

test('the very files are covered, whatever they are called', async () => {
  const { holding, record } = await world();
  const report = await holding({ 'renamed.txt': 'first', 'b/c.txt': 'second', 'd.txt': 'third' }, 1);
  expect(failuresOf(report)).toEqual([]);
  expect(report.coverage).toEqual({
    rows: 3,
    matched: 3,
    unmatched: 0,
    files: 3,
    duplicates: 0,
    refused: 0,
    humans: { min: 1, max: 1 },
    assistance: { none: 1 },
    byRecord: [
      {
        record: record.id,
        contributor: record.document.issuer,
        rows: 3,
        share: 1,
        assistance: 'none',
        standing: 'active',
        accepted: true,
      },
    ],
  });
});

test('a changed file is named, with what it was; so is one that was never there', async () => {
  const { holding } = await world();
  const changed = await holding({ ...FILES, 'a.txt': 'tampered' });
  expect(failuresOf(changed)).toEqual(['content.coverage']);
  expect(detailsOf(changed, 'content.coverage')).toContain(
    `a.txt was changed: certified sha256 ${manifest.files[0]?.sha256}`,
  );
  const added = await holding({ ...FILES, 'extra.txt': 'extra' });
  expect(detailsOf(added, 'content.coverage')).toContain('extra.txt is in no certified record');
});

test('minCoverage is a share of what is held: reached, it is a warning', async () => {
  const { holding } = await world();
  const partly = { ...FILES, 'extra.txt': 'extra' };
  expect(failuresOf(await holding(partly, 0.75))).toEqual([]);
  expect(detailsOf(await holding(partly, 0.75), 'content.coverage')).toBe('warn: 3 of 4 files here are certified');
  expect(failuresOf(await holding(partly, 0.76))).toEqual(['content.coverage']);
});

test('no files, or none given where the policy asks: a failure', async () => {
  const { log, certificate, holding } = await world();
  expect(failuresOf(await holding({}, 0))).toEqual(['content.coverage']);
  const unasked = await judge(certificate, { log });
  expect(detailsOf(unasked, 'content.coverage')).toMatch(/^skipped/);
  const asked = await judge(certificate, { log, policy: { content: { minCoverage: 0 } } });
  expect(failuresOf(asked)).toEqual(['content.coverage', 'content.root']);
});

test('a manifest that is missing, or that is not the record’s, proves nothing', async () => {
  const { holding } = await world();
  const forged = encodeManifest(manifestOf({ ...FILES, 'extra.txt': 'extra' }));
  for (const manifests of [[], [forged], ['garbage'], [text.trimEnd()]]) {
    expect(failuresOf(await holding(FILES, undefined, manifests))).toEqual(['content.coverage', 'content.root']);
  }
  expect(failuresOf(await holding(FILES, undefined, [forged, 'garbage', text]))).toEqual([]);
});

test('files are accounted for by the record of a composition that holds them', async () => {
  const { log, issuer, alice, bob, record } = await world();
  log.append(await signed(drafts.credential(bob.did, 'Bob'), issuer), log.now + HOUR);
  const assistance = { role: 'editor' as const, assistance: { level: 'assisted' as const } };
  const other = log.append(await signed(drafts.record(bob.did, 'by Bob', { authorship: assistance }), bob));
  const both = log.append(await signed(drafts.composition(alice.did, [record.id, other.id]), alice));
  const content = {
    files: manifestOf({ ...FILES, 'data.txt': 'by Bob' }).files,
    manifests: [text, encodeManifest(manifestOf({ 'data.txt': 'by Bob' }))],
  };
  const report = await judge(await log.certificate({ subject: both.id }), { log, content });
  expect(failuresOf(report)).toEqual([]);
  expect(report.coverage?.byRecord).toMatchObject([
    { record: record.id, rows: 3, share: 0.75, assistance: 'none', standing: 'active' },
    { record: other.id, rows: 1, share: 0.25, assistance: 'assisted', standing: 'active' },
  ]);
});

test('one manifest under many records is read and gone through once, and proves only those that it fits', async () => {
  const { log, alice, bob, issuer, record } = await world();
  log.append(await signed(drafts.credential(bob.did, 'Bob'), issuer), log.now + HOUR);
  const { content } = record.document.credentialSubject;
  const subject = { id: content?.root as Digest, content: content as NonNullable<typeof content> };
  const again = log.append(await signed(drafts.record(bob.did, 'again', subject), bob));
  const lie = { ...subject, content: { ...subject.content, bytes: 1 } };
  const liar = log.append(await signed(drafts.record(bob.did, 'liar', lie), bob));
  const whole = log.append(
    await signed(drafts.composition(alice.did, [record.id, again.id, liar.id].toSorted()), alice),
  );
  const certificate = await log.certificate({ subject: whole.id });
  const manifests = Array.from({ length: 3 }, () => text);
  const report = await judge(certificate, { log, content: { files: manifest.files, manifests } });
  expect(report.coverage).toMatchObject({ files: 3, matched: 3 });
  expect(report.coverage?.byRecord, 'each file counts for one record').toHaveLength(1);
  expect(report.checks.filter(({ id }) => id === 'content.root').map(({ statement }) => statement)).toEqual([liar.id]);
});
