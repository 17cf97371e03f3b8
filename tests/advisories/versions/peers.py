"""The package managers' own programs, asked for many pairs at once.

Each function is ``compare(pairs) -> list of "<", "=", ">" or "!"``, the last for what it refuses.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

Pairs = Sequence[tuple[str, str]]
_MAVEN = ("/usr/share/java/maven-artifact-3.x.jar", "/usr/share/java/commons-lang3.jar")
_COMPOSER = "/usr/share/php/Composer/Semver/autoload.php"

_RUBY = """
require "json"
STDIN.each_line do |line|
  a, b = JSON.parse(line)
  begin
    puts "<=>"[(Gem::Version.new(a) <=> Gem::Version.new(b)) + 1]
  rescue ArgumentError
    puts "!"
  end
end
"""
_RUBY_SATISFIES = """
require "json"
STDIN.each_line do |line|
  range, version = JSON.parse(line)
  begin
    requirement = Gem::Requirement.new(*range.split(", "))
    puts requirement.satisfied_by?(Gem::Version.new(version)) ? "=" : "<"
  rescue ArgumentError
    puts "!"
  end
end
"""
_PHP = """
require '%s';
$parser = new Composer\\Semver\\VersionParser();
while (($line = fgets(STDIN)) !== false) {
  list($a, $b) = json_decode($line);
  try {
    $sign = version_compare($parser->normalize($a), $parser->normalize($b));
    echo substr('<=>', $sign + 1, 1), "\\n";
  } catch (UnexpectedValueException $error) {
    echo "!\\n";
  }
}
"""
_PHP_SATISFIES = """
require '%s';
while (($line = fgets(STDIN)) !== false) {
  list($range, $version) = json_decode($line);
  try {
    echo Composer\\Semver\\Semver::satisfies($version, $range) ? "=\\n" : "<\\n";
  } catch (UnexpectedValueException $error) {
    echo "!\\n";
  }
}
"""
_JAVA = """
import java.io.*;
import org.apache.maven.artifact.versioning.ComparableVersion;

public class Compare {
  public static void main(String[] arguments) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] pair = line.split("\\t");
      int sign = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
      System.out.println(sign < 0 ? "<" : sign > 0 ? ">" : "=");
    }
  }
}
"""


def _asked(command: Sequence[str], text: str) -> list[str]:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.split("\n")[:-1]


def _needs(program: str, *files: str) -> None:
    if shutil.which(program) is None or not all(Path(file).exists() for file in files):
        pytest.skip(f"{' and '.join((program, *files))} cannot be had here")


def _lines(pairs: Pairs) -> str:
    return "".join(json.dumps(pair) + "\n" for pair in pairs)


def dpkg(pairs: Pairs) -> list[str]:
    _needs("dpkg")
    script = """
    while read -r a b; do
      if dpkg --compare-versions "$a" lt "$b" 2>/dev/null; then echo "<"
      elif dpkg --compare-versions "$a" eq "$b" 2>/dev/null; then echo "="
      elif dpkg --compare-versions "$a" gt "$b" 2>/dev/null; then echo ">"
      else echo "!"; fi
    done
    """
    return _asked(["sh", "-c", script], "".join(f"{a} {b}\n" for a, b in pairs))


def rpm(pairs: Pairs) -> list[str]:
    """By way of its Lua: ``rpm.vercmp`` compares whole EVRs since 4.16."""
    _needs("rpm")
    script = (
        "for line in io.lines() do local a, b = line:match('(.*)\\t(.*)') "
        "print(rpm.vercmp(a, b), ' ') end"
    )
    text = "".join(f"{a}\t{b}\n" for a, b in pairs)
    signs = " ".join(_asked(["rpm", "--eval", f"%{{lua: {script}}}"], text)).split()
    return [{"-1": "<", "0": "=", "1": ">"}[each] for each in signs]


def ruby(pairs: Pairs) -> list[str]:
    _needs("ruby")
    return _asked(["ruby", "-e", _RUBY], _lines(pairs))


def ruby_satisfies(pairs: Pairs) -> list[str]:
    _needs("ruby")
    return _asked(["ruby", "-e", _RUBY_SATISFIES], _lines(pairs))


def composer(pairs: Pairs) -> list[str]:
    _needs("php", _COMPOSER)
    return _asked(["php", "-r", _PHP % _COMPOSER], _lines(pairs))


def composer_satisfies(pairs: Pairs) -> list[str]:
    _needs("php", _COMPOSER)
    return _asked(["php", "-r", _PHP_SATISFIES % _COMPOSER], _lines(pairs))


def maven(pairs: Pairs, folder: Path) -> list[str]:
    _needs("java", *_MAVEN)
    source = folder / "Compare.java"
    source.write_text(_JAVA, encoding="utf-8")
    command = ["java", "-cp", ":".join(_MAVEN), str(source)]
    return _asked(command, "".join(f"{a}\t{b}\n" for a, b in pairs))


_NODE = """
const semver = require("semver");
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n")) {
  const [range, version] = JSON.parse(line);
  const valid = semver.validRange(range) !== null;
  const all = semver.satisfies(version, range, { includePrerelease: true });
  console.log(valid ? (all ? "=" : "<") + (semver.satisfies(version, range) ? "=" : "<") : "!");
}
"""


def npm_satisfies(pairs: Pairs) -> list[str]:
    """``==``, ``=<`` or ``<<``: with all pre-releases let in, and without."""
    _needs("node")
    beside = Path(shutil.which("node") or "").resolve().parent.parent
    for folder in (beside / "lib/node_modules/npm/node_modules", Path("/usr/share/nodejs")):
        if (folder / "semver").is_dir():
            script = f"module.paths.push({json.dumps(str(folder))});{_NODE}"
            return _asked(["node", "-e", script], _lines(pairs))
    pytest.skip("node has no semver beside it")
