"""The PDF against xelatex, on the same pages: time and size. Where there is no xelatex, ours alone."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench import synthetic

SIZES: Final = (50, 500, 2000)
TEX: Final = "latex_engine = 'xelatex'\n"


def measure(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Of manuals of *sizes* pages: seconds with warm doctrees, MB, and sheets."""
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            source = Path(folder) / str(size)
            synthetic.write(source, size, search=False)
            with (source / "conf.py").open("a") as conf:
                conf.write(TEX)
            report[str(size)] = {"typst": _built(source, "typst")}
            if shutil.which("xelatex") and shutil.which("latexmk"):
                report[str(size)]["xelatex"] = _built(source, "latex")
            for name, one in report[str(size)].items():
                print(f"PDF, {size:4} pages, {name}: {one['seconds']} s, {one['mb']} MB", flush=True)
    if not shutil.which("xelatex"):
        print("PDF: there is no xelatex here to compare with", flush=True)
    return report


def _built(source: Path, builder: str) -> dict[str, Any]:
    output = source / builder
    command = [sys.executable, "-m", "sphinx", "-q", "-b", builder, "-d", source / "doctrees", source, output]
    subprocess.run([*command[:-1], source / "warm"], check=True)  # reads all pages
    begin = time.monotonic()
    subprocess.run(command, check=True)
    if builder == "latex":
        subprocess.run(["make", "-s", "-C", output], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    [pdf] = output.glob("*.pdf")
    return {"seconds": round(seconds, 1), "mb": round(pdf.stat().st_size / 1e6, 2)}
