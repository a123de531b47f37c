"""Reading that begins with a later file."""

import json
import pickle
import shutil

from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.samples import read_samples, samples_from


@settings(max_examples=25)
@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=4), st.booleans())
def test_a_reader_that_begins_with_a_later_file_reads_what_is_left(tmp_path_factory, files, zipped):
    folder = tmp_path_factory.mktemp("files")
    for i, good in enumerate(files):
        rows = [{"prompt": f"{i} {j}", "response": "yes" if ok else 3} for j, ok in enumerate([*good, True])]
        (folder / f"{i}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = shutil.make_archive(str(folder.with_suffix("")) + "-all", "zip", folder) if zipped else folder
    whole = read_samples(source, skip_bad=True)
    expected = list(whole)
    files_read = pickle.loads(pickle.dumps(whole.files))  # as another process gets them
    assert len(whole.starts) == len(files)
    for start in whole.starts:
        assert list(samples_from(files_read, start, None)) == expected[start.sample :]
        assert files_read[start.file].label == f"{start.file}.jsonl"
