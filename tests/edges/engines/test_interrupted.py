"""Ctrl-C while an engine works: it ends as anywhere else, and no bug is reported."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress

import pytest

pytest.importorskip("duckdb")

ENDLESS = """
import ibis

from promptgit.edges.engines.tables import opened

engine = opened("duckdb", lambda window: [])
numbers = ibis.range(3_000_000).unnest().name("i").as_table()
both = numbers.cross_join(numbers.view(), rname="{{name}}_too")
asked = both.agg(s=(both.i * both.i_too).max())
try:
    print("asked", flush=True)
    {how}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as a terminal does")
@pytest.mark.parametrize("how", ["engine.rows(asked)", "engine.kept(asked).__enter__()"])
@pytest.mark.parametrize("after_s", [0.0, 0.5])
def test_ctrl_c_ends_a_question_to_duckdb(how: str, after_s: float):
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS.format(how=how)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "asked\n"
        try:
            with suppress(subprocess.TimeoutExpired):
                child.wait(after_s)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()

    assert out == "interrupted\n", err
