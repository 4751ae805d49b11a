import * as z from 'zod';
import { DatasetRecordSubject } from '../../schemas/dataset-record.ts';
import { HttpUrl } from '../../schemas/primitives.ts';
import type { ContentSummary } from '../../protocol/manifest.ts';
import type { Did, Digest } from '../../schemas/primitives.ts';
import { limits } from '../../schemas/limits.ts';
import { readTextIfThere } from './bounded-file.ts';
import { CliError } from './cli-error.ts';
import { KeyName } from './keys/key-store.ts';
import { readYaml, type YamlFile } from './yaml-file.ts';

const record = DatasetRecordSubject.shape;

/**
 * firsthand.yaml: a record's metadata in the words of the record itself, less what publishing computes (`id`,
 * `content`), plus how to publish it. A licence has no default: silence is not consent.
 */
export const Metadata = z.strictObject({
  name: record.name,
  description: record.description,
  version: record.version.default('1.0.0'),
  replaces: record.replaces,
  taskType: record.taskType,
  modality: record.modality.default(['text']),
  language: record.language,
  domain: record.domain,
  keywords: record.keywords,
  /** Records that this one composes. The files beside it are no content of it then, unless `content` says so. */
  parts: record.parts,
  /** `included`: the files are rows of the parts, which publishing checks. */
  content: z.literal('included').optional(),
  derivedFrom: record.derivedFrom,
  authorship: record.authorship,
  process: record.process,
  /** The holder is the signer unless named. */
  rights: z.strictObject({ ...record.rights.shape, holder: record.rights.shape.holder.optional() }),
  personalData: record.personalData.default('none'),
  consent: record.consent,
  /** Whether the manifest is uploaded. */
  visibility: z.enum(['public', 'withheld']).default('public'),
  registry: HttpUrl.optional(),
  key: KeyName.optional(),
});
export type Metadata = z.infer<typeof Metadata>;

/** Reads a dataset's metadata. Throws CliError that names the field and its line, or says how to make the file. */
export async function readMetadata(file: string, path: string): Promise<YamlFile<Metadata>> {
  const source = await readTextIfThere(file, limits.statementBytes);
  if (source === null) {
    throw new CliError(
      'not-found',
      `there is no ${file}, which describes the dataset`,
      `make one: firsthand init ${path}`,
    );
  }
  return readYaml(source, Metadata, file);
}

/** What will be signed. */
export function recordSubject(
  metadata: Metadata,
  signer: Did,
  of: { content: ContentSummary } | { composition: Digest },
): z.input<typeof DatasetRecordSubject> {
  const { visibility, registry: _registry, key: _key, content: _content, rights, ...described } = metadata;
  const subject = {
    ...described,
    ...('content' in of ? { id: of.content.root, content: { ...of.content, visibility } } : { id: of.composition }),
    rights: { ...rights, holder: rights.holder ?? signer },
  };
  return withoutUndefined(subject) as z.input<typeof DatasetRecordSubject>;
}

/** Canonical JSON has no undefined. */
const withoutUndefined = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
