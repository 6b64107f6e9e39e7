/** SQLite in every process, in WAL mode, every change synced (`synchronous = FULL`). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchProject, readProjects } from '../projects.ts';
import type { Contender } from './contender.ts';

async function open(dataDir: string) {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(join(dataDir, 'registry.db'), { timeout: 10_000 });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return database;
}

export const sqlite: Contender = {
  name: 'SQLite',
  async unavailable() {
    try {
      await import('better-sqlite3');
      return null;
    } catch {
      return 'better-sqlite3 could not be built';
    }
  },
  async start({ dataDir, file }) {
    const database = await open(dataDir);
    database.exec('CREATE TABLE projects (id TEXT PRIMARY KEY, json TEXT NOT NULL)');
    const insert = database.prepare('INSERT INTO projects VALUES (?, ?)');
    database.transaction(() => {
      for (const [id, project] of readProjects(readFileSync(file, 'utf8')))
        insert.run(id, JSON.stringify(project));
    })();
    database.close();
    return { pid: undefined, stop: async () => undefined };
  },
  async connect({ dataDir }) {
    const database = await open(dataDir);
    const get = database.prepare<[string], { json: string }>('SELECT json FROM projects WHERE id = ?');
    const list = database.prepare<[], { json: string }>('SELECT json FROM projects');
    const update = database.prepare(
      "UPDATE projects SET json = json_set(json, '$.training_status', ?) WHERE id = ?",
    );
    return {
      get: async (id) => JSON.parse(get.get(id)?.json ?? 'null') as BenchProject,
      list: async () => list.all().map(({ json }) => JSON.parse(json) as BenchProject),
      setStatus: async (id, status) => void update.run(status, id),
      close: async () => void database.close(),
    };
  },
};
