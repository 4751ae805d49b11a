import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import { toBase64Url, utf8 } from '../../protocol/bytes.ts';
import { digestOf, sha256Bytes } from '../../protocol/digest.ts';
import { signerFromSeed, type Signer } from '../../protocol/ed25519/signer.ts';
import { compositionRoot, encodeManifest, summarizeContent, type Manifest } from '../../protocol/manifest.ts';
import { signStatement, type Draft, type ParsedStatement } from '../../protocol/statement.ts';

/** When the tests' statements begin to hold. */
export const VALID_FROM = '2026-01-01T00:00:00Z';

/** A key that is the same on every run. */
export const signerOf = (name: string): Promise<Signer> => signerFromSeed(sha256Bytes(utf8(`test key of ${name}`)));

/** 43 base64url characters, as issuers give people. */
export const nullifierOf = (person: string): string => toBase64Url(sha256Bytes(utf8(`nullifier of ${person}`)));

/** Some statement id that no test logs. */
export const idOf = (name: string): StatementId => digestOf(`statement ${name}`) as StatementId;

type Subject<K extends StatementKind> = Draft<K>['subject'];

const draft = <K extends StatementKind>(kind: K, subject: Subject<K>): Draft<K> => ({
  kind,
  subject,
  validFrom: VALID_FROM,
});

/** The smallest valid draft of each kind; `more` adds to or replaces fields of the subject. */
export const drafts = {
  accreditation: (id: Did, more: Partial<Subject<'Accreditation'>> = {}): Draft<'Accreditation'> =>
    draft('Accreditation', { id, name: 'Some Body', roles: [], ...more }),

  identityIssuer: (id: Did, more: Partial<Subject<'Accreditation'>> = {}): Draft<'Accreditation'> =>
    drafts.accreditation(id, {
      roles: ['identity-issuer'],
      frameworks: [{ framework: 'nist-800-63-4', maxLevel: 'IAL2' }],
      ...more,
    }),

  credential: (id: Did, person: string, more: Partial<Subject<'HumanCredential'>> = {}): Draft<'HumanCredential'> =>
    draft('HumanCredential', {
      id,
      verification: {
        framework: 'nist-800-63-4',
        level: 'IAL2',
        method: 'remote-document+liveness',
        verifiedAt: VALID_FROM,
      },
      nullifier: nullifierOf(person),
      ...more,
    }),

  /** A record over a manifest of one file that holds `text`. */
  record: (holder: Did, text: string, more: Partial<Subject<'DatasetRecord'>> = {}): Draft<'DatasetRecord'> => {
    const manifest = manifestOf({ 'data.txt': text });
    const summary = summarizeContent(encodeManifest(manifest), manifest);
    return draft('DatasetRecord', {
      id: summary.root,
      name: `Record of ${text}`,
      version: '1.0.0',
      taskType: 'sft-demonstration',
      modality: ['text'],
      content: { ...summary, visibility: 'public' },
      authorship: { role: 'author', assistance: { level: 'none' } },
      rights: { holder, license: 'CC-BY-4.0' },
      personalData: 'none',
      ...more,
    });
  },

  composition: (
    holder: Did,
    parts: StatementId[],
    more: Partial<Subject<'DatasetRecord'>> = {},
  ): Draft<'DatasetRecord'> => {
    const { content: _, ...subject } = drafts.record(holder, 'parts').subject;
    return draft('DatasetRecord', { ...subject, id: compositionRoot(parts), name: 'Composition', parts, ...more });
  },

  review: (record: StatementId, more: Partial<Subject<'ReviewRecord'>> = {}): Draft<'ReviewRecord'> =>
    draft('ReviewRecord', {
      id: record,
      rubric: { name: 'House rubric', version: '3', digest: digestOf('rubric') },
      verdict: 'accept',
      scores: [],
      startedAt: VALID_FROM,
      submittedAt: VALID_FROM,
      sawModelOutput: false,
      sawOtherReviews: false,
      ...more,
    }),

  grant: (licensee: Did, record: StatementId, more: Partial<Subject<'RightsGrant'>> = {}): Draft<'RightsGrant'> =>
    draft('RightsGrant', { id: licensee, record, rules: [{ effect: 'permit', uses: ['train'] }], ...more }),

  revocation: (target: StatementId, more: Partial<Subject<'Revocation'>> = {}): Draft<'Revocation'> =>
    draft('Revocation', { id: target, reason: 'withdrawn', ...more }),
};

/** A manifest of files with these texts. */
export const manifestOf = (files: Record<string, string>): Manifest => ({
  files: Object.entries(files).map(([path, text]) => ({
    path,
    bytes: utf8(text).length,
    mediaType: 'text/plain',
    sha256: digestOf(text).slice('sha256:'.length),
  })),
});

/** Signs a draft that must be in order. */
export async function signed<K extends StatementKind>(draftOf: Draft<K>, signer: Signer): Promise<ParsedStatement<K>> {
  const result = await signStatement(draftOf, signer);
  if (!result.ok) throw new Error(result.reason.detail);
  return result.value;
}
