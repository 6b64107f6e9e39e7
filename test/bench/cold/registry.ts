/** A program that asks the registry one thing: node cold-registry.js DATA_DIR SOCKET ID */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as library from '../../../client/index.ts';
import { dist } from '../dist.ts';

type Library = typeof library;

const [dataDir, socket, id = ''] = process.argv.slice(2);
const { connect } = (await import(pathToFileURL(join(dist, 'index.js')).href)) as Library;
const registry = await connect({ dataDir, socket, autoStart: false });
const project = await registry.projects.get({ project: id });
await registry.close();
if (project.project_id !== id) throw new Error('not the project that was asked for');
