"""Java, languages that are kept whole, and servers that their configuration tells what to open."""

import io
import zipfile

import pytest

from seawall.images.closure.server_files import directives
from tests.images.closure.elves import elf
from tests.images.closure.trees import LOADER, Content, closed

BINARY = elf(interpreter=f"/{LOADER}")
JVM = "usr/lib/jvm/java-17"


def jar(manifest: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return stream.getvalue()


def test_java() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/java": f"-> /{JVM}/bin/java", f"{JVM}/bin/java": BINARY,
        f"{JVM}/lib/modules": "x", f"{JVM}/lib/libjvm.so": elf(["libz.so"]),
        "usr/lib/libz.so": elf(), f"{JVM}/conf/net.properties": "-> /etc/java-17/net.properties",
        "etc/java-17/net.properties": "x", f"{JVM}/man/java.1": "x", f"{JVM}/jmods/a.jmod": "x",
        "opt/app/a.jar": jar("Manifest-Version: 1.0\nClass-Path: lib/b.jar http://x/c.jar\n"),
        "opt/app/lib/b.jar": jar("Class-Path: d.jar ../a.jar\n"), "opt/app/lib/d.jar": jar(""),
        "opt/app/lib/unused.jar": jar(""), "opt/agent.jar": jar(""),
        "opt/cp/c.jar": "broken",
    }  # fmt: skip
    found = closed(files, "java", "-Xmx1g", "-javaagent:/opt/agent.jar=x", "-jar", "/opt/app/a.jar")
    assert {
        "usr/bin/java", f"{JVM}/lib/modules", "usr/lib/libz.so", "etc/java-17/net.properties",
        f"{JVM}/conf/net.properties", "opt/app/a.jar", "opt/app/lib/b.jar", "opt/app/lib/d.jar",
        "opt/agent.jar",
    } <= found.paths  # fmt: skip
    assert not {f"{JVM}/man/java.1", f"{JVM}/jmods/a.jmod", "opt/app/lib/unused.jar"} & found.paths
    assert not found.warnings
    found = closed(files, "java", "-cp", "/opt/cp/*:/none.jar", "Main", environment={
        "CLASSPATH": "/opt/cp/c.jar"})  # fmt: skip
    assert "opt/cp/c.jar" in found.paths
    assert any("/none.jar" in text for text in found.warnings)
    assert any("c.jar" in text and "not known" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("program", "library"),
    [
        ("perl", "usr/share/perl5/X.pm"),
        ("perl5.36", "usr/lib/x86_64-linux-gnu/perl-base/strict.pm"),
        ("ruby3.1", "usr/lib/ruby/3.1.0/set.rb"),
        ("php8.2", "etc/php/8.2/cli/php.ini"),
    ],
)
def test_languages_that_are_kept_whole(program: str, library: str) -> None:
    files: dict[str, Content] = {
        LOADER: elf(), f"usr/bin/{program}": BINARY, library: "x", "srv/a/x": "x",
    }  # fmt: skip
    found = closed(files, program, "/srv/a/x")
    assert {library, "srv/a/x"} <= found.paths
    assert any("kept whole" in text for text in found.warnings)


NGINX = """
user www-data;  # not "quoted
load_module modules/mod_x.so;
pid /run/nginx.pid;
events { worker_connections 10; }
http {
  include mime.types;  include /etc/nginx/conf.d/*.conf;
  log_format main '$remote_addr "{$x}"';
  access_log /var/log/nginx/access.log main;
  client_body_temp_path /var/cache/nginx/body 1 2;
}
"""


def test_nginx() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/sbin/nginx": BINARY, "etc/nginx/nginx.conf": NGINX,
        "etc/nginx/mime.types": "types { text/html html; }", "etc/nginx/unused.conf": "",
        "etc/nginx/conf.d/site.conf":
            "server { root /srv/www; ssl_certificate /etc/tls/a.pem; ssl_dhparam none.pem;"
            " location / { alias /srv/$host/x; } }",
        "etc/nginx/modules": "-> /usr/lib/nginx/modules",
        "usr/lib/nginx/modules/mod_x.so": elf(["libx.so"]), "usr/lib/libx.so": elf(),
        "srv/www/index.html": "x", "etc/tls/a.pem": "x", "var/log/nginx": None, "run": None,
        "var/cache/nginx": None, "var/cache/other": None,
    }  # fmt: skip
    found = closed(files, "nginx", "-g", "daemon off;")
    unwanted = {"etc/nginx/unused.conf", "var/cache/other"}
    assert set(files) - unwanted <= found.paths
    assert not unwanted & found.paths
    assert [text for text in found.warnings if "none.pem" in text]


def test_directives() -> None:
    text = "a b 'c d' \"e;f\"; # x;\ng { h ${i}j; }\nk $l"
    assert list(directives(text)) == [["a", "b", "c d", "e;f"], ["g"], ["h", "${i}j"], ["k", "$l"]]
    for odd in ("'", '"', "{{{", "}", "\\", "a '" * 5000, '"\\'):
        list(directives(odd))


def test_redis() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/redis-server": BINARY,
        "etc/redis/redis.conf": 'include /etc/redis/more.conf\n# loadmodule /no.so\ndir /data\n'
        'logfile ""\nloadmodule /gone.so\n',
        "etc/redis/more.conf": "loadmodule /opt/m.so x\ninclude /etc/redis/redis.conf\n",
        "opt/m.so": elf(["libm.so"]), "usr/lib/libm.so": elf(), "data": None, "no.so": elf(),
    }  # fmt: skip
    found = closed(files, "redis-server", "/etc/redis/redis.conf")
    assert set(files) - {"no.so"} <= found.paths
    assert "no.so" not in found.paths
    assert any("/gone.so" in text for text in found.warnings)


def test_arguments_and_applications() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "opt/server/bin/run": BINARY, "etc/x/a.toml": "x", "etc/x/b.toml": "x",
        "srv/pages/a/b.html": "x", "srv/shop/data": "x", "usr/share/app/c": "x",
    }  # fmt: skip
    found = closed(
        files, "/opt/server/bin/run", "--config=/etc/x/a.toml", "/srv/pages", "--all=/usr",
        directory="/srv/shop",
    )  # fmt: skip
    assert {"etc/x/a.toml", "srv/pages/a/b.html", "srv/shop/data"} <= found.paths
    assert not {"etc/x/b.toml", "usr/share/app/c"} & found.paths


def test_companions() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/git": BINARY, "usr/lib/git-core/git-x": elf(["libx.so"]),
        "usr/lib/libx.so": elf(),
    }  # fmt: skip
    assert {"usr/lib/git-core/git-x", "usr/lib/libx.so"} <= closed(files, "git", "log").paths


def test_what_the_configuration_of_a_server_names() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/sbin/lighttpd": elf(interpreter=f"/{LOADER}"),
        "etc/lighttpd/lighttpd.conf":
            'server.document-root = "/srv/page"\nserver.errorlog = "/var/log/lighttpd/error.log"\n'
            'ssl.pemfile = "/opt/web/server.pem"\n# "/opt/web/old.pem"\n',
        "etc/lighttpd/self": "-> .", "etc/lighttpd/nowhere": "-> nothing",
        "usr/lib/lighttpd/mod_access.so": elf(), "srv/page/index.html": "x",
        "srv/other/index.html": "x", "var/log/lighttpd": None, "opt/web/server.pem": "x",
        "opt/web/old.pem": "x",
    }  # fmt: skip
    found = closed(files, "lighttpd")
    assert {
        "usr/lib/lighttpd/mod_access.so", "srv/page/index.html", "opt/web/server.pem",
        "var/log/lighttpd",
    } <= found.paths  # fmt: skip
    assert not {"srv/other/index.html", "opt/web/old.pem"} & found.paths
    assert found.written == {"var/log/lighttpd": "named in /etc/lighttpd/lighttpd.conf"}


def test_a_configuration_that_runs_commands() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/sbin/lighttpd": elf(interpreter=f"/{LOADER}"), "bin/sh": elf(),
        "usr/bin/tool": elf(),
        "etc/lighttpd/lighttpd.conf": 'include_shell "tool x"\n# include_shell "tool y"\n',
    }  # fmt: skip
    found = closed(files, "lighttpd")
    assert {"bin/sh", "usr/bin/tool"} <= found.paths
    assert not found.shells.removable
