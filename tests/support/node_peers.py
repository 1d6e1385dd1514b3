"""Packages of others for Node.js, and the skipping of tests that need one.

`.ci/run` installs them outside the tree and names their folder in NODE_PATH.
"""

import shutil
import subprocess

import pytest

__all__ = ["node_with"]


def node_with(package: str) -> str:
    """The program node, which finds a package; skips the test, with the reason, without one."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    finds = [node, "-e", f"require.resolve({package!r})"]
    if subprocess.run(finds, capture_output=True, check=False, timeout=30).returncode:
        pytest.skip(f"node does not find the package {package}; set NODE_PATH to where it is")
    return node
