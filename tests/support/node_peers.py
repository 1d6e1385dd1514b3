"""Packages of others for Node.js, and the skipping of tests that need one.

`.ci/run` installs them outside the tree and names their folder in NODE_PATH.
"""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["conformance_suite", "node_with"]


def node_with(package: str) -> str:
    """The program node, which finds a package; skips the test, with the reason, without one."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    finds = [node, "-e", f"require.resolve({package!r})"]
    if subprocess.run(finds, capture_output=True, check=False, timeout=30).returncode:
        pytest.skip(f"node does not find the package {package}; set NODE_PATH to where it is")
    return node


def conformance_suite() -> list[str]:
    """The command of MCP's conformance suite; skips the test, with the reason, without it.

    It needs Node 22, which npm has as a package that brings the program along.
    """
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        suite = Path(folder) / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
        if folder and suite.exists():
            break
    else:
        pytest.skip("NODE_PATH names no folder with @modelcontextprotocol/conformance")
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    for node in (str(suite.parents[3] / f"node-linux-{machine}" / "bin" / "node"), "node"):
        if shutil.which(node) and _major(node) >= _NEEDED:
            return [node, str(suite)]
    pytest.skip(f"MCP's conformance suite needs Node {_NEEDED} or later")


_NEEDED = 22


def _major(node: str) -> int:
    """The version of a program node."""
    said = subprocess.run(
        [node, "--version"], capture_output=True, text=True, timeout=30, check=False
    ).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0
