"""Whether the tests notice a mutant: in a copy of the tree, one forked process at a time.

What lives only here: the copy, the fork, time and memory limits. What it does not know: what was
changed in the source, and which tests are to be run.

The parent imports what the tests need of other projects but never `asgi_jwks`, so that a fork
begins where a fresh interpreter would be after some seconds of importing.
"""

import contextlib
import importlib
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

__all__ = ["Tree", "copied_tree"]

_THIRD_PARTY: Final = (
    "anyio.from_thread",
    "cachetools",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.x509",
    "fastapi",
    "httpx",
    "hypothesis.strategies",
    "jwt.algorithms",
    "pytest",
    "starlette.testclient",
    "trio",
)
# A mutant may loop for ever and fill a list meanwhile.
_MEMORY_BYTES: Final = 4 * 1024**3


class Tree:
    """A copy of the checkout whose modules may be changed."""

    def __init__(self, root: Path) -> None:
        self.root: Final = root
        self._is_changed = False

    @contextlib.contextmanager
    def changed(self, module: Path, source: str) -> Iterator[None]:
        """The module, given relative to the root, has another source for a while."""
        path = self.root / module
        original = path.read_bytes()
        stamps = path.stat()
        try:
            path.write_text(source, encoding="utf-8")
            self._is_changed = True
            yield
        finally:
            self._is_changed = False
            path.write_bytes(original)
            os.utime(path, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))

    def tests_pass(self, arguments: Sequence[str], *, timeout: float) -> bool:
        """Whether the tests pass within `timeout` seconds; what they print is in `output`.

        Bytecode is written while nothing is changed, and only then: a mutant's could be taken for
        another one's.
        """
        child = os.fork()
        if child == 0:
            sys.dont_write_bytecode = self._is_changed
            self._run(arguments)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status) == 0
            time.sleep(0.01)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return False

    @property
    def output(self) -> str:
        """What the last run of the tests printed."""
        return (self.root / "output.txt").read_text(errors="replace")

    def _run(self, arguments: Sequence[str]) -> None:
        """In the child: run pytest, and end the process with what it says."""
        code = 99
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            output = os.open(self.root / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for descriptor in (1, 2):
                os.dup2(output, descriptor)
            os.chdir(self.root)
            source = str(self.root / "src")
            os.environ["PYTHONPATH"] = source
            sys.path.insert(0, source)
            # The package that this module is in is called `tests` as well.
            for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
                del sys.modules[name]
            import hypothesis
            import pytest

            # The same few examples for every mutant; a failing one is not made smaller.
            hypothesis.settings.register_profile(
                "mutation",
                database=None,
                deadline=None,
                derandomize=True,
                max_examples=30,
                phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
            )
            hypothesis.settings.load_profile("mutation")
            plain = [
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:cov",
                "-p",
                "no:faker",
                "--assert=plain",
            ]
            code = int(pytest.main([*plain, *arguments]))
            if not any(
                str(getattr(module, "__file__", "")).startswith(source)
                for name, module in sys.modules.items()
                if name == "asgi_jwks"
            ):
                code = 98
        finally:
            sys.stdout.flush()
            os._exit(code)


@contextlib.contextmanager
def copied_tree(checkout: Path) -> Iterator[Tree]:
    """A copy outside the checkout, gone afterwards."""
    for name in _THIRD_PARTY:
        importlib.import_module(name)
    with TemporaryDirectory(prefix="mutation-") as directory:
        root = Path(directory)
        for part in ("src", "tests", "pyproject.toml", "SECURITY.md", "README.md"):
            if (checkout / part).is_dir():
                shutil.copytree(
                    checkout / part, root / part, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy2(checkout / part, root / part)
        yield Tree(root)
