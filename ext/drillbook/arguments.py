"""What commands are told, as argparse reads it. Standard library only, so that every floor above may use it."""

import argparse
from collections.abc import Callable

MOST = 1e6  # more of anything is a mistake


def positive(of: str, most: float = MOST) -> Callable[[str], float]:
    """Reads a number above zero and below *most*; a message names *of* what, such as ``days``."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0
        if not 0 < number < most:
            raise argparse.ArgumentTypeError(f"a number of {of} above 0, not {text!r}")
        return number

    return read


def port(text: str) -> int:
    """Reads the number of a port; 0 is any that is free."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port from 0 to 65535, not {text!r}")
    return int(text)
