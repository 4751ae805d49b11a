import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { limits } from '../../../schemas/limits.ts';
import type { Digest } from '../../../schemas/primitives.ts';
import { digestOf } from '../../../protocol/digest.ts';
import { encodeManifest } from '../../../protocol/manifest.ts';
import { encodeCertificate } from '../../../protocol/verify/certificate.ts';
import { registry } from '../../../test/support/log.ts';
import { drafts, manifestOf, signed } from '../../../test/support/statements.ts';
import { RegistryClient } from '../../registry-client.ts';
import type { Content } from '../content/read-content.ts';
import { createOutput } from '../output.ts';
import { Evidence } from './evidence.ts';

const FILES: Content['files'] = [
  { path: 'data.txt', mediaType: 'text/plain', bytes: 1, sha256: '0'.repeat(64), rowDigests: null },
];
const held: Content = { isFolder: true, files: FILES, [Symbol.dispose]: () => undefined };

test('a record that says less of a manifest than is there spoils no other’s', async () => {
  const { log, alice } = await registry();
  const manifests = new Map(
    ['honest', 'lying'].map((name): [Digest, string] => {
      const manifest = encodeManifest(manifestOf({ 'data.txt': name }));
      return [digestOf(manifest), manifest];
    }),
  );
  const honest = drafts.record(alice.did, 'honest');
  const lies = ['honest', 'lying'].map((name) => {
    const { content } = drafts.record(alice.did, name).subject;
    if (content === undefined) throw new Error('a record without content');
    return drafts.record(alice.did, name, { name: `${name}, and small`, content: { ...content, manifestBytes: 1 } });
  });
  const parts = [];
  for (const draft of [honest, ...lies]) parts.push(log.append(await signed(draft, alice)).id);
  const whole = log.append(await signed(drafts.composition(alice.did, parts), alice));
  const certificate = encodeCertificate(await log.certificate({ subject: whole.id }));
  const client = new RegistryClient({
    url: 'https://registry.example',
    fetch: async (url) => new Response(manifests.get(String(url).replace(/.*\//, '') as Digest) ?? certificate),
  });
  const stderr = new PassThrough();
  const out = createOutput(new PassThrough(), stderr, { json: false, env: {} });
  using evidence = new Evidence({ out, now: () => log.now }, client, []);
  expect(await evidence.admit(whole.id, held)).toBe(true);
  expect(evidence.localContent(held)?.manifests[0]).toBe([...manifests.values()][0]);
  stderr.end();
  expect(await text(stderr)).toMatch(/^note: sha256:[0-9a-f]{64} is left out: .* larger than 1 bytes\n$/);
});

test('manifests that are not there, or smaller than is said, take no room from those that are', async () => {
  const { log, alice } = await registry();
  const manifest = encodeManifest(manifestOf({ 'data.txt': 'honest' }));
  const small = encodeManifest(manifestOf({ 'data.txt': 'small' }));
  const large = Array.from({ length: 32 }, (_, i) => {
    const name = i === 0 ? 'small' : `absent ${i}`;
    const { content } = drafts.record(alice.did, name).subject;
    if (content === undefined) throw new Error('a record without content');
    return drafts.record(alice.did, name, { content: { ...content, manifestBytes: limits.manifestBytes } });
  });
  const parts = [];
  for (const draft of [...large, drafts.record(alice.did, 'honest')])
    parts.push(log.append(await signed(draft, alice)).id);
  const whole = log.append(await signed(drafts.composition(alice.did, parts), alice));
  const served = new Map<string, string>([
    [`blobs/${digestOf(manifest)}`, manifest],
    [`blobs/${digestOf(small)}`, small],
    [`${whole.id}/certificate`, encodeCertificate(await log.certificate({ subject: whole.id }))],
  ]);
  const client = new RegistryClient({
    url: 'https://registry.example',
    fetch: async (url) => {
      const blob = served.get(String(url).split('/').slice(-2).join('/'));
      return new Response(blob, { status: blob === undefined ? 404 : 200 });
    },
  });
  const stderr = new PassThrough();
  const out = createOutput(new PassThrough(), stderr, { json: false, env: {} });
  using evidence = new Evidence({ out, now: () => log.now }, client, []);
  expect(await evidence.admit(whole.id, held)).toBe(true);
  expect(evidence.localContent(held)?.manifests.slice(0, 2)).toEqual([small, manifest]);
  stderr.end();
  expect(await text(stderr)).toBe('');
});

test('a certificate that makes them too large together is left out', async () => {
  const { log, alice } = await registry();
  const one = log.append(await signed(drafts.record(alice.did, 'one'), alice));
  const other = log.append(await signed(drafts.record(alice.did, 'other'), alice));
  const certificates = new Map<string, string>();
  for (const { id } of [one, other]) certificates.set(id, encodeCertificate(await log.certificate({ subject: id })));
  const [first = '', second = ''] = certificates.values();
  const client = new RegistryClient({
    url: 'https://registry.example',
    fetch: async (url) => new Response(certificates.get(String(url).split('/').at(-2) ?? '') ?? null),
  });
  const out = createOutput(new PassThrough(), new PassThrough(), { json: true, env: {} });
  for (const [spare, held] of [
    [-1, [first]],
    [0, [first, second]],
  ] as const) {
    using evidence = new Evidence({ out, now: () => log.now }, client, [], first.length + second.length + spare);
    expect(await evidence.admit(one.id, null)).toBe(true);
    expect(await evidence.admit(other.id, null)).toBe(spare === 0);
    expect(evidence.certificates()).toEqual(held);
  }
});

test('what is served for a record and is no certificate is left out', async () => {
  const { log, alice } = await registry();
  const { id } = log.append(await signed(drafts.record(alice.did, 'one'), alice));
  const certificate = encodeCertificate(await log.certificate({ subject: id }));
  const out = createOutput(new PassThrough(), new PassThrough(), { json: true, env: {} });
  for (const served of ['', '{}', certificate.slice(0, -1)]) {
    const client = new RegistryClient({ url: 'https://registry.example', fetch: async () => new Response(served) });
    using evidence = new Evidence({ out, now: () => log.now }, client, []);
    expect(await evidence.admit(id, null)).toBe(false);
    expect(evidence.certificates()).toEqual([]);
  }
});
