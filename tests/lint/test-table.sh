#!/bin/sh
# Proves that the table of features and tests in CONTRIBUTING.md is what the
# tests' first lines say, and that every test says what it proves; --write
# writes the table anew.
cd "$(dirname "$0")/../.." || exit 1
: "${TMPDIR:=/tmp}"
python3 - "${1:-}" CONTRIBUTING.md "$TMPDIR/table" <<'END' || exit 1
import re
import subprocess
import sys

write, page, out = sys.argv[1:]
MARK = re.compile(r"(<!-- tests: from.*?-->\n).*?(<!-- tests: end -->)", re.S)


def first_sentence(path):
    """What the test proves, without the word itself and its comment signs."""
    with open(path, encoding="utf-8") as file:
        head = file.read(2000)
    if path.endswith(".py"):
        text = head.split('"""')[1]
    else:
        text = "\n".join(re.findall(r"^(?:#(?!!)|/?[ *]*\*)(.*)", head, re.M))
    text = " ".join(text.replace("*/", "").split())
    found = re.search(r"\b[Pp]roves\b,? (.*?)(?:\.(?: |$)|; )", text)
    if not found:
        sys.exit("%s: the first line does not say what it proves" % path)
    said = re.sub(r"^(that|what|when|of|how|S\d+) ", r"\1 ", found.group(1))
    return re.sub(r"^that ", "", said).replace("|", "\\|")


def tests():
    for fragment in subprocess.run(
            ["git", "ls-files", "tests/*/*.mk"], capture_output=True,
            text=True, check=True).stdout.split():
        with open(fragment, encoding="utf-8") as file:
            text = file.read().replace("\\\n", " ")
        here = fragment.rsplit("/", 1)[0] + "/"
        for line in re.findall(r"^(?:LONG|REAL_)?TESTS [+:]= (.*)", text, re.M):
            for word in re.findall(r"[\w./-]+\.(?:sh|py)\b", line):
                yield word if word.startswith("tests/") else here + word


rows = {}
for path in sorted(set(tests())):
    if path.startswith(("tests/scripts/", "tests/strace/", "tests/transparency/",
                        "tests/examples/", "tests/device/",
                        "tests/scenarios/", "tests/packaging/")):
        name = re.sub(r"^tests/(scripts/)?|\.\w+$", "", path)
        rows[path] = "| %s | %s | `%s` |\n" % (
            name.replace("_", "-"), first_sentence(path), path)
table = "| feature | what is proved | test |\n|---|---|---|\n" + "".join(
    rows[path] for path in sorted(rows))
with open(page, encoding="utf-8") as file:
    old = file.read()
if not MARK.search(old):
    sys.exit(page + " has no place for the table")
new = MARK.sub(lambda m: m.group(1) + table + m.group(2), old)
if write == "--write":
    with open(page, "w", encoding="utf-8") as file:
        file.write(new)
elif new != old:
    with open(out, "w", encoding="utf-8") as file:
        file.write(new)
    subprocess.run(["diff", "-u", page, out], check=False)
    sys.exit("run: sh tests/lint/test-table.sh --write")
END
