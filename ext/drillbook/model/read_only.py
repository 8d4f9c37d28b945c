"""Whether a command only looks: checks of a tree must change nothing, because anyone may run them at any time.

The list is short on purpose. What is not in it is refused until conf.py names it (``drillbook_read_only``).
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from itertools import dropwhile, pairwise
from typing import Final

_SQL_LOOKS = re.compile(
    r"\s*(select|show|explain(?!\s*\(?\s*analyze)|values|table|\\d\S*|\\l\S*|\\conninfo)\b", re.IGNORECASE
)
_SQL_CHANGES = re.compile(
    r"\b(insert|update|delete|drop|alter|create|truncate|grant|revoke|vacuum|reindex|cluster|lock|call|do|copy|into"
    r"|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|setval|nextval|pg_advisory\w*|lo_\w+|set_config|pg_\w*write\w*)\b",
    re.IGNORECASE,
)
# Programs that change nothing whatever their arguments are, but for the arguments named here.
_HARMLESS: Final = """
awk basename cat cmp column cut date df diff dirname du echo env false file find free getent grep head hostname id iostat
jq last ls lscpu lsof md5sum mpstat nproc nslookup pg_isready pgrep pidstat ping printf ps pwd readlink realpath sed
sha256sum sort ss stat tail test tr true uname uniq uptime vmstat wc who xxd
"""
_LOOKS: Final[dict[str, str]] = {
    **dict.fromkeys(_HARMLESS.split(), ""),
    "awk": r"(?s)-i.*|-f.*|.*(?:system\s*\(|>|\|\s*\"|getline).*",
    "date": r"-s|--set",
    "env": r".+",
    "find": r"-delete|-exec|-execdir|-ok|-okdir|-fprint.*|-fls",
    "hostname": r"[^-].*|-F.*|--file.*",
    "sed": r"-i.*|--in-place.*|.*\bw\b.*|.*/e\b.*|e\b.*",
    "sort": r"-o.*|--output.*",
    "tail": r"-f|-F|--follow.*",
    "curl": r"-[a-zA-Z]*[XdFToOKc].*|--(?:request|data|form|upload-file|output|remote|json|config|cookie-jar|quote).*",
    "journalctl": r"-f|--follow|--vacuum.*|--rotate|--flush|--sync|--relinquish.*",
    "ip": r"add|del|delete|set|flush|change|replace|append",
    "top": r"(?!-b)[^-].*",
}
# Programs whose first words say what they do.
_SUBCOMMANDS: Final[dict[str, str]] = {
    "docker": "ps|logs|inspect|stats|top|images|version|info",
    "git": "status|log|show|diff|rev-parse|describe|ls-files",
    "kubectl": "get|describe|logs|top|version|explain|cluster-info",
    "promtool": "check|query",
    "amtool": "alert|check-config|config show|silence query",
    "redis-cli": "ping|info|llen|lrange|get|mget|ttl|pttl|type|exists|keys|scan|zcard|zrange|zcount|zscore|hget|hgetall|hlen"
    "|scard|smembers|strlen|dbsize|memory usage|memory stats|client list|config get|slowlog get|slowlog len|lastsave|role|time|xlen",
    "supervisorctl": "status|pid|avail|version|tail",
    "systemctl": "status|is-active|is-enabled|is-failed|list-units|list-timers|show|cat",
    "ufw": "status",
    "nginx": "-t|-T|-v|-V",
}
_VALUED = re.compile(
    r"-[hpnUcuas]|-[hp]\S+|--(?!\w+=)(?:host|port|user|url|config|configuration|namespace|context|serverurl)"
)
_OPERATORS: Final = frozenset({"|", "||", "&&", ";", "(", ")", "\n"})
_SILENT_REDIRECTIONS = re.compile(r"\d?>\s*/dev/null|\d>&\d|&>\s*/dev/null|--output\s+/dev/null|-o\s*/dev/null")


def why_not_read_only(command: str, allowed: Iterable[str] = ()) -> str | None:
    """Why *command* is not known to change nothing; ``None`` when it is.

    *allowed* are further commands, word for word; ``...`` as the last word lets any arguments follow.
    """
    known = [shlex.split(words) for words in allowed]
    text = _SILENT_REDIRECTIONS.sub(" ", command.replace("\\\n", " "))
    inner = re.findall(r"\$\(([^()]*)\)", text)
    text = re.sub(r"\$\([^()]*\)", "value", text)
    if "$(" in text or "`" in text or "<(" in text or ">(" in text:
        return "commands inside commands cannot be judged"
    for part in (*inner, text):
        if why := _why_not(part, known):
            return why
    return None


def _why_not(text: str, known: Sequence[Sequence[str]]) -> str | None:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        tokens = list(lexer)
    except ValueError as error:  # an open quotation mark
        return f"it cannot be read: {error}"
    words: list[str] = []
    for word in (*tokens, ";"):
        if word in _OPERATORS:
            if words and (why := _why_not_simple(words, known)):
                return why
            words = []
        elif set(word) <= set("();<>|&\n"):
            if word != "<":
                return f"{word!r} writes a file or runs something in the background"
        else:
            words.append(word)
    return None


def _is_known(words: Sequence[str], command: Sequence[str]) -> bool:
    if command[-1:] == ["..."]:
        return list(words[: len(command) - 1]) == list(command[:-1]) != []
    return list(words) == list(command)


def _why_not_simple(words: list[str], known: Sequence[Sequence[str]]) -> str | None:
    while words and re.fullmatch(r"\w+=.*", words[0]):
        words = words[1:]
    words = _without_time_limit(words)
    if not words or any(_is_known(words, command) for command in known):
        return None
    program, arguments = words[0].rpartition("/")[2], words[1:]
    if words[0].startswith("./"):
        program = words[0]
    if program in ("psql", "pgcli"):
        return _why_not_sql(arguments)
    if program in _SUBCOMMANDS:
        said = " ".join(_positional(arguments)).lower()
        if program == "nginx":
            said = " ".join(arguments)
        if re.match(rf"(?:{_SUBCOMMANDS[program]})(?:\s|$)", said):
            return None
        return f"{program} {said or '(interactive)'} is not known to change nothing"
    if program not in _LOOKS:
        return f"{program} is not known to change nothing"
    forbidden = _LOOKS[program]
    bad = next((word for word in arguments if forbidden and re.fullmatch(forbidden, word)), None)
    return None if bad is None else f"{program} {bad} may change something"


def _without_time_limit(words: list[str]) -> list[str]:
    """What ``timeout`` runs. Its options that take a value are understood with ``=`` only; else the rest is refused."""
    if words[:1] != ["timeout"]:
        return words
    rest = list(dropwhile(re.compile(r"-[\w=-]+").fullmatch, words[1:]))
    return rest[1:] if rest and re.fullmatch(r"[\d.]+[smhd]?", rest[0]) else words


def _positional(arguments: Sequence[str]) -> list[str]:
    """What is left when options, and the values of those that are known to take one, are taken out."""
    rest, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = bool(_VALUED.fullmatch(word)) and not re.fullmatch(r"-[hp]\S+", word)
        else:
            rest.append(word)
    return rest


def _why_not_sql(arguments: Sequence[str]) -> str | None:
    queries = [after for before, after in pairwise(arguments) if re.fullmatch(r"-\w*c|--command", before)]
    queries += [word.partition("=")[2] for word in arguments if word.startswith("--command=")]
    if any(re.fullmatch(r"-\w*[fo]|--file.*|--output.*", word) for word in arguments):
        return "psql with a file cannot be judged: give the query with -c"
    if not queries and not any(word in ("-l", "--list") for word in arguments):
        return "psql without -c cannot be judged"
    for query in queries:
        for statement in filter(str.strip, query.split(";")):
            if not _SQL_LOOKS.match(statement) or _SQL_CHANGES.search(re.sub(r"'[^']*'", "''", statement)):
                return f"the SQL {statement.strip()!r} is not known to change nothing"
    return None
