/**
 * Text that is safe to print: whatever came from a registry, a file or a user has its control characters made visible.
 * Only {@link text} and the styles below make one, so a hostile name cannot move the cursor or forge a verdict.
 */
export class Rendered {
  readonly text: string;
  constructor(safe: string) {
    this.text = safe;
  }
}

// C0 but newline and tab, DEL, C1, zero-width and direction controls, line separators, byte-order mark.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

/** Makes control characters visible, as `\u{1b}`. Newlines and tabs stay. */
export const sanitize = (value: string): string =>
  value.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);

/** The same for text that must stay on its line. */
export const sanitizeLine = (value: string): string => sanitize(value).replace(/\n/g, '\\n').replace(/\t/g, ' ');

/**
 * A template whose values are sanitised and whose own words are trusted.
 *
 * @example print(text`published ${record.name}`)
 */
export const text = (words: TemplateStringsArray, ...values: (string | number | Rendered)[]): Rendered =>
  new Rendered(
    words.reduce((whole, word, i) => {
      const value = values[i - 1] as string | number | Rendered;
      return whole + (value instanceof Rendered ? value.text : sanitize(String(value))) + word;
    }),
  );

/** Joins safe texts. */
export const join = (parts: readonly Rendered[], separator = '\n'): Rendered =>
  new Rendered(parts.map((part) => part.text).join(separator));

export interface Style {
  bold(value: string): Rendered;
  dim(value: string): Rendered;
  red(value: string): Rendered;
  green(value: string): Rendered;
  yellow(value: string): Rendered;
}

/** Colours, or none of them. */
export function styleFor(colours: boolean): Style {
  const sgr =
    (on: number, off: number) =>
    (value: string): Rendered =>
      new Rendered(colours ? `\u001b[${on}m${sanitize(value)}\u001b[${off}m` : sanitize(value));
  return { bold: sgr(1, 22), dim: sgr(2, 22), red: sgr(31, 39), green: sgr(32, 39), yellow: sgr(33, 39) };
}

/** Lines of a table whose columns are as wide as their widest cell; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(sanitizeLine));
  const widths = (clean[0] ?? []).map((_, column) =>
    clean.reduce((most, row) => Math.max(most, (row[column] ?? '').length), 0),
  );
  return clean.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] as number)))
      .join('  ')
      .trimEnd(),
  );
}
