import Sqlite from 'better-sqlite3';

/** A look into a database that another process writes: what is committed. Hold it with `using`. */
export function openReadOnly(file: string): Sqlite.Database & Disposable {
  const database = new Sqlite(file, { readonly: true });
  return Object.assign(database, { [Symbol.dispose]: () => void database.close() });
}
