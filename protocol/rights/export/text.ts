/** What XML 1.0 §2.2 has no character for: most control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

// Control characters, and those that make text read other than it is.
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Others' text as one harmless line: what cannot be printed is a space, what is no character is U+FFFD; cut at `max`. */
export function oneLine(text: string, max: number): string {
  const line = text.toWellFormed().replace(UNPRINTABLE, ' ').replace(NOT_XML, '\ufffd');
  if (line.length <= max) return line;
  // Not within a surrogate pair.
  return `${line
    .slice(0, max - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')}…`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML 1.0 character data or attribute value (§2.4, §3.3.3); what XML cannot carry is U+FFFD. */
const escapeXml = (text: string): string =>
  text
    .replace(NOT_XML, '\ufffd')
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);

/** An XML element. Names are the program's own; values and text may be anybody's. */
export interface Element {
  name: string;
  attributes?: Readonly<Record<string, string>>;
  content?: string | readonly Element[];
}

/** A document of XML 1.0 in UTF-8, indented by two spaces. */
export const xmlDocument = (root: Element): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${elementText(root, '')}`;

function elementText({ name, attributes = {}, content = '' }: Element, indent: string): string {
  const open = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escapeXml(value)}"`)].join(' ');
  if (content.length === 0) return `${indent}<${open}/>\n`;
  if (typeof content === 'string') return `${indent}<${open}>${escapeXml(content)}</${name}>\n`;
  const children = content.map((child) => elementText(child, `${indent}  `)).join('');
  return `${indent}<${open}>\n${children}${indent}</${name}>\n`;
}
