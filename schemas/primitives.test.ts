import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Day, LogTime, Timestamp } from './primitives.ts';

test('times are those that the calendar has, and Date agrees', () =>
  fc.assert(
    fc.property(fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      const text = date.toISOString();
      expect(LogTime.safeParse(text).success).toBe(true);
      expect(Timestamp.safeParse(`${text.slice(0, 19)}Z`).success).toBe(true);
      expect(Day.safeParse(text.slice(0, 10)).success).toBe(true);
    }),
  ));

test('what looks like a time and is none is refused, as Date would have it another', () => {
  const number = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));
  fc.assert(
    fc.property(
      fc.constantFrom('1900', '2000', '2023', '2024', '2100'),
      number(13),
      number(32),
      number(25),
      number(61),
      number(61),
      (...[year, month, day, hour, minute, second]) => {
        const text = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
        const date = new Date(text);
        const isReal = !Number.isNaN(date.getTime()) && date.toISOString() === text.replace('Z', '.000Z');
        expect(Timestamp.safeParse(text).success, text).toBe(isReal);
      },
    ),
    { numRuns: 2000 },
  );
});

test.for(['2026-02-29', '2100-02-29', '2026-04-31', '2026-00-10', '2026-13-01', '2026-01-00', '2026-1-01'])(
  '%s is no day',
  (day) => expect(Day.safeParse(day).success).toBe(false),
);
test.for(['2024-02-29', '2000-02-29', '2026-12-31'])('%s is a day', (day) =>
  expect(Day.safeParse(day).success).toBe(true),
);
