import { describe, expect, test } from 'vitest';
import type { Json } from '../../protocol/json.ts';
import type { Finding } from '../../protocol/rights/import/finding.ts';
import { readCroissant } from './croissant.ts';

function usage(usageInfo: Json, members: Record<string, Json> = {}): { rules: unknown; findings: Finding[] } {
  const result = readCroissant({ '@type': 'Dataset', '@id': 'urn:orchard', ...members, usageInfo });
  if (!result.ok) throw new Error(result.reason);
  const { draft, findings } = result.value;
  return { rules: draft.rules ?? [], findings: findings.filter(({ path }) => path.startsWith('usageInfo')) };
}

const permission = (rule: Json, offer: Record<string, Json> = {}): Json => ({
  '@type': ['CreativeWork', 'odrl:Offer'],
  ...offer,
  'odrl:permission': rule,
});
const prohibition = (rule: Json, offer: Record<string, Json> = {}): Json => ({
  '@type': 'odrl:Offer',
  ...offer,
  'odrl:prohibition': rule,
});
const limit = (left: string, operator: string, right: Json): Json => ({
  '@type': 'odrl:Constraint',
  'odrl:leftOperand': { '@id': left },
  'odrl:operator': { '@id': operator },
  'odrl:rightOperand': right,
});
const derive = { 'odrl:action': { '@id': 'odrl:derive' } };

describe('what a rule says exactly becomes one', () => {
  test.each<[string, Json, object[]]>([
    ['a permission', permission(derive), [{ effect: 'permit', uses: ['derive'] }]],
    [
      'a prohibition of every use',
      prohibition({ 'odrl:action': 'odrl:use' }),
      [{ effect: 'prohibit', uses: expect.arrayContaining(['train', 'redistribute', 'search']) as string[] }],
    ],
    [
      'of commercial use',
      prohibition({ 'odrl:action': 'cc:CommericalUse' }),
      [{ effect: 'prohibit', purpose: 'commercial', uses: expect.arrayContaining(['train']) as string[] }],
    ],
    [
      'of mining',
      prohibition({ action: 'http://www.w3.org/ns/tdmrep#mine' }),
      [{ effect: 'prohibit', uses: ['analyse'] }],
    ],
    [
      'duties',
      permission({
        ...derive,
        'odrl:duty': [
          { 'odrl:action': 'odrl:attribute' },
          { '@type': 'odrl:Duty', 'odrl:action': { '@id': 'odrl:compensate' } },
        ],
      }),
      [{ effect: 'permit', uses: ['derive'], duties: ['attribute', 'pay'] }],
    ],
    [
      'places',
      permission({ ...derive, 'odrl:constraint': limit('odrl:spatial', 'odrl:isAnyOf', ['DE', 'FR']) }),
      [{ effect: 'permit', uses: ['derive'], territory: { include: ['DE', 'FR'] } }],
    ],
    [
      'times',
      permission({
        ...derive,
        'odrl:constraint': [
          limit('odrl:dateTime', 'odrl:gteq', '2026-01-01T00:00:00Z'),
          limit('odrl:dateTime', 'odrl:lteq', { '@type': 'xsd:dateTime', '@value': '2026-12-31T23:59:59Z' }),
        ],
      }),
      [{ effect: 'permit', uses: ['derive'], period: { from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' } }],
    ],
    [
      'a purpose, as Croissant’s example writes it',
      permission({
        ...derive,
        'odrl:constraint': [{ 'odrl:operator': { '@id': 'odrl:eq' }, 'odrl:rightOperand': { '@id': 'duo:0000046' } }],
      }),
      [{ effect: 'permit', uses: ['derive'], purpose: 'noncommercial' }],
    ],
    [
      'our own profile',
      permission(
        {
          'odrl:action': [{ '@id': 'fh:train.finetune' }, { '@id': 'fh:evaluate' }],
          'odrl:target': { '@id': 'ni:///sha-256;abc' },
          'odrl:constraint': [
            limit('fh:modelRelease', 'odrl:isA', { '@id': 'fh:internal' }),
            limit('odrl:industry', 'odrl:isNoneOf', ['military']),
          ],
        },
        { 'odrl:profile': { '@id': 'urn:firsthand:rights:v1' } },
      ),
      [
        {
          effect: 'permit',
          uses: ['train.finetune', 'evaluate'],
          modelRelease: 'internal',
          field: { exclude: ['military'] },
        },
      ],
    ],
    [
      'a term of DUO alone',
      { '@type': 'DefinedTerm', termCode: 'DUO_0000046', name: 'non-commercial use only' },
      [{ effect: 'prohibit', purpose: 'commercial', uses: expect.arrayContaining(['train']) as string[] }],
    ],
    [
      'a target that is the dataset',
      permission({ ...derive, 'odrl:target': { '@id': 'urn:orchard' } }),
      [{ effect: 'permit', uses: ['derive'] }],
    ],
  ])('%s', (_, value, rules) => {
    expect(usage(value).rules).toEqual(rules);
    expect(usage(value).findings).toMatchObject([{ outcome: 'taken' }]);
  });
});

describe('anything else is listed, and permits nothing', () => {
  test.each<[string, Json]>([
    ['a permission of any use', permission({ 'odrl:action': 'odrl:use' })],
    ['an action of another vocabulary', permission({ 'odrl:action': { '@id': 'duo:0000006' } })],
    ['a refined action', permission({ 'odrl:action': { '@id': 'odrl:derive', 'odrl:refinement': {} } })],
    ['no action', permission({})],
    ['an assignee', permission({ ...derive, 'odrl:assignee': 'https://example.org/us' })],
    ['another target', permission({ ...derive, 'odrl:target': 'https://example.org/other' })],
    ['a record as target, without our profile', permission({ ...derive, 'odrl:target': 'ni:///sha-256;abc' })],
    ['a duty that is none of ours', permission({ ...derive, 'odrl:duty': { 'odrl:action': 'odrl:obtainConsent' } })],
    [
      'a duty with an amount',
      permission({
        ...derive,
        'odrl:duty': { 'odrl:action': 'odrl:compensate', 'odrl:constraint': limit('odrl:payAmount', 'odrl:eq', '5') },
      }),
    ],
    [
      'a constraint that no rule has',
      permission({ ...derive, 'odrl:constraint': limit('odrl:count', 'odrl:lteq', '5') }),
    ],
    ['a country that is none', permission({ ...derive, 'odrl:constraint': limit('odrl:spatial', 'odrl:eq', 'UK') })],
    [
      'a day, whose time zone nobody said',
      permission({ ...derive, 'odrl:constraint': limit('odrl:dateTime', 'odrl:lt', '2026-12-31') }),
    ],
    [
      'two constraints of one kind',
      permission({
        ...derive,
        'odrl:constraint': [limit('odrl:spatial', 'odrl:eq', 'DE'), limit('odrl:spatial', 'odrl:eq', 'FR')],
      }),
    ],
    ['a logical constraint', permission({ ...derive, 'odrl:constraint': { 'odrl:or': { '@list': [] } } })],
    [
      'not-for-profit organisations',
      permission({ ...derive, 'odrl:constraint': { 'odrl:operator': 'odrl:eq', 'odrl:rightOperand': 'duo:0000018' } }),
    ],
    ['an unknown profile', permission(derive, { 'odrl:profile': 'https://example.org/profile' })],
    ['an obligation on the whole offer', permission(derive, { 'odrl:obligation': [{}] })],
    ['what it inherits', permission(derive, { 'odrl:inheritFrom': 'urn:other' })],
    ['a rule elsewhere', permission('urn:rule')],
    ['a condition of DUO', { '@type': 'DefinedTerm', termCode: 'DUO_0000042' }],
    ['prose', { '@type': 'CreativeWork', text: 'ask first' }],
    ['an address', 'https://example.org/terms'],
  ])('%s', (_, value) => {
    expect(usage(value).rules).toEqual([]);
    expect(usage(value).findings).toMatchObject([{ outcome: 'ambiguous' }]);
  });

  test('what an offer prohibits stays prohibited when its permissions cannot be read', () => {
    const value = {
      ...(permission(derive) as object),
      'odrl:prohibition': { 'odrl:action': 'odrl:distribute' },
      'odrl:obligation': {},
    };
    expect(usage(value).rules).toEqual([{ effect: 'prohibit', uses: ['redistribute'] }]);
  });

  test.each<[string, Json]>([
    ['limited', { ...derive, 'odrl:constraint': limit('odrl:spatial', 'odrl:isPartOf', 'EU') }],
    ['remedied', { ...derive, 'odrl:remedy': {} }],
    ['elsewhere', 'urn:rule'],
    ['one of many', Array.from({ length: 256 }, () => ({ 'odrl:action': 'odrl:distribute' }))],
  ])('of an offer whose prohibition cannot be read, for it is %s, nothing is permitted', (_, rule) => {
    const value = { ...(permission(derive) as object), 'odrl:prohibition': rule };
    const { rules, findings } = usage(value);
    expect(JSON.stringify(rules)).not.toContain('permit');
    expect(findings.find(({ path }) => path === 'usageInfo/odrl:permission')).toMatchObject({
      outcome: 'ambiguous',
      reason: expect.stringMatching(/prohibits what cannot be read: say it in rights.rules/) as string,
    });
  });

  test('more rules than a record may have are none', () => {
    const rules = Array.from({ length: 65 }, () => derive);
    expect(usage(permission(rules))).toMatchObject({ rules: [] });
  });
});
