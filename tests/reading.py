"""Shared by the tests of reading and writing instruction data."""

import json

import pytest
from hypothesis import HealthCheck, settings

from core.datasets.samples import read_samples
from core.errors import DataError

GOOD = {"instruction": "Say hi", "input": "", "output": "hi"}
FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)


def read(path, **options):
    """All samples and the report, skipping bad rows unless told otherwise."""
    reader = read_samples(path, **{"skip_bad": True, **options})
    return list(reader), reader.report


def read_one(save, record, **options):
    """The single sample of a file with one record."""
    return read(save(json.dumps([record])), **options)[0][0]


def reason(save, record, **options):
    """Why a record is refused."""
    _, report = read(save(json.dumps([GOOD, record])), **options)
    assert report.rows_read == 2 and report.n_skipped == 1
    return str(report.skipped[0])


def failure(path, **options):
    """The text of the DataError that reading a file ends in."""
    with pytest.raises(DataError) as caught:
        list(read_samples(path, **options))
    return str(caught.value)
