"""What every test stands on: no screen, one thread, and folders of its own in the place of the user's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# Examples are drawn the same in every run, so that a failure is a change in the code; no example is judged by its time.
settings.register_profile("netbuilder", deadline=None, derandomize=True)
settings.load_profile("netbuilder")


@pytest.fixture(scope="session", autouse=True)
def _home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep settings, runs and journals out of the home of whoever runs the tests."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        os.environ[variable] = str(home / variable.lower())


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Return the name of an X display of our own, for windows in processes of their own."""
    arguments = ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        yield f":{server.stdout.readline().strip()}"
        server.terminate()
