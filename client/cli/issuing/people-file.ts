import type { Readable } from 'node:stream';
import type * as z from 'zod';
import { HumanCredentialSubject } from '../../../schemas/human-credential.ts';
import { Timestamp, type Did } from '../../../schemas/primitives.ts';
import { timestampOf } from '../../../protocol/time.ts';
import { CliError } from '../cli-error.ts';
import type { NullifierOf } from '../keys/nullifier.ts';
import { readCsv, type CsvRecord } from './csv.ts';
import { unusableKeys } from './usable-keys.ts';

/** A credential that an issuer wants a key to have. */
export interface Wanted {
  /** Where the file asks for it; 0 for the command line. */
  line: number;
  did: Did;
  nullifier: string;
  /** Without `verifiedAt`, any time will do that the registry already knows, else now. */
  verification: Omit<HumanCredentialSubject['verification'], 'verifiedAt'> & { verifiedAt?: string | undefined };
  expertise?: HumanCredentialSubject['expertise'];
  /** Without one, any will do that has not passed, else none. */
  validUntil?: string | undefined;
}

/** What is wrong with a line, and in which column. */
export interface Fault {
  line: number;
  column: string | null;
  message: string;
}

const EXPERTISE = ['field', 'basis', 'authority', 'jurisdiction', 'reference', 'validUntil'] as const;

/** Columns of a file of people, as its first line names them. */
const COLUMNS = [
  'did',
  'person',
  'framework',
  'level',
  'method',
  'verifiedAt',
  'validUntil',
  ...EXPERTISE.map((field) => `expertise.${field}` as const),
] as const;
type Column = (typeof COLUMNS)[number];
type Cells = Partial<Record<Column, string>>;

/** What a cell that is empty, or a column that is not there, stands for. */
export type Defaults = Partial<Record<'framework' | 'level' | 'method' | 'verifiedAt' | 'validUntil', string>> & {
  expertise?: HumanCredentialSubject['expertise'];
};

/** People of one file: each is held in memory until all are known to be in order. */
const PEOPLE = 1_000_000;

interface Reading {
  name: string;
  defaults: Defaults;
  nullifierOf: NullifierOf;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Reads a whole file of people. It names every line at fault; a file that has no usable head is a CliError. */
export async function readPeople(source: Readable, reading: Reading): Promise<{ people: Wanted[]; faults: Fault[] }> {
  const people: Wanted[] = [];
  const faults: Fault[] = [];
  const byDid = new Map<Did, Wanted>();
  let columns: Column[] | null = null;
  for await (const record of readCsv(source, reading.name)) {
    if (columns === null) {
      columns = readHead(record, reading);
      continue;
    }
    if (people.length + faults.length >= PEOPLE) {
      throw new CliError('invalid-file', `${reading.name} has more than ${PEOPLE} people`, 'split it');
    }
    const found = readLine(record, columns, reading);
    const duplicate = 'did' in found ? duplicateOf(found, byDid) : null;
    if (!('did' in found)) faults.push(...found.faults);
    else if (duplicate !== null) faults.push(duplicate);
    else {
      people.push(found);
      byDid.set(found.did, found);
    }
  }
  if (columns === null) throw noHead(reading.name);
  const unusable = unusableKeys(people.map(({ did }) => did));
  for (const { line, did } of unusable.size === 0 ? [] : people) {
    if (unusable.has(did)) faults.push({ line, column: 'did', message: 'is not a key that can sign: copy it again' });
  }
  return { people, faults: faults.sort((a, b) => a.line - b.line) };
}

const noHead = (name: string): CliError =>
  new CliError('invalid-file', `${name}: line 1: the columns must be named there`, `they are ${COLUMNS.join(', ')}`);

function readHead({ line, cells }: CsvRecord, { name, defaults }: Reading): Column[] {
  const faulty = (message: string): CliError =>
    new CliError('invalid-file', `${name}: line ${line}: ${message}`, `columns are ${COLUMNS.join(', ')}`);
  const columns = cells.map((cell) => cell.trim());
  const unknown = columns.find((column) => !(COLUMNS as readonly string[]).includes(column));
  if (unknown !== undefined) throw faulty(`unknown column "${unknown.slice(0, 60)}"`);
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (twice !== undefined) throw faulty(`column "${twice}" is there twice`);
  for (const column of ['did', 'person', 'framework', 'level', 'method'] as const) {
    const isGiven = column !== 'did' && column !== 'person' && defaults[column] !== undefined;
    if (!columns.includes(column) && !isGiven) {
      const instead = column === 'did' || column === 'person' ? '' : `; add it, or give --${column}`;
      throw faulty(`column "${column}" is missing${instead}`);
    }
  }
  return columns as Column[];
}

function readLine(record: CsvRecord, columns: readonly Column[], reading: Reading): Wanted | { faults: Fault[] } {
  const { line } = record;
  const fault = (column: string | null, message: string): { faults: Fault[] } => ({
    faults: [{ line, column, message }],
  });
  if (record.cells.length !== columns.length) {
    return fault(null, `has ${record.cells.length} cells, not ${columns.length}: quote a cell that holds a comma`);
  }
  const cells: Cells = {};
  for (const [at, cell] of record.cells.entries()) {
    const column = columns[at] as Column;
    // What the parser makes of bytes that are not UTF-8.
    if (cell.includes('\ufffd')) return fault(column, 'is not UTF-8: save the file as UTF-8');
    if (cell.trim() !== '') cells[column] = column === 'person' ? cell : cell.trim();
  }
  if (cells.person === undefined) return fault('person', 'is empty: every person needs a reference of yours');
  const nullifier = reading.nullifierOf(cells.person);
  if (nullifier === null) return fault('person', 'is too long');
  const { now, defaults } = reading;
  for (const column of ['did', 'framework', 'level', 'method'] as const) {
    if (cells[column] !== undefined) continue;
    if (column === 'did') return fault(column, 'is empty: whose key is it?');
    if (defaults[column] === undefined) return fault(column, `is empty: fill it in, or give --${column}`);
  }
  const verifiedAt = cells.verifiedAt ?? defaults.verifiedAt;
  const parsed = HumanCredentialSubject.safeParse({
    id: cells.did,
    verification: {
      framework: cells.framework ?? defaults.framework,
      level: cells.level ?? defaults.level,
      method: cells.method ?? defaults.method,
      verifiedAt: verifiedAt ?? timestampOf(now),
    },
    nullifier,
    ...expertiseOf(cells, defaults),
  });
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => faultOf(line, issue)).filter(isFirst);
  const validUntil = cells.validUntil ?? defaults.validUntil;
  const until = Timestamp.optional().safeParse(validUntil);
  if (!until.success) faults.push({ line, column: 'validUntil', message: until.error.issues[0]?.message ?? 'invalid' });
  else if (validUntil !== undefined && Date.parse(validUntil) <= now) {
    faults.push({ line, column: 'validUntil', message: 'has passed: give a later time' });
  }
  if (!parsed.success || faults.length > 0) return { faults };
  if (verifiedAt !== undefined && Date.parse(verifiedAt) > now) {
    return fault('verifiedAt', 'is in the future: a person is attested once they were verified');
  }
  const { id: did, verification, expertise } = parsed.data;
  return {
    line,
    did,
    nullifier,
    verification: { ...verification, verifiedAt },
    ...(expertise === undefined ? {} : { expertise }),
    ...(validUntil === undefined ? {} : { validUntil }),
  };
}

function expertiseOf(cells: Cells, { expertise }: Defaults): { expertise?: unknown } {
  const given = EXPERTISE.flatMap((field) => {
    const cell = cells[`expertise.${field}`];
    return cell === undefined ? [] : [[field, cell]];
  });
  if (given.length > 0) return { expertise: [Object.fromEntries(given)] };
  return expertise === undefined ? {} : { expertise };
}

/** One fault a column: of a text that is no time at all, the calendar complains too. */
const isFirst = ({ column }: Fault, at: number, all: readonly Fault[]): boolean =>
  all.findIndex((other) => other.column === column) === at;

/** The column that a field of the credential was read from. */
function faultOf(line: number, { path: [field, ...rest], message }: z.core.$ZodIssue): Fault {
  const column = field === 'id' ? 'did' : field === 'expertise' ? `expertise.${String(rest.at(-1))}` : String(rest[0]);
  return { line, column, message };
}

function duplicateOf({ line, did, nullifier }: Wanted, byDid: ReadonlyMap<Did, Wanted>): Fault | null {
  const first = byDid.get(did);
  if (first === undefined) return null;
  return {
    line,
    column: 'did',
    message:
      first.nullifier === nullifier
        ? `the same key and person as line ${first.line}: remove one of them`
        : `the key of another person in line ${first.line}: a key belongs to one person; ask both which is theirs`,
  };
}
