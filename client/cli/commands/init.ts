import { mkdir } from 'node:fs/promises';
import * as z from 'zod';
import { Document } from 'yaml';
import { AssistanceLevel, AuthorRole, LicenseExpression, Modality, TaskType } from '../../../schemas/dataset-record.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Coverage } from '../../../schemas/report.ts';
import { utf8 } from '../../../protocol/bytes.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { datasetFiles, kindOfPath, nameFor } from '../dataset-folder.ts';
import { createDurably, writeDurably } from '../durable-file.ts';
import { readFlag } from '../flags.ts';
import { noteImports } from '../importing/import-view.ts';
import { readImports, type Imported, type ImportOptions } from '../importing/imports.ts';
import { licenceFault, noteLicence } from '../licence-check.ts';
import { ask, canAsk } from '../keys/passphrase.ts';
import { Metadata } from '../metadata.ts';
import { text } from '../terminal.ts';
import { readYaml } from '../yaml-file.ts';

export interface InitOptions extends ImportOptions {
  name?: string;
  description?: string;
  taskType?: string;
  license?: string;
  assistance?: string;
  role?: string;
  language?: string[];
  domain?: string[];
  modality?: string[];
  part?: string[];
  rightsHolder?: string;
  yes?: boolean;
  force?: boolean;
}

/** Options that fill what an import might. */
const GIVEN = ['name', 'description', 'taskType', 'license', 'language', 'domain'] as const;

/**
 * Writes the metadata of a dataset beside it, from flags, from what is imported and, on a terminal, from answers. `composed`
 * is how the parts cover the files there, where these are content of the record.
 */
export async function init(cli: Cli, path: string, options: InitOptions, composed?: Coverage): Promise<void> {
  const kind = await kindOfPath(path);
  if (kind === 'nothing' && options.part === undefined) {
    throw new CliError(
      'not-found',
      `no such file or folder: ${path}`,
      'make the folder and put your files in it; a dataset that only composes others needs none: give --part ID',
    );
  }
  const { metadata: file } = datasetFiles(path, kind !== 'file');
  const given = new Set<string>(GIVEN.filter((option) => options[option] !== undefined));
  const imported = await readImports(cli, kind === 'nothing' ? null : path, options, given);
  noteImports(cli, imported.from);
  const answers = {
    ...(await complete(cli, path, options, imported)),
    ...(composed === undefined ? {} : { content: 'included' as const }),
  };
  noteLicence(cli, answers.rights.license);
  const source = render(answers);
  if (utf8(source).length > limits.statementBytes) {
    throw new CliError('usage', `${file} would be larger than ${limits.statementBytes} bytes, which no record may be`);
  }
  readYaml(source, Metadata, file);
  if (kind === 'nothing') await mkdir(path, { recursive: true });
  if (options.force === true) {
    await writeDurably(file, source);
  } else if (!(await createDurably(file, source))) {
    throw new CliError('conflict', `${file} exists already`, 'edit it, or replace it with --force');
  }
  cli.out.result(
    {
      file,
      metadata: answers,
      ...(composed === undefined ? {} : { coverage: composed }),
      ...(imported.from.length === 0 ? {} : { imported: imported.from }),
    },
    () => text`${composed === undefined ? '' : `every row is in a part: ${composed.rows} of ${composed.rows}\n`}wrote ${file}
next: look it over, then firsthand publish ${path}`,
  );
}

/** One that somebody can read. */
const SpdxExpression = LicenseExpression.superRefine((expression, context) => {
  const fault = licenceFault(expression);
  if (fault !== null) context.addIssue(fault);
});

type Answers = z.input<typeof Metadata>;

async function complete(cli: Cli, path: string, options: InitOptions, { draft, from }: Imported): Promise<Answers> {
  const { part: parts } = options;
  const interactive = options.yes !== true && canAsk(cli);
  const question = questioner(cli, interactive, from);
  const one = async <T>(
    schema: z.ZodType<T>,
    given: string | undefined,
    flag: string,
    prompt: string,
    fallback?: string,
  ): Promise<T> => {
    for (;;) {
      const value = given ?? (await question(prompt, flag, fallback));
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      // A slip of the keyboard must not cost the answers before it.
      if (given !== undefined || !interactive) return readFlag(schema, value, flag);
      cli.out.note(text`${parsed.error.issues[0]?.message ?? 'invalid'}`);
    }
  };

  const name = await one(Metadata.shape.name, options.name ?? draft.name, '--name', 'Name', nameFor(path));
  const description =
    options.description ?? draft.description ?? (await question('Description (may be empty)', '--description', ''));
  const taskType = await one(
    TaskType,
    options.taskType ?? draft.taskType,
    '--task-type',
    `Task type (${TaskType.options.join(', ')})`,
  );
  const license = await one(
    SpdxExpression,
    options.license ?? draft.license,
    '--license',
    'Licence (SPDX, e.g. CC-BY-4.0)',
  );
  // To compose is not to write: a composition’s own level is none, and its parts’ levels show through.
  const assistance = await one(
    AssistanceLevel,
    options.assistance,
    '--assistance',
    `How much did a model do? (${AssistanceLevel.options.join(' < ')})`,
    parts === undefined ? undefined : 'none',
  );
  const role = await one(
    AuthorRole,
    options.role,
    '--role',
    `Your part in it (${AuthorRole.options.join(', ')})`,
    parts === undefined ? 'author' : 'curator',
  );
  const answers = {
    name,
    ...(description === '' ? {} : { description }),
    version: draft.version ?? '1.0.0',
    taskType,
    modality: options.modality ?? ['text'],
    ...listed('language', options.language ?? draft.language),
    ...listed('domain', options.domain ?? draft.domain),
    ...listed('keywords', draft.keywords),
    ...(parts === undefined ? {} : { parts }),
    authorship: { role, assistance: { level: assistance } },
    rights: {
      ...(options.rightsHolder === undefined ? {} : { holder: options.rightsHolder }),
      license,
      ...listed('rules', draft.rules),
    },
    personalData: 'none' as const,
  };
  return check(answers);
}

const listed = <K extends string, T>(field: K, list: readonly T[] | undefined): { [key in K]?: T[] } =>
  (list === undefined ? {} : { [field]: [...list] }) as { [key in K]?: T[] };

/** Checks the flags that were taken whole, and names the one at fault. */
function check(answers: object): Answers {
  const flags = z.object({
    description: Metadata.shape.description,
    modality: z.array(Modality),
    language: Metadata.shape.language,
    domain: Metadata.shape.domain,
    parts: Metadata.shape.parts,
    rights: Metadata.shape.rights,
  });
  const parsed = flags.safeParse(answers);
  if (parsed.success) return answers as Answers;
  const issue = parsed.error.issues[0];
  const field = String(issue?.path[0]);
  const flag =
    field === 'parts'
      ? 'part'
      : field === 'rights'
        ? issue?.path[1] === 'holder'
          ? 'rights-holder'
          : 'license'
        : field;
  throw new CliError('usage', `--${flag}: ${issue?.message}`);
}

/** Asks on a terminal; elsewhere takes the default, and where there is none says which flag is missing. */
const questioner =
  (cli: Cli, interactive: boolean, from: Imported['from']) =>
  async (prompt: string, flag: string, fallback?: string): Promise<string> => {
    if (interactive) {
      const answer = (await ask(cli, `${prompt}${fallback ? ` [${fallback}]` : ''}: `)).trim();
      if (answer !== '') return answer;
    }
    if (fallback === undefined) {
      throw new CliError('usage', `${flag} is needed`, `add ${flag} …; it has no default`, unread(cli, from));
    }
    return fallback;
  };

/** What an import left open: under --json nobody was told of it yet. */
const unread = (cli: Cli, from: Imported['from']): { path: string; message: string }[] =>
  (cli.out.json ? from : []).flatMap(({ findings }) =>
    findings
      .filter(({ outcome }) => outcome === 'ambiguous' || outcome === 'unusable')
      .map(({ path, reason }) => ({ path, message: reason })),
  );

/** The metadata as a file that a person will edit. */
function render(answers: Answers): string {
  const document = new Document(answers);
  document.commentBefore =
    ' What this dataset is, who made it how, and what may be done with it.\n' +
    ' Every word of it is signed when you publish. Modality: text, code, image, audio, video, tabular, multimodal, other.\n' +
    ' Also possible: keywords, derivedFrom, process, replaces, visibility: withheld.';
  return document.toString({ lineWidth: 0 });
}
