"""The command of the weather station."""

import argparse


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = argparse.ArgumentParser(
        description="Operate the weather station.",
        epilog="Exit status:\n  0  done\n  1  the sensor\n     does not answer\n\nCall it as `%(prog)s --help`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--port", "-p", type=int, default=8080, metavar="PORT", help="port to use (%(default)s)")
    made.add_argument("--api-key", default="hunter2-key", help="key of the service; with --port")
    made.add_argument("--secret-plan", help=argparse.SUPPRESS)
    commands = made.add_subparsers()
    read = commands.add_parser("read", help="take one reading")
    read.add_argument("sensor", choices=["roof", "ground"], help="which sensor")
    return made
