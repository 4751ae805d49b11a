import spdx from 'spdx-license-list/spdx.json' with { type: 'json' };
import currentIds from 'spdx-license-ids/index.json' with { type: 'json' };
import deprecatedIds from 'spdx-license-ids/deprecated.json' with { type: 'json' };

// Facts about how licences are named in the wild. Every lookup answers all that a name may stand for: one answer is an
// identification, several are not.

/** What people write where they name no licence. */
const SILENT: ReadonlySet<string> = new Set(
  (
    'none,null,nil,nan,n/a,na,-,?,other,others,unknown,undefined,unspecified,not specified,not available,not applicable,' +
    'not provided,not disclosed,no license,no license specified,no license information,noassertion,see description,' +
    'see readme,custom,various,mixed,tbd,todo'
  ).split(','),
);

/** No licences, though they sound like some, and what they may stand for. */
const PUBLIC_DOMAIN: ReadonlySet<string> = new Set([
  'public domain',
  'publicdomain',
  'pd',
  'us government works',
  'u.s. government works',
]);

/** Other addresses of licence texts than the one that SPDX lists first. */
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'Apache-2.0': ['apache.org/licenses/license-2.0', 'opensource.org/license/apache-2-0'],
  'BSD-2-Clause': ['opensource.org/license/bsd-2-clause'],
  'BSD-3-Clause': ['opensource.org/license/bsd-3-clause'],
  'CC-PDDC': ['creativecommons.org/licenses/publicdomain'],
  'CDLA-Permissive-1.0': ['cdla.dev/permissive-1-0', 'cdla.io/permissive-1-0'],
  'CDLA-Permissive-2.0': ['cdla.dev/permissive-2-0'],
  'CDLA-Sharing-1.0': ['cdla.dev/sharing-1-0', 'cdla.io/sharing-1-0'],
  MIT: ['opensource.org/license/mit', 'opensource.org/licenses/mit', 'mit-license.org'],
  'MPL-2.0': ['mozilla.org/en-us/mpl/2.0', 'opensource.org/license/mpl-2-0'],
  'ODC-By-1.0': ['opendatacommons.org/licenses/by/1-0', 'opendatacommons.org/licenses/by/1.0'],
  'ODbL-1.0': ['opendatacommons.org/licenses/odbl/1-0', 'opendatacommons.org/licenses/odbl/1.0'],
  'PDDL-1.0': ['opendatacommons.org/licenses/pddl/1-0', 'opendatacommons.org/licenses/pddl/1.0'],
  Unlicense: ['unlicense.org'],
};

/** Sites that keep one page a licence, under its identifier. */
const BY_IDENTIFIER =
  /^(?:spdx\.org\/licenses|opensource\.org\/licenses?|choosealicense\.com\/licenses)\/([a-z0-9.+-]+)$/;

/** Other names than the one that SPDX lists. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'Apache-2.0': [
    'apache license version 2.0',
    'apache license, version 2.0',
    'apache 2.0',
    'apache 2.0 license',
    'apache license v2.0',
  ],
  'BSD-2-Clause': ['bsd 2-clause', 'bsd 2-clause license', 'simplified bsd license'],
  'BSD-3-Clause': ['bsd 3-clause', 'bsd 3-clause license', 'new bsd license', 'modified bsd license'],
  'CC0-1.0': [
    'cc0 1.0',
    'cc0 1.0 universal',
    'cc0 1.0 universal (cc0 1.0) public domain dedication',
    'cc0 1.0 universal public domain dedication',
    'creative commons zero 1.0 universal',
  ],
  'CDLA-Permissive-1.0': ['community data license agreement - permissive - version 1.0'],
  'CDLA-Permissive-2.0': ['community data license agreement - permissive - version 2.0'],
  'CDLA-Sharing-1.0': ['community data license agreement - sharing - version 1.0'],
  MIT: ['mit', 'the mit license', 'mit license (mit)', 'expat license'],
  'ODC-By-1.0': ['open data commons attribution license (odc-by) v1.0', 'odc attribution license v1.0'],
  'ODbL-1.0': [
    'open database license v1.0',
    'odc open database license v1.0',
    'open data commons open database license (odbl) v1.0',
  ],
  'PDDL-1.0': [
    'odc public domain dedication and license v1.0',
    'open data commons public domain dedication and license (pddl) v1.0',
  ],
};

/** The kinds of Creative Commons licences, in its own words. */
const CREATIVE_COMMONS: Readonly<Record<string, string>> = {
  by: 'attribution',
  'by-sa': 'attribution-sharealike',
  'by-nd': 'attribution-noderivatives',
  'by-nc': 'attribution-noncommercial',
  'by-nc-sa': 'attribution-noncommercial-sharealike',
  'by-nc-nd': 'attribution-noncommercial-noderivatives',
};
const CC_VERSIONS: Readonly<Record<string, string>> = {
  '1.0': 'generic',
  '2.0': 'generic',
  '2.5': 'generic',
  '3.0': 'unported',
  '4.0': 'international',
};

/** A name without what makes no difference: case, spaces, the spelling of licence, and the word at its end. */
const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/licence/g, 'license')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^the /, '')
    .replace(/[ ,]+(public )?license$/, '');

/** An address without what makes no difference: scheme, `www.`, case, the form of the document. Null where it is none. */
export function plainAddress(text: string): string | null {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.port !== '') return null;
  const path = url.pathname
    .replace(/\/{2,}/g, '/')
    .replace(/\/(?:legalcode|deed)(?:\.[a-z_-]+)?(?:\.txt)?\/?$/i, '')
    .replace(/\.(?:html?|txt|php|json)$/i, '');
  return `${url.hostname.replace(/^www\./, '')}${path}${url.search}`.replace(/\/$/, '').toLowerCase();
}

type Index = ReadonlyMap<string, readonly string[]>;

function indexOf(entries: Iterable<readonly [string | null, string]>): Index {
  const index = new Map<string, Set<string>>();
  for (const [key, id] of entries) {
    if (key !== null) index.set(key, (index.get(key) ?? new Set()).add(id));
  }
  return new Map([...index].map(([key, ids]) => [key, [...ids]]));
}

// `GPL-2.0+` is written as an expression today.
const listed = Object.entries(spdx as Readonly<Record<string, { name: string; url?: string }>>).filter(
  ([id]) => !id.endsWith('+'),
);

const byIdentifier: ReadonlyMap<string, string> = new Map(
  [...deprecatedIds, ...currentIds].map((id) => [id.toLowerCase(), id]),
);

const byName = indexOf([
  ...listed.filter(([id]) => !deprecatedIds.includes(id)).map(([id, { name }]) => [plainName(name), id] as const),
  ...Object.entries(NAMES).flatMap(([id, names]) => names.map((name) => [plainName(name), id] as const)),
  ...creativeCommonsNames(),
]);

const byAddress = indexOf([
  ...listed.map(([id, { url }]) => [url === undefined ? null : plainAddress(url), id] as const),
  ...Object.entries(ADDRESSES).flatMap(([id, addresses]) => addresses.map((address) => [address, id] as const)),
]);

function creativeCommonsNames(): (readonly [string, string])[] {
  return Object.entries(CREATIVE_COMMONS).flatMap(([code, words]) =>
    Object.entries(CC_VERSIONS).flatMap(([version, scope]) => {
      const id = byIdentifier.get(`cc-${code}-${version}`);
      if (id === undefined) return [];
      const short = `cc ${code} ${version}`;
      const long = `creative commons ${words} ${version}`;
      return [
        short,
        `cc-${code} ${version}`,
        `${short} ${scope}`,
        long,
        `${long} ${scope}`,
        `${long} (${short})`,
        `${long} ${scope} (${short})`,
        `${words} ${version} ${scope} (${short})`,
      ].map((name) => [plainName(name), id] as const);
    }),
  );
}

export const saysNothing = (text: string): boolean =>
  SILENT.has(
    text
      .trim()
      .toLowerCase()
      .replace(/licence/g, 'license'),
  );
export const saysPublicDomain = (text: string): boolean => PUBLIC_DOMAIN.has(text.trim().toLowerCase());

/** The identifier in SPDX's own spelling: SPDX has them compared without regard to case. Null where SPDX lists none. */
export const identifierFor = (text: string): string | null => byIdentifier.get(text.toLowerCase()) ?? null;

/** All licences that have this name. */
export const idsByName = (name: string): readonly string[] => byName.get(plainName(name)) ?? [];

/** All licences whose text is at this address, as {@link plainAddress} made it. */
export function idsByAddress(address: string): readonly string[] {
  const [, page] = BY_IDENTIFIER.exec(address) ?? [];
  const own = page === undefined ? null : identifierFor(page);
  const [, code, version, country] =
    /^creativecommons\.org\/licenses\/([a-z-]+)\/([0-9.]+)(?:\/([a-z]+))?$/.exec(address) ?? [];
  const ported =
    code === undefined
      ? null
      : identifierFor(['cc', code, version, ...(country === undefined ? [] : [country])].join('-'));
  return own !== null ? [own] : ported !== null ? [ported] : (byAddress.get(address) ?? []);
}

/** Licences of the family that a text names without saying which, as `cc-by` or `GPL`; the general ones first. */
export function familyOf(text: string): readonly string[] {
  const slug = text
    .trim()
    .toLowerCase()
    .replace(/ license$/, '')
    .replace(/[\s_]+/g, '-');
  const isMember = (id: string): boolean => id.startsWith(slug) && /^[-.]/.test(id.slice(slug.length));
  return slug.length < 2
    ? []
    : currentIds.filter((id) => isMember(id.toLowerCase())).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
}
