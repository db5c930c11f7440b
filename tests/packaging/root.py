"""Clean Debian roots for the tests of the package: build/roots/NAME stays as it
is, what a test writes into it goes beside it and is gone at its end."""
import atexit
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/lib")
from sallyport import BUILD, own_network, run, skip

ROOTS = os.path.abspath(os.path.join(BUILD, "roots"))
own_network(needed=True)
SPACE = tempfile.mkdtemp(prefix="sallyport.")
run("mount", "-t", "tmpfs", "none", SPACE)


@atexit.register
def _leave():
    """Nothing is removed that is mounted from elsewhere, as /dev is."""
    subprocess.run(["umount", "-R", "-l", SPACE], check=False)
    os.rmdir(SPACE)


class Root:
    """A root of its own, in which commands can be run."""

    def __init__(self, name):
        if not os.path.isdir(os.path.join(ROOTS, name)):
            skip("no clean Debian roots: make check-deb")
        self.top = os.path.join(SPACE, name)
        for path in self.top, self.top + ".new", self.top + ".work":
            os.makedirs(path)
        if subprocess.run(
                ["mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s/%s,"
                 "upperdir=%s.new,workdir=%s.work" %
                 (ROOTS, name, self.top, self.top), self.top],
                capture_output=True).returncode:
            skip("no overlay of directories here")
        run("mount", "-t", "proc", "proc", self.top + "/proc")
        run("mount", "-t", "tmpfs", "tmpfs", self.top + "/run")

    def path(self, name):
        return self.top + name

    def command(self, *words):
        return ["chroot", self.top, "env", "TMPDIR=/tmp", "LC_ALL=C", *words]

    def run(self, *words, **options):
        return run(*self.command(*words), within_s=900, **options)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def program(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), 0o755)


def build_package():
    """The package, built in the root "build": its file."""
    root = Root("build")
    os.mkdir(root.path("/src"))
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        stdout=subprocess.PIPE, check=True).stdout.split(b"\0")
    for name in filter(os.path.lexists, files):
        copy = os.path.join(os.fsencode(root.path("/src")), name)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy2(name, copy, follow_symlinks=False)
    root.run("sh", "/src/packaging/deb/build.sh", "/deb")
    with open("Makefile") as file:
        version = next(line.split("= ")[1].strip() for line in file
                       if line.startswith("VERSION"))
    packages = os.listdir(root.path("/deb"))
    return next(os.path.join(root.path("/deb"), name) for name in packages
                if name.startswith("sallyport_%s_" % version))
