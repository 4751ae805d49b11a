import { expect, test } from 'vitest';
import { fromHex, utf8 } from '../../protocol/bytes.ts';
import { canonicalJson, parseJson } from '../../protocol/json.ts';

const inputs = import.meta.glob<string>('../../../shared/vectors/jcs/input/*.json', {
  eager: true,
  query: '?raw',
  import: 'default',
});
const outputs = import.meta.glob<string>('../../../shared/vectors/jcs/output/*.json', {
  eager: true,
  query: '?raw',
  import: 'default',
});
const hexes = import.meta.glob<string>('../../../shared/vectors/jcs/outhex/*.txt', {
  eager: true,
  query: '?raw',
  import: 'default',
});

const byName = (files: Record<string, string>): Map<string, string> =>
  new Map(Object.entries(files).map(([path, text]) => [path.replace(/^.*\/|\.\w+$/g, ''), text]));

if (Object.keys(inputs).length === 0) {
  test.skip('jcs vectors: ../shared is not there, skipped', () => {});
} else {
  test.for([...byName(inputs)])('%s: parses, and has the canonical bytes of RFC 8785', ([name, text]) => {
    const parsed = parseJson(text);
    if (!parsed.ok) throw new Error(parsed.reason.detail);
    const canonical = canonicalJson(parsed.value);
    expect(canonical).toBe(byName(outputs).get(name)?.trimEnd());
    expect(utf8(canonical)).toEqual(fromHex((byName(hexes).get(name) as string).replace(/\s/g, '')));
  });

  test.for([...byName(outputs)])('%s: its canonical form is its own', ([, text]) => {
    const parsed = parseJson(text.trimEnd());
    expect(parsed.ok && canonicalJson(parsed.value)).toBe(text.trimEnd());
  });
}
