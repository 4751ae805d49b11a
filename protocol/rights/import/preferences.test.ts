import { describe, expect, test } from 'vitest';
import type { Json } from '../../json.ts';
import { AIPREF_LENGTH, readAipref } from './aipref.ts';
import { readCawg } from './cawg.ts';

const aipref = (text: string) => {
  const read = readAipref(text);
  if (!read.ok) throw new Error(read.reason);
  return { rules: read.value.rules, outcomes: read.value.findings.map(({ path, outcome }) => `${path} ${outcome}`) };
};

describe('AIPREF', () => {
  test('a no prohibits all that its word may cover, a yes permits what it surely covers', () => {
    expect(aipref('train-ai=n, search=y')).toEqual({
      rules: [
        { effect: 'prohibit', uses: ['train', 'distil'] },
        { effect: 'permit', uses: ['search'], duties: ['attribute'] },
      ],
      outcomes: ['train-ai taken', 'search taken'],
    });
    expect(aipref('train-ai=y').rules).toEqual([{ effect: 'permit', uses: ['train.pretrain', 'train.finetune'] }]);
    expect(aipref('ai-use=n').rules).toEqual([
      { effect: 'prohibit', uses: ['ground', 'evaluate', 'synthesise', 'distil'] },
    ]);
  });

  test.each([
    ['train-ai', 'a bare key is a boolean'],
    ['train-ai="y"', 'a string is no token'],
    ['train-ai=yes', 'a token other than y and n'],
    ['train-ai=y;until=2030', 'a parameter may narrow it'],
    ['train-ai=(y)', 'an inner list'],
    ['train-genai=y', 'a label of an earlier draft'],
    ['constructor=y', 'no label, whatever objects have'],
    ['train-ai=y, train-ai=?1', 'the last of a key counts'],
  ])('%s permits nothing: %s', (text) => {
    const { rules, outcomes } = aipref(text);
    expect(rules).toEqual([]);
    expect(outcomes).toEqual([expect.stringMatching(/ ambiguous$/)]);
  });

  test('a no with a parameter is a no', () => {
    expect(aipref('train-ai=n;reason="art"').rules).toMatchObject([{ effect: 'prohibit' }]);
  });

  test.each([
    'Train-AI=n',
    'train-ai=n,',
    'train-ai=ü',
    '=',
    'train-ai=n\nsearch=n',
    `search=${'n'.repeat(AIPREF_LENGTH)}`,
  ])('refuses %s', (text) => {
    expect(readAipref(text)).toMatchObject({ ok: false });
  });
});

describe('CAWG', () => {
  const entries = (map: Record<string, Json>) => readCawg({ entries: map });

  test('allowed and notAllowed are rules; constrained permits nothing and tells its constraint', () => {
    const read = entries({
      'cawg.ai_training': { use: 'allowed' },
      'cawg.ai_generative_training': { use: 'notAllowed' },
      'cawg.data_mining': { use: 'constrained', constraint_info: 'ask first' },
    });
    expect(read).toMatchObject({
      ok: true,
      value: {
        rules: [
          { effect: 'permit', uses: ['train.discriminative'] },
          { effect: 'prohibit', uses: ['train.pretrain', 'train.finetune', 'train.preference', 'train.rl', 'distil'] },
        ],
        findings: [
          { path: 'entries/cawg.ai_training', outcome: 'taken' },
          { outcome: 'taken' },
          { outcome: 'ambiguous', reason: expect.stringMatching(/“ask first”/) as string },
        ],
      },
    });
  });

  test('reads an assertion of a manifest, and the entries of C2PA 1.x', () => {
    const data = { entries: { 'c2pa.ai_inference': { use: 'notAllowed' } } };
    expect(readCawg({ label: 'c2pa.training-mining', data })).toMatchObject({
      value: { rules: [{ effect: 'prohibit' }] },
    });
  });

  test.each([
    ['maybe', 'cawg.ai_training', { use: 'maybe' }],
    ['a bare word', 'cawg.ai_training', 'allowed'],
    ['allowed with a constraint', 'cawg.ai_training', { use: 'allowed', constraint_info: 'not on Sundays' }],
    ['an entry of its own', 'org.example.rag', { use: 'allowed' }],
    ['a member of every object', 'toString', { use: 'allowed' }],
  ])('%s permits nothing', (_, label, entry) => {
    expect(entries({ [label]: entry })).toMatchObject({
      value: { rules: [], findings: [{ outcome: expect.not.stringMatching('taken') as string }] },
    });
  });

  test.each([[null], [[]], [{}], [{ entries: [] }], [{ label: 'c2pa.actions', data: { entries: {} } }]])(
    'refuses %j',
    (value) => {
      expect(readCawg(value)).toMatchObject({ ok: false });
    },
  );

  test('refuses thousands of entries', () => {
    expect(entries(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`x.${i}`, {}])))).toMatchObject({
      ok: false,
    });
  });
});
