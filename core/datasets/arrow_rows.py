"""Records out of Parquet and Arrow files, and of data sets of the hub: as Python values, and as the rows they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from core.datasets.rows import BLOCK, Record, require_distinct
from core.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from core.datasets.containers import RecordFile

MOST_ROWS, MOST_BYTES = 1024, 4 << 20  # of what is in memory at a time


def parquet(file: RecordFile) -> Iterator[Record]:
    """The rows of a Parquet file, a stretch at a time; raises DataError for one that is damaged."""
    yield from _rows(file, _parquet_batches)


def arrow(file: RecordFile) -> Iterator[Record]:
    """The rows of an Arrow file or stream (datasets' save_to_disk); raises DataError for one that is damaged."""
    yield from _rows(file, _arrow_batches)


def rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[Record]:
    """The rows of batches, each with its values and as a table of one row."""
    import pyarrow as pa

    row = 0
    for batch in batches:
        for start in range(0, batch.num_rows, MOST_ROWS):
            part = batch.slice(start, MOST_ROWS)
            columns = [_values(column) for column in part.columns]
            for i, values in enumerate(zip(*columns, strict=True)):
                own = pa.Table.from_batches([part.slice(i, 1)])
                yield Record(f"row {row}", dict(zip(part.schema.names, values, strict=True)), own)
                row += 1


def _rows(file: RecordFile, batches: Any) -> Iterator[Record]:
    import pyarrow as pa

    try:
        with file.whole() as opened:
            if file.truncated_at:
                raise DataError(
                    f"{file.source} breaks off in {file.truncated_at}, and its rows with it: fetch it again."
                )
            yield from rows_of(_distinct(file, batches(opened)))
    except MemoryError as error:
        raise DataError(
            f"{file.source} asks for more memory than there is, and may be damaged: fetch it again."
        ) from error
    except (pa.ArrowException, UnicodeDecodeError) as error:  # the latter: the name of a column
        raise DataError(f"{file.source} is a damaged or incomplete {file.format} file: fetch it again.") from error


def _distinct(file: RecordFile, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        require_distinct(file.source, batch.schema.names)
        yield batch


def _parquet_batches(opened: IO[bytes]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    # buffered: a row group may hold the whole file, and a column of it would be read at once
    with pq.ParquetFile(opened, buffer_size=BLOCK, pre_buffer=False) as table:
        groups = [table.metadata.row_group(i) for i in range(table.metadata.num_row_groups)]
        widest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
        yield from table.iter_batches(max(1, min(MOST_ROWS, int(MOST_BYTES / max(widest, 1)))), use_threads=False)


def _arrow_batches(opened: IO[bytes]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    head = opened.read(6)
    opened.seek(0)
    if head == b"ARROW1":
        file = pa.ipc.open_file(opened)
        batches: Iterable[pa.RecordBatch] = (file.get_batch(i) for i in range(file.num_record_batches))
    else:
        batches = pa.ipc.open_stream(opened)
    for batch in batches:
        for column in batch.columns:
            _require_sound(column)
        yield batch


def _require_sound(array: pa.Array) -> None:
    """Raise ArrowInvalid where reading would leave the buffers and end the process; text may be no UTF-8."""
    import pyarrow as pa

    try:
        array.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise
        array.view(_with_bytes(array.type)).validate(full=True)  # the check ended at the first text that is no UTF-8


def _with_bytes(kind: pa.DataType) -> pa.DataType:
    """The type with bytes for text; what has no such form, as a union, is left."""
    import pyarrow as pa

    plain = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}
    if isinstance(kind, pa.BaseExtensionType):
        return _with_bytes(kind.storage_type)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_with_bytes(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(*(field.with_type(_with_bytes(field.type)) for field in (kind.key_field, kind.item_field)))
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _with_bytes(kind.value_type), kind.ordered)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_field.with_type(_with_bytes(kind.value_type))
        if pa.types.is_fixed_size_list(kind):
            return pa.list_(inner, kind.list_size)
        return pa.large_list(inner) if pa.types.is_large_list(kind) else pa.list_(inner)
    return plain.get(kind, kind)


def _values(column: pa.Array) -> list[Any]:
    try:
        return column.to_pylist()
    except (ValueError, OverflowError, LookupError):
        return [_value(each) for each in column]


def _value(scalar: pa.Scalar) -> Any:
    """What Python has no type for, such as a date in the year 20000, as text; text that is not UTF-8 as its bytes."""
    import pyarrow as pa

    if not scalar.is_valid:
        return None
    if isinstance(scalar, pa.StructScalar):
        return {field.name: _value(scalar[i]) for i, field in enumerate(scalar.type)}
    if isinstance(scalar, pa.MapScalar):
        return [tuple(_value(pair).values()) for pair in scalar.values]
    if isinstance(scalar, pa.ListScalar):
        return [_value(each) for each in scalar.values]
    if isinstance(scalar, pa.DictionaryScalar | pa.ExtensionScalar | pa.UnionScalar):
        return _value(scalar.value)
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return scalar.cast(pa.binary()).as_py()
    except (ValueError, OverflowError, LookupError):
        if pa.types.is_timestamp(scalar.type):  # in UTC: the zone may be unknown
            scalar = scalar.cast(pa.timestamp(scalar.type.unit))
        return scalar.cast(pa.string()).as_py()
