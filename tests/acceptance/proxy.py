"""A real nginx with `deploy/nginx.conf` before a service: only ports, places and what a test cannot wait for differ."""

from __future__ import annotations

import getpass
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.tree import ROOT

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
NAME = "backtests.example.org"
STREAMS = 6
"""Requests at once of one address, instead of 100."""
PATIENCE_S = 30.0
AROUND = """\
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/tapehead.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs: its address, and what to trust it by."""

    url: str
    port: int
    trust: ssl.SSLContext
    certificate: Path
    folder: Path


def find_nginx() -> str:
    """Return the path of nginx, or skip where there is none."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("needs a server: nginx (apt-get install nginx-light)")
    return found


def certify(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate that it signs itself; return the places of certificate and key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs a server's certificate: openssl (apt-get install openssl)")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = f"subjectAltName=DNS:{NAME},IP:127.0.0.1"
    asked = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
    places = ["-subj", f"/CN={NAME}", "-addext", names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([program, *asked, *places], check=True, capture_output=True)
    return certificate, key


def templated(service: str, port: int, plain: int, certificate: Path, key: Path, folder: Path) -> str:
    """Return our configuration for these ports and places; what is replaced must be there."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new, times in (
        ("server 127.0.0.1:8750;", f"server {service};", 1),
        ("    listen [::]:443 ssl http2;\n", "", 1),
        ("    listen [::]:80;\n", "", 1),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;", 1),
        ("listen 80;", f"listen 127.0.0.1:{plain};", 1),
        ("/etc/ssl/tapehead/fullchain.pem", str(certificate), 1),
        ("/etc/ssl/tapehead/key.pem", str(key), 1),
        ("/var/log/nginx/tapehead.log", f"{folder}/access.log", 1),
        ("limit_conn tapehead_address 100;", f"limit_conn tapehead_address {STREAMS};", 1),
        ("client_header_timeout 20s;", "client_header_timeout 1s;", 1),
    ):
        assert text.count(old) == times, old
        text = text.replace(old, new)
    return text


@contextmanager
def proxied(folder: Path, service: str) -> Iterator[Proxy]:
    """Run nginx before the service at `host:port`; ends it at the end."""
    program = find_nginx()
    folder.mkdir(parents=True)
    certificate, key = certify(folder)
    port, plain = _free_ports()
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(user=getpass.getuser(), folder=folder), encoding="utf-8")
    ours = templated(service, port, plain, certificate, key, folder)
    (folder / "tapehead.conf").write_text(ours, encoding="utf-8")
    said = (folder / "said.txt").open("w", encoding="utf-8")
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(configuration)], stdout=said, stderr=said)
    try:
        _wait_until_it_listens(process, port, folder)
        trust = ssl.create_default_context(cafile=str(certificate))
        yield Proxy(f"https://127.0.0.1:{port}", port, trust, certificate, folder)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        said.close()


def _free_ports() -> tuple[int, int]:
    """Return two ports that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Return once nginx takes connections; fail with what it said where it does not."""
    end = time.monotonic() + PATIENCE_S
    while True:
        ended = process.poll()
        assert ended is None, f"nginx ended with {ended}: {(folder / 'said.txt').read_text(encoding='utf-8')}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, "nginx does not listen"
            time.sleep(0.01)
        else:
            return
