/** A Python program that knows version 1.0 only writes the file while a daemon serves it. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const FIXTURE = await readFile(new URL('../fixtures/python-1.0.json', import.meta.url), 'utf8');
const PAYMENTS = '965eda32-dae4-4550-8201-e2bd73ab4876';

/** Reads the file into dataclasses, changes one project, and writes what 1.0 knows, as 1.0 does. */
const PROGRAM = `
import dataclasses, datetime, enum, json, pathlib, sys, typing

class Status(str, enum.Enum):
    NOT_STARTED = "not_started"
    TRAINING = "training"
    COMPLETED = "completed"
    FAILED = "failed"

@dataclasses.dataclass
class Project:
    project_id: str
    name: str
    source_path: pathlib.Path
    created_at: datetime.datetime
    last_updated: datetime.datetime
    training_status: Status = Status.NOT_STARTED
    language: str = "python"
    file_count: int = 0
    lora_adapter_path: typing.Optional[pathlib.Path] = None
    vector_store_path: typing.Optional[pathlib.Path] = None
    context_path: typing.Optional[pathlib.Path] = None

def text(value):
    assert type(value) is str, value
    return value

def path(value):
    return None if value is None else pathlib.Path(text(value))

def load(key, data):
    assert data["project_id"] == key
    assert type(data["file_count"]) is int
    return Project(
        project_id=text(data["project_id"]), name=text(data["name"]), source_path=path(data["source_path"]),
        created_at=datetime.datetime.fromisoformat(data["created_at"]),
        last_updated=datetime.datetime.fromisoformat(data["last_updated"]),
        training_status=Status(data["training_status"]), language=text(data["language"]),
        file_count=data["file_count"], lora_adapter_path=path(data["lora_adapter_path"]),
        vector_store_path=path(data["vector_store_path"]), context_path=path(data["context_path"]),
    )

with open(sys.argv[1], encoding="utf-8") as file:
    registry = json.load(file)
for data in registry["projects"].values():
    for field in ("last_trained", "last_used"):
        if data[field] is not None:
            datetime.datetime.fromisoformat(data[field])
projects = {key: load(key, data) for key, data in registry["projects"].items()}
assert registry["active_project"] is None or registry["active_project"] in projects

projects[sys.argv[2]].training_status = Status.FAILED
projects[sys.argv[2]].last_updated = datetime.datetime(2026, 3, 1, 10, 11, 12, 123456)
data = {key: {field: value.value if isinstance(value, Status) else value if value is None or isinstance(value, int) else str(value)
              for field, value in dataclasses.asdict(project).items()} for key, project in projects.items()}
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"version": "1.0", "projects": data, "active_project": registry["active_project"]}, file, indent=2)

print(len(projects))
`;

/** Changes the file as a Python program would; gives how many projects it read. */
async function python(home: string): Promise<number> {
  const program = join(home, 'program.py');
  await writeFile(program, PROGRAM);
  const { stdout } = await run('python3', [program, join(home, 'registry.json'), PAYMENTS]);
  return Number(stdout);
}

test('what Python writes over it is served, and nothing else is lost than what 1.0 does not know', async (context) => {
  requireTools(context, 'python3');
  const home = await temporaryDirectory();
  await writeFile(join(home, 'registry.json'), FIXTURE);
  const { connect } = await startDaemon({ dataDir: home });
  const peer = await connect();
  await peer.call('projects.update', { project: PAYMENTS, tags: ['x'] });
  const { created_at } = await peer.call('projects.get', { project: PAYMENTS });

  expect(await python(home)).toBe(12);
  const seen = await until(async () => {
    const project = await peer.call('projects.get', { project: PAYMENTS });
    return project['training_status']?.toString() === 'failed' && project;
  }, 'the daemon has seen the edit');
  expect(seen).toMatchObject({
    created_at,
    last_updated: new Date('2026-03-01T10:11:12.123').toISOString(),
    tags: [],
  });
  expect(await peer.call('registry.info')).toMatchObject({
    version: '1.2',
    project_count: 12,
    problem: null,
  });
  // And it can be changed again, after which Python reads it again.
  await peer.call('projects.touch', { project: PAYMENTS });
  expect(await python(home)).toBe(12);
});
