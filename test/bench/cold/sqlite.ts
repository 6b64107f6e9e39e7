/** The same with SQLite: node cold-sqlite.js DATA_DIR SOCKET ID */
import { join } from 'node:path';
import Database from 'better-sqlite3';

const [dataDir = '', , id = ''] = process.argv.slice(2);
const database = new Database(join(dataDir, 'registry.db'), { readonly: true });
const row = database.prepare<[string], { json: string }>('SELECT json FROM projects WHERE id = ?').get(id);
const project = JSON.parse(row?.json ?? '{}') as { project_id?: string };
database.close();
if (project.project_id !== id) throw new Error('not the project that was asked for');
