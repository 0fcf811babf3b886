"""What the oracles do with `--all LIST`: each interpreter of the list runs the script, and the vectors are written.

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored).
"""
import argparse
import os
import subprocess
import sys


def listed(path):
    """Version and executable of each."""
    with open(path) as lines:
        return [line.split("\t")[:2] for line in lines.read().splitlines() if line.strip()]


def numbers(version):
    return tuple(int(part) for part in version.split("."))


def facts_of(version):
    """The facts of that version, else those of another micro version of the same minor (same layout)."""
    major, minor, micro = numbers(version)
    folder = os.path.join("spec", "cpython", "%d.%d" % (major, minor))
    files = sorted(os.listdir(folder), key=lambda name: abs(int(name.split(".")[0]) - micro))
    return os.path.join(folder, files[0])


def answers(path, script, arguments=lambda version: [], since=(3, 8)):
    """Each version and what it prints; None if it failed, which is said here."""
    for version, python in listed(path):
        if numbers(version) < since:
            continue
        run = subprocess.run([python, script] + arguments(version), stdout=subprocess.PIPE)
        if run.returncode:
            sys.stderr.write("%s failed\n" % version)
        yield version, None if run.returncode else run.stdout


def observe_all(path, script, vectors, arguments=lambda version: [], since=(3, 8), ending=".json"):
    """Writes tests/vectors/VECTORS/<version>.json. Returns the status to exit with."""
    status = 0
    for version, answer in answers(path, script, arguments, since):
        if answer is None:
            status = 1
            continue
        with open(os.path.join("tests", "vectors", vectors, version + ending), "wb") as out:
            out.write(answer)
    return status


def fill_all(path, script, vectors, *arguments):
    """The newest release of each version fills its folder tests/vectors/VECTORS/<version>, which is its last argument."""
    newest = {}
    for version, python in listed(path):
        release = numbers(version)
        newest[release[:2]] = max(newest.get(release[:2], ((0,), "")), (release, python))
    for version, (_, python) in sorted(newest.items()):
        folder = os.path.join(os.path.dirname(os.path.abspath(script)), "..", "vectors", vectors, "%d.%d" % version)
        command = [python, os.path.abspath(script)] + list(arguments) + [folder]
        subprocess.run(command, check=True, env=dict(os.environ, PYTHONHASHSEED="0"))


def main(script, vectors, observe, since=(3, 8)):
    """An oracle that takes `--facts FILE`, to ask this interpreter, or `--all LIST`. Before `since` there is no answer."""
    parser = argparse.ArgumentParser(usage="%s --facts FILE | --all LIST" % os.path.basename(script))
    parser.add_argument("--facts")
    parser.add_argument("--all")
    options = parser.parse_args()
    if bool(options.facts) == bool(options.all):
        parser.error("one of --facts and --all")
    if options.all:
        return observe_all(options.all, script, vectors, lambda version: ["--facts", facts_of(version)], since)
    if sys.version_info >= since:
        observe(options.facts, sys.stdout)
    return 0
