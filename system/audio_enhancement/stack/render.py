"""What the servers of a stack read: their configuration files, and the environment files of processes and people."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from string import Template

from audio_enhancement.rundir import RunDir, write_atomically
from audio_enhancement.settings import MonitoringSettings
from audio_enhancement.stack.packages import Program

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"
"""Alert rules, and the templates of Prometheus' and Alertmanager's configuration."""
RULES = MONITORING / "rules"
"""The alert rules of this release."""

_ENV_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
# Above this nginx itself refuses; below it the gateway answers for its limit, with a problem document. It is the upper
# end of `api.max_upload_mb`, and a little more for what surrounds the body.
_LARGEST_BODY_MB = 512


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Write an environment file that only its owner can read.

    Values stand in single quotes, which a shell and pydantic-settings both read literally.
    """
    for name, value in values.items():
        if "'" in value or "\n" in value or "\\" in value:
            raise ValueError(f"{name}: a value in {path.name} cannot hold quotes, backslashes or line breaks")
    write_atomically(path, "".join(f"{name}='{value}'\n" for name, value in values.items()), mode=0o600)


def read_env(path: Path) -> dict[str, str]:
    """Read an environment file; empty when there is none."""
    if not path.exists():
        return {}
    lines = (_ENV_LINE.fullmatch(line) for line in path.read_text().splitlines())
    return {line[1]: "".join(shlex.split(line[2], comments=True)) for line in lines if line}


def wrappers(run: RunDir, programs: Mapping[str, Program]) -> dict[str, str]:
    """Write ``bin/<program>`` for each of the servers' programs; returns the paths."""
    return {name: wrapper(run, name, program) for name, program in programs.items()}


def wrapper(run: RunDir, name: str, program: Program | str, *arguments: str) -> str:
    """Write ``bin/<name>``: starts a program, with the libraries that came with it and these arguments first."""
    path, library_path = program if isinstance(program, Program) else (program, "")
    libraries = (
        f'LD_LIBRARY_PATH={shlex.quote(library_path)}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"\n'
        "export LD_LIBRARY_PATH\n"
    )
    script = f'#!/bin/sh\n{libraries if library_path else ""}exec {shlex.join([str(path), *arguments])} "$@"\n'
    target = run.root / "bin" / name
    write_atomically(target, script, mode=0o755)
    return str(target)


def redis(run: RunDir, port: int, password: str, maxmemory_mb: int) -> None:
    """Write ``redis.conf``. Nothing is ever evicted: what is in the queue must stay in the queue."""
    text = f"""\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{run.data / "redis"}"
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory {maxmemory_mb}mb
maxmemory-policy noeviction
"""
    write_atomically(run.etc / "redis" / "redis.conf", text, mode=0o600)


def nginx(run: RunDir, port: int) -> None:
    """Write ``nginx.conf``, and a first ``upstream.conf`` where no deployment has written one.

    Connections to the gateway are not kept, so none can be closed by it while a request is on its way.
    """
    scratch = run.tmp / "nginx"
    paths = "\n".join(
        f'    {kind}_temp_path "{scratch / kind}";' for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    scratch.mkdir(parents=True, exist_ok=True)
    text = f"""\
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
pid "{run.tmp / "nginx.pid"}";
error_log stderr;
worker_processes 2;
worker_shutdown_timeout 120s;
events {{
    worker_connections 1024;
}}
http {{
{paths}
    log_format served '$time_iso8601 $remote_addr "$request" $status $body_bytes_sent ${{request_time}}s '
                      '$upstream_http_x_served_by $request_id';
    access_log /dev/stdout served;
    server_tokens off;
    client_max_body_size {_LARGEST_BODY_MB}m;
    include "{run.upstream_conf}";
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://audio_enhancement_api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Request-Id $request_id;
            proxy_connect_timeout 2s;
            proxy_read_timeout 70s;
        }}
    }}
}}
"""
    write_atomically(run.nginx_conf, text)
    if not run.upstream_conf.exists():
        # Port 9 (discard) is closed: until the first deployment nginx answers 502.
        write_atomically(run.upstream_conf, "upstream audio_enhancement_api {\n    server 127.0.0.1:9;\n}\n")


def monitoring(run: RunDir, ports: Mapping[str, int], settings: MonitoringSettings, rules: Path = RULES) -> None:
    """Write the configuration of Prometheus and Alertmanager, and copy the alert rules byte for byte."""
    values = {
        "alertmanager": f"127.0.0.1:{ports['alertmanager']}",
        "prometheus": f"127.0.0.1:{ports['prometheus']}",
        "scrape_interval": f"{settings.scrape_interval_s}s",
        "scrape_timeout": f"{min(settings.scrape_interval_s, 10)}s",
        "runbook_base_url": settings.runbook_base_url.rstrip("/"),
        "receiver": "webhook" if settings.webhook_url else "shown",
        "webhook_url": settings.webhook_url or "http://127.0.0.1:9/",
    }
    for source, target in (
        ("prometheus.yml", run.prometheus / "prometheus.yml"),
        ("alertmanager.yml", run.etc / "alertmanager" / "alertmanager.yml"),
    ):
        template = Template((MONITORING / source).read_text())
        write_atomically(target, template.substitute(values))
    folder = run.prometheus / "rules"
    wanted = {path.name: path.read_text() for path in rules.glob("*.yml")}
    for name, text in wanted.items():
        write_atomically(folder / name, text)
    for stale in folder.glob("*.yml"):
        if stale.name not in wanted:
            stale.unlink()
    run.targets.mkdir(parents=True, exist_ok=True)
