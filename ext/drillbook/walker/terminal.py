"""What the walker shows: plain lines, and a log with UTC times that is whole up to where a connection was lost."""

import textwrap
from datetime import UTC, datetime
from shutil import get_terminal_size
from typing import Final, NamedTuple, TextIO

from drillbook.model.console import Command

SHOWN_LINES: Final = 40  # of what a command printed; the log has as many


class Terminal(NamedTuple):
    """Prints; ``log`` gets what matters, line by line."""

    log_file: TextIO | None = None
    colour: bool = False

    def heading(self, text: str) -> None:
        """What a part of the walk is about."""
        print()
        self.say(f"\x1b[1m{text}\x1b[0m" if self.colour else text)
        self.log(text)

    def say(self, text: str, indent: str = "") -> None:
        """Text, in lines that fit; *indent* stands before all lines but the first."""
        width = max(40, min(get_terminal_size().columns, 100))
        for line in text.splitlines():
            print(textwrap.fill(line, width, subsequent_indent=indent, break_on_hyphens=False))

    def command(self, text: str, command: Command | None = None) -> None:
        """A command with its blanks filled, and what *command* says of its output."""
        print()
        print(textwrap.indent(f"$ {text}", "    "))
        if command and command.expected:
            print(textwrap.indent(f"expected:\n{command.expected.rstrip()}", "    ", lambda line: True))

    def query(self, text: str) -> None:
        """A query with its blanks filled."""
        print(f"\n    {text}")

    def output(self, ran: str, output: str) -> None:
        """What a command or a query gave."""
        lines = printable(output).splitlines()
        more = [f"... {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []
        shown = [*lines[:SHOWN_LINES], *more]
        print(textwrap.indent("got:\n" + "\n".join(shown), "    ", lambda line: True))
        self.log(f"ran: {ran}")
        for line in shown:
            self.log(f"    {line}")

    def status(self, status: int) -> None:
        """How a command ended."""
        print(f"    exit status {status}")
        self.log(f"exit status {status}")

    def log(self, text: str) -> None:
        """Into the log only."""
        if self.log_file:
            now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            self.log_file.write(f"{now} {text}\n")
            self.log_file.flush()


def printable(output: str) -> str:
    """What a command printed, without what would move the cursor or change the terminal."""
    return "".join(letter for letter in output if letter in "\n\t" or letter.isprintable())
