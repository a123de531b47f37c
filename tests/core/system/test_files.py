"""Files are written whole or not at all."""

from threading import Barrier, Thread

from core.system.files import replacing


def test_two_threads_that_write_one_file_leave_that_of_one_of_them(tmp_path):
    path, meet = tmp_path / "f", Barrier(2)

    def write(letter):
        with replacing(path) as temporary, temporary.open("w") as out:
            meet.wait()
            for _ in range(5):
                out.write(letter * 5000)
                out.flush()
            meet.wait()

    threads = [Thread(target=write, args=(letter,)) for letter in "ab"]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert path.read_text() in ("a" * 25_000, "b" * 25_000) and [p.name for p in tmp_path.iterdir()] == ["f"]
