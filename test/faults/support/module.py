"""Edits the registry file as the Python module does: loads all of it, changes one project, writes it beside the file
and puts it in its place. Whatever others have written between the loading and the replacing is gone.

Prints a line for each edit, {"edit": its number, "found": the number of the last edit that it found}, and ends when
its input ends.
"""

import json
import os
import random
import select
import sys
import time

file, project_id, seed, longest_pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
random.seed(seed)
edit = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    with open(file, encoding="utf-8") as stream:
        registry = json.load(stream)
    project = registry["projects"][project_id]
    found = project["file_count"]
    edit += 1
    project["file_count"] = edit
    temporary = f"{file}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as stream:
        json.dump(registry, stream, indent=2)
        stream.write("\n")
    os.replace(temporary, file)
    print(json.dumps({"edit": edit, "found": found}), flush=True)
    time.sleep(random.random() * longest_pause)
