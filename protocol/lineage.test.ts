import { describe, expect, test } from 'vitest';
import type { AssistanceLevel } from '../schemas/dataset-record.ts';
import { limits } from '../schemas/limits.ts';
import type { StatementId } from '../schemas/primitives.ts';
import { drafts, idOf, signed, signerOf } from '../test/support/statements.ts';
import { Evidence, type Logged, type Present } from './evidence.ts';
import { effectiveAssistance, lineageOf, wayTo } from './lineage.ts';

const alice = await signerOf('alice');
const template = (await signed(drafts.record(alice.did, 'x'), alice)).document;

interface Node {
  parts?: string[];
  sources?: string[];
  level?: AssistanceLevel;
  erased?: boolean;
}

/**
 * Evidence of records that name each other as told, in the order of the log. Ids are made up, which lets a cycle exist
 * that no one could sign.
 */
function evidenceOf(graph: Record<string, Node>): Evidence {
  const statements = Object.entries(graph).map(([name, { parts, sources, level, erased }], index): Logged => {
    const subject = {
      ...template.credentialSubject,
      ...(parts === undefined ? {} : { parts: parts.map(idOf) }),
      ...(sources === undefined
        ? {}
        : { derivedFrom: sources.map((source) => ({ id: idOf(source), relation: 'filtered' as const })) }),
      authorship: { role: 'author' as const, assistance: { level: level ?? ('none' as const) } },
    };
    const document: Present<'DatasetRecord'>['document'] = { ...template, credentialSubject: subject };
    return {
      id: idOf(name),
      kind: 'DatasetRecord',
      index,
      loggedAt: index,
      document: erased === true ? null : document,
    };
  });
  return new Evidence(alice.did, statements);
}

const walk = (graph: Record<string, Node>, subject = 'top') => {
  const { records, faults } = lineageOf(evidenceOf(graph), idOf(subject));
  const names = new Map<StatementId, string>(Object.keys(graph).map((name) => [idOf(name), name]));
  return {
    names: records.map(({ id }) => names.get(id)),
    faults: faults.map(({ detail }) => detail.replace(/sha256:\S+/g, '#')),
  };
};

describe('lineageOf', () => {
  test('walks parts and sources, the subject first, each record once', () => {
    const graph = {
      base: {},
      left: { sources: ['base'] },
      right: { parts: ['base'] },
      top: { parts: ['left', 'right', 'base'] },
    };
    const { names, faults } = walk(graph);
    expect(names[0]).toBe('top');
    expect([...names].sort()).toEqual(['base', 'left', 'right', 'top']);
    expect(faults).toEqual([]);
  });

  test('names what is missing or erased, once, and goes on', () => {
    const { names, faults } = walk({
      gone: { erased: true },
      here: { parts: ['lost'] },
      top: { parts: ['lost', 'gone', 'here'] },
    });
    expect(names).toEqual(['top', 'here']);
    expect([...faults].sort()).toEqual(['# is missing', '# was erased']);
    expect(walk({}).faults).toEqual(['# is missing']);
  });

  test('ends on a cycle, and says so', () => {
    expect(walk({ top: { parts: ['top'] } }).faults).toContain('# is its own ancestor');
    const { names, faults } = walk({ a: { parts: ['top'] }, b: { sources: ['a'] }, top: { parts: ['b'] } });
    expect(names).toEqual(['top', 'b', 'a']);
    expect(faults).toContain('# is its own ancestor');
  });

  test('a diamond is no cycle', () => {
    expect(
      walk({ base: {}, l: { parts: ['base'] }, r: { parts: ['base', 'l'] }, top: { parts: ['l', 'r'] } }).faults,
    ).toEqual([]);
  });

  test('refuses an ancestor that was logged after its descendant: no honest log has one', () => {
    const { faults } = walk({ top: { parts: ['late'] }, late: { level: 'synthetic' } });
    expect(faults).toEqual(['# was logged before its ancestor #']);
  });

  test('goes as deep as the bound, and refuses to go deeper', () => {
    const chain = (depth: number): Record<string, Node> =>
      Object.fromEntries(
        Array.from({ length: depth + 1 }, (_, i) => [
          i === depth ? 'top' : `n${i}`,
          i === 0 ? {} : { parts: [`n${i - 1}`] },
        ]),
      );
    expect(walk(chain(limits.lineageDepth)).faults).toEqual([]);
    expect(walk(chain(limits.lineageDepth + 1)).faults).toEqual([`the lineage is deeper than ${limits.lineageDepth}`]);
  });

  test('reads no more records than the bound', () => {
    const count = limits.lineageRecords;
    const leaves = Array.from({ length: count }, (_, i) => `n${i}`);
    const graph = (parts: string[]) => ({ ...Object.fromEntries(leaves.map((name) => [name, {}])), top: { parts } });
    expect(walk(graph(leaves.slice(1))).names).toHaveLength(count);
    expect(walk(graph(leaves)).faults).toEqual([`the lineage is over ${count} records`]);
  });
});

describe('effectiveAssistance', () => {
  const levelsOf = (graph: Record<string, Node>): Record<string, AssistanceLevel | undefined> => {
    const levels = effectiveAssistance(lineageOf(evidenceOf(graph), idOf('top')));
    return Object.fromEntries(Object.keys(graph).map((name) => [name, levels.get(idOf(name))]));
  };

  test('is the worst of a record’s own and every ancestor’s', () => {
    const graph: Record<string, Node> = {
      made: { level: 'synthetic' },
      human: { level: 'none' },
      filtered: { sources: ['made'], level: 'editing' },
      curated: { parts: ['human'], level: 'assisted' },
      top: { parts: ['filtered', 'curated'], level: 'none' },
    };
    expect(levelsOf(graph)).toEqual({
      made: 'synthetic',
      human: 'none',
      filtered: 'synthetic',
      curated: 'assisted',
      top: 'synthetic',
    });
  });

  test('composition never launders, however many steps lie between', () => {
    const steps = Array.from({ length: 60 }, (_, i) => [`s${i}`, { parts: [i === 0 ? 'made' : `s${i - 1}`] }] as const);
    const graph = { made: { level: 'generated' as const }, ...Object.fromEntries(steps), top: { sources: ['s59'] } };
    expect(levelsOf(graph)['top']).toBe('generated');
  });
});

test('the way to an ancestor is the shortest, whatever goes round in circles', () => {
  const evidence = evidenceOf({
    source: {},
    near: { sources: ['source'] },
    far: { parts: ['near'] },
    whole: { parts: ['far', 'near', 'gone'], sources: ['whole'] },
  });
  const way = (to: string) => wayTo(evidence, idOf('whole'), idOf(to));
  expect(way('source')).toEqual(['whole', 'near', 'source'].map(idOf));
  expect(way('whole')).toEqual([idOf('whole')]);
  expect(way('gone'), 'it is not there, and named all the same').toEqual(['whole', 'gone'].map(idOf));
  expect(way('elsewhere')).toEqual([]);
});
