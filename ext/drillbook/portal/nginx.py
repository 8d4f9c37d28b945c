"""What makes an nginx serve the folder as our own application does."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from drillbook.portal.feedback.answer import MAX_BYTES
from drillbook.portal.headers import CHECKED, HASHED, HASHED_FOLDER, HASHED_QUERY
from drillbook.portal.headers import FILE as HEADERS
from drillbook.portal.look import NOT_FOUND
from drillbook.portal.missing import in_language
from drillbook.portal.packed import TYPES
from drillbook.portal.release import MANIFEST

FILE: Final = "nginx.conf"
INCLUDED: Final = "nginx-headers.conf"
UNSERVED: Final = (FILE, INCLUDED, HEADERS, MANIFEST)  # for who serves the folder, and for no reader
LISTEN: Final = "8080"
APPLICATION: Final = "http://127.0.0.1:8000"
_CONF: Final = """\
# Made by `drillbook publish`. Include it in the http block of nginx.conf, after mime.types:
#     include {root}/nginx.conf;
# Change what is yours in a copy: listen, server_name, where the feedback goes.
# Reload nginx when a publication says so: what it includes below has the policy for the pages that are there now.
map $args $drillbook_cache_query {{
    default "{checked}";
    "~(^|&){query}" "{hashed}";
}}
map $request_uri $drillbook_cache_address {{
    default $drillbook_cache_query;
    "~^/{folder}" "{hashed}";
}}
map $uri $drillbook_place {{
    default "";
    "~^/(?<drillbook_folder>[^/]+/[^/]+)(/|$)" $drillbook_folder;
}}
map $drillbook_place $drillbook_missing {{
    default "/{not_found}";
{missing}
}}
map $status $drillbook_cache {{
    default "{checked}";
    "~^2|304" $drillbook_cache_address;
}}
map $http_accept_encoding $drillbook_br {{
    default ".none";
    "~*(^|[ ,])br(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))([ ,;]|$)" ".br";
}}
map $uri $drillbook_encoding {{
    default "";
    "~\\.br$" "br";
}}
server {{
    listen {listen};
    server_name _;
    root "{root}";
    index index.html;
    charset utf-8;
    charset_types text/css text/javascript application/javascript application/json text/xml text/plain image/svg+xml;
    etag on;
    gzip_static on;
    server_tokens off;
    absolute_redirect off;
    error_page 404 $drillbook_missing;

    add_header Cache-Control $drillbook_cache always;
    add_header Content-Encoding $drillbook_encoding always;
    add_header Vary Accept-Encoding always;
    include "{root}/{included}";

    location / {{
        # nginx has no module for brotli by itself: what has a copy is answered from there
        if (-f $request_filename$drillbook_br) {{ rewrite ^(.*)$ /-br$1.br last; }}
    }}
{packed}
    location ~ \\.(br|gz)$ {{ return 404; }}
{unserved}
    location ^~ /-/ {{
        access_log off;  # it would have the addresses of those who answer
        client_max_body_size {most};  # what is a little too large the application refuses, in words
        client_body_buffer_size {most};  # nothing of it on the disk
        add_header Content-Security-Policy "" always;  # with one of its own, a location has none of the server's
        proxy_pass {application};
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
    }}
}}
"""


def nginx_conf(root: Path, folders: Mapping[str, Sequence[str]]) -> str:
    """The configuration for the published folder *root*, which is ``current`` of a site.

    Args:
        folders: the languages, each with the folders of versions that have it, and so a page for what is not there.
    """
    packed = "".join(
        f"    location ~ ^/-br(?<drillbook_file_{at}>/.*\\.{ending}\\.br)$ {{ internal; types {{ }} default_type {kind}; "
        f'alias "{root}$drillbook_file_{at}"; gzip_static off; }}\n'
        for at, (ending, kind) in enumerate(TYPES.items())
    )
    return _CONF.format(
        root=root,
        listen=LISTEN,
        application=APPLICATION,
        checked=CHECKED,
        hashed=HASHED,
        folder=HASHED_FOLDER,
        query=HASHED_QUERY,
        included=INCLUDED,
        packed=packed,
        unserved="\n".join(f"    location = /{name} {{ return 404; }}" for name in UNSERVED),
        most=2 * MAX_BYTES,
        not_found=NOT_FOUND,
        missing="\n".join(
            f'    "~^({"|".join(map(re.escape, names))})/{language}$" "/$drillbook_place/{NOT_FOUND}";\n'
            f'    "~/{language}$" "/{in_language(language)}";'
            for language, names in folders.items()
        ),
    )


def nginx_headers(headers: Mapping[str, str]) -> str:
    """What it includes: the headers that every answer carries, which change when the pages do."""
    return "".join(f'add_header {name} "{value}" always;\n' for name, value in headers.items())
