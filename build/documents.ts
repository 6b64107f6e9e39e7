/** Documents that are made of the declarations and come with the programs. */
import { openRpcDocument } from '../src/protocol/openrpc.ts';
import { fileSchemaText } from '../src/store/format/file-schema.ts';
import { VERSION } from '../src/version.ts';
import { gardenerPage } from './manual/gardener.ts';
import { gardenerdPage } from './manual/gardenerd.ts';

/**
 * Their contents by the names of their files.
 *
 * @param date of the build, ISO 8601
 */
export async function documents(date: string): Promise<Readonly<Record<string, string>>> {
  return {
    'openrpc.json': `${JSON.stringify(openRpcDocument(), null, 2)}\n`,
    'registry.schema.json': fileSchemaText(),
    'gardener.1': await gardenerPage(VERSION, date),
    'gardenerd.1': gardenerdPage(VERSION, date),
  };
}
