/** The text of a project in an editor, and what was changed in it. */
import { isDeepStrictEqual } from 'node:util';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import type { Json, JsonObject } from '../../../../src/domain/project.ts';
import type { Changes } from './changes.ts';
import { parseJson } from '../../json.ts';
import { isJsonObject } from '../../../../src/domain/values/json.ts';

/** What was written is JSON and cannot be a project. */
export class EditFault extends Error {
  override readonly name = 'EditFault';
}

interface FieldKind {
  readonly fits: (value: Json) => boolean;
  readonly wanted: string;
}

const text: FieldKind = { fits: (value) => typeof value === 'string' && value !== '', wanted: 'a text' };
const path: FieldKind = {
  fits: (value) => value === null || text.fits(value),
  wanted: 'a path or null',
};

/** The fields that a person may change, in the order in which they see them. */
const FIELDS = {
  name: text,
  source_path: text,
  language: text,
  file_count: {
    fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    wanted: 'a number of files',
  },
  tags: {
    fits: (value) => Array.isArray(value) && value.every((one) => text.fits(one)),
    wanted: 'a list of texts',
  },
  metadata: { fits: isJsonObject, wanted: 'an object' },
  lora_adapter_path: path,
  vector_store_path: path,
  context_path: path,
} as const satisfies Readonly<Record<string, FieldKind>>;

type EditableField = keyof typeof FIELDS;

function isEditable(name: string): name is EditableField {
  return Object.hasOwn(FIELDS, name);
}

export function editableText(project: WireProject): string {
  const names = Object.keys(FIELDS).filter(isEditable);
  return `${JSON.stringify(Object.fromEntries(names.map((name) => [name, project[name]])), null, 2)}\n`;
}

/**
 * What the text asks to be changed. A field that was taken out stays as it is.
 *
 * @throws {JsonFault} when the text is no JSON
 * @throws {EditFault} when a field cannot be changed, or not to this
 */
export async function changesIn(before: WireProject, written: string): Promise<Changes> {
  const document = await parseJson(written);
  if (!isJsonObject(document)) throw new EditFault('cannot use the text: it must hold one JSON object');
  const changes: [EditableField, Json][] = [];
  for (const [name, value] of Object.entries(document)) {
    if (!isEditable(name)) throw new EditFault(`cannot change ${name}: there is no such field`);
    const kind = FIELDS[name];
    if (!kind.fits(value)) throw new EditFault(`cannot change ${name}: it must be ${kind.wanted}`);
    if (isDeepStrictEqual(value, before[name])) continue;
    changes.push([name, name === 'metadata' ? metadataChanges(before.metadata, value as JsonObject) : value]);
  }
  return Object.fromEntries(changes);
}

/** The registry merges metadata, so that what was taken out has to be said. */
function metadataChanges(before: JsonObject, after: JsonObject): JsonObject {
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const changed = Object.entries(after).filter(
    ([key, value]) => !Object.hasOwn(before, key) || !isDeepStrictEqual(value, before[key]),
  );
  return Object.fromEntries([...removed.map((key) => [key, null] as const), ...changed]);
}

/** The first field that is to be changed and is no longer what the person saw. */
export function overtaken(before: WireProject, current: WireProject, changes: Changes): string | undefined {
  return Object.keys(changes)
    .filter(isEditable)
    .find((name) => !isDeepStrictEqual(before[name], current[name]));
}
