import type { StatementId } from '../../schemas/primitives.ts';
import type { Logged } from '../statements/logged.ts';

/** Asks once for all that is asked for in one turn of the event loop: most of what a query costs is not its ids. */
export function inTurns(logged: Logged): Logged {
  let asked: StatementId[] = [];
  let answer: ReturnType<Logged> | null = null;
  return (ids) => {
    asked.push(...ids);
    answer ??= new Promise(setImmediate).then(() => {
      const all = asked;
      asked = [];
      answer = null;
      return logged(all);
    });
    return answer;
  };
}
